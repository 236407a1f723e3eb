//! A payment as WeChat Pay sees it, in answers to queries and in notifications alike.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::wechat::{Account, Error, Result};

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TradeState {
    Success,
    /// Paid, and at least one refund exists, of whatever size and state.
    Refund,
    #[serde(rename = "NOTPAY")]
    NotPay,
    Closed,
    Revoked,
    #[serde(rename = "USERPAYING")]
    UserPaying,
    #[serde(rename = "PAYERROR")]
    PayError,
    /// A state this version does not know.
    #[serde(other)]
    Unknown,
}

impl TradeState {
    /// Whether the buyer's money arrived (some of it may have gone back since).
    pub fn is_paid(self) -> bool {
        matches!(self, TradeState::Success | TradeState::Refund)
    }
}

/// A payment. What is absent while unpaid is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    pub appid: String,
    pub mchid: String,
    /// Our number.
    pub out_trade_no: String,
    /// WeChat's number.
    pub transaction_id: Option<String>,
    pub trade_state: TradeState,
    /// What the order asks for, in fen.
    pub amount_fen: Option<i64>,
    /// `CNY`.
    pub currency: Option<String>,
    /// Who paid, within `appid`.
    pub openid: Option<String>,
    pub success_time: Option<DateTime<Utc>>,
    /// What the order call passed along.
    pub attach: Option<String>,
}

impl Transaction {
    /// Whether it belongs to this brand's app and merchant account. Several brands may share a merchant account, so
    /// the signature alone does not tell.
    pub fn belongs_to(&self, account: &Account) -> bool {
        self.appid == account.appid && self.mchid == account.mchid
    }
}

#[derive(Deserialize)]
struct Wire {
    appid: String,
    mchid: String,
    out_trade_no: String,
    transaction_id: Option<String>,
    trade_state: TradeState,
    success_time: Option<DateTime<Utc>>,
    attach: Option<String>,
    payer: Option<Payer>,
    amount: Option<Amount>,
}

#[derive(Deserialize)]
struct Payer {
    openid: Option<String>,
}

#[derive(Deserialize)]
struct Amount {
    total: Option<i64>,
    currency: Option<String>,
}

/// Reads the JSON of a query's answer or of an opened notification.
pub(super) fn read(json: &[u8]) -> Result<Transaction> {
    let wire: Wire = serde_json::from_slice(json).map_err(|_| Error::Malformed("a transaction lacks a field"))?;
    let (amount_fen, currency) = wire.amount.map_or((None, None), |amount| (amount.total, amount.currency));
    Ok(Transaction {
        appid: wire.appid,
        mchid: wire.mchid,
        out_trade_no: wire.out_trade_no,
        transaction_id: wire.transaction_id.filter(|id| !id.is_empty()),
        trade_state: wire.trade_state,
        amount_fen,
        currency,
        openid: wire.payer.and_then(|payer| payer.openid).filter(|openid| !openid.is_empty()),
        success_time: wire.success_time,
        attach: wire.attach,
    })
}
