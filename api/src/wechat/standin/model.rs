//! What outside drives the stand-in with, and what it shows of itself. All of it also travels as JSON.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::keys;
pub use super::switches::{BillTrick, CallbackFault, Chaos, Fault, FaultKind, ScriptedRefusal, Switches};
use crate::wechat::pay::{RefundStatus, TradeState, TransferState};
use crate::wechat::{Account, Suggest};

/// How the brand's console is set for message push.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushMode {
    Plain,
    Secure,
}

/// How the merchant's console is set for the keys WeChat Pay signs with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyMode {
    /// The WeChat Pay public key; there is no list of certificates.
    #[default]
    PublicKey,
    /// Platform certificates alone.
    Certificate,
    /// On the way from certificates to the public key: both sign by turns.
    Switching,
}

/// A mini-program and its merchant account, as WeChat would know them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StandinBrand {
    pub appid: String,
    pub app_secret: String,
    /// Where pushes go; without one, none are sent.
    pub push_url: Option<String>,
    pub push_token: String,
    /// 43 letters and digits; unused in plain mode.
    pub push_aes_key: String,
    pub push_mode: PushMode,
    pub mchid: String,
    pub merchant_serial: String,
    pub merchant_public_key_pem: String,
    /// 32 ASCII bytes.
    pub api_v3_key: String,
    #[serde(default)]
    pub key_mode: KeyMode,
    /// Template id to its keyword keys (`thing1`, `amount2` …).
    pub templates: BTreeMap<String, Vec<String>>,
}

impl StandinBrand {
    /// The other side of `account`: the same credentials, the public half of its key, no templates yet. `None` if
    /// the account's key cannot be read.
    pub fn of(account: &Account, push_url: Option<String>) -> Option<Self> {
        Some(Self {
            appid: account.appid.clone(),
            app_secret: account.app_secret.expose_secret().to_owned(),
            push_url,
            push_token: account.push_token.expose_secret().to_owned(),
            push_aes_key: account.push_aes_key.as_ref().map_or("", |key| key.expose_secret()).to_owned(),
            push_mode: if account.push_aes_key.is_some() { PushMode::Secure } else { PushMode::Plain },
            mchid: account.mchid.clone(),
            merchant_serial: account.merchant_serial.clone(),
            merchant_public_key_pem: keys::public_pem(account.merchant_key_pem.expose_secret())?,
            api_v3_key: account.api_v3_key.expose_secret().to_owned(),
            key_mode: match account.platform_key_id.starts_with("PUB_KEY_ID_") {
                true => KeyMode::PublicKey,
                false => KeyMode::Certificate,
            },
            templates: BTreeMap::new(),
        })
    }

    /// Adds a template with its keyword keys.
    pub fn with_template(mut self, id: &str, keywords: &[&str]) -> Self {
        self.templates.insert(id.to_owned(), keywords.iter().map(|&key| key.to_owned()).collect());
        self
    }
}

/// A subscribe message that reached a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentMessage {
    pub appid: String,
    pub openid: String,
    pub template_id: String,
    pub page: Option<String>,
    pub data: BTreeMap<String, String>,
    pub msgid: String,
}

/// The platform's books of one merchant account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    pub transactions: Vec<BookedTransaction>,
    pub refunds: Vec<BookedRefund>,
    pub transfers: Vec<BookedTransfer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedTransfer {
    pub out_bill_no: String,
    pub transfer_bill_no: String,
    pub state: TransferState,
    pub amount_fen: i64,
    pub openid: String,
}

/// Why the user's WeChat did not take a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransferFailure {
    #[error("no such package_info")]
    UnknownPackage,
    #[error("the transfer is for another user")]
    OtherUser,
    #[error("the transfer does not wait for the user any more")]
    NotWaiting,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedTransaction {
    pub appid: String,
    pub out_trade_no: String,
    /// Empty while unpaid.
    pub transaction_id: String,
    pub state: TradeState,
    pub amount_fen: i64,
    pub openid: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedRefund {
    pub out_trade_no: String,
    pub out_refund_no: String,
    pub refund_id: String,
    pub status: RefundStatus,
    pub amount_fen: i64,
}

/// Why the user's WeChat did not pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayFailure {
    #[error("no such prepay_id")]
    UnknownPrepay,
    #[error("the prepay_id is older than two hours")]
    PrepayExpired,
    #[error("the order has expired")]
    OrderExpired,
    #[error("paySign does not match")]
    BadSignature,
    #[error("the order belongs to another user")]
    OtherUser,
    #[error("the order is paid")]
    AlreadyPaid,
    #[error("the order is closed")]
    Closed,
}

/// Words and addresses that decide a content check.
#[derive(Clone, Debug)]
pub(super) struct Trigger {
    pub part: String,
    pub suggest: Suggest,
}

/// JSON field by name, as text; empty if absent.
pub(super) fn field<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
