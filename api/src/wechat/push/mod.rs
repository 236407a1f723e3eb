//! Message push: what WeChat tells us by calling our callback (WeChat docs: message push; subscribe-message,
//! media-check, privacy and trade-management events).
//!
//! Answer within five seconds with `success` and status 200; WeChat tries three more times otherwise, so the same
//! [`Push::identity`] may come in more than once.
mod body;
mod event;
mod open;
mod xml;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use open::{is_credible, open_push, verify_url};

use super::Suggest;

/// For the fuzz targets: what is read once a signature was found right.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn read_anything(account: &super::Account, raw: &[u8]) -> bool {
    body::parse(raw).is_ok_and(|message| event::read(account, &message).is_ok())
}

/// The query string of the callback. Plain mode uses `signature`, secure mode `msg_signature`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PushQuery {
    pub signature: String,
    pub timestamp: String,
    pub nonce: String,
    /// Only in the check of the URL when it is saved in the console.
    pub echostr: String,
    pub msg_signature: String,
}

/// One event, with what is needed to handle it once.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// The same in every repetition of the same event, and different otherwise.
    pub identity: String,
    /// WeChat's clock; absent if it sent no readable time.
    pub created_at: Option<DateTime<Utc>>,
    pub event: PushEvent,
}

/// What happened. Its serialised form is how it is stored until it is applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum PushEvent {
    /// The user answered a subscribe sheet: each accepted item is one grant, and this, not the client, is the proof.
    SubscribePopup { openid: String, items: Vec<SubscribeItem> },
    /// The user changed the choice in the settings; only ever to a refusal.
    SubscribeChange { openid: String, items: Vec<SubscribeItem> },
    /// A message sent earlier was delivered, or failed inside WeChat (`error_code` other than 0).
    SubscribeSent { openid: String, template_id: String, msgid: String, error_code: i64 },
    /// The answer to `check_media`. `suggest` is `None` when there is no verdict (`errcode` other than 0, such as
    /// -1008 for a picture that could not be fetched).
    MediaVerdict { trace_id: String, errcode: i64, suggest: Option<Suggest>, label: i32 },
    /// The user's nickname or avatar at WeChat was found unfit or changed: forget ours.
    UserInfoModified { openid: String },
    /// The user takes back the consent to one kind of data; `revoked` is WeChat's number for it (8 phone, 6 nickname
    /// and avatar, 14 pictures …).
    AuthorizationRevoke { openid: String, revoked: String },
    /// The user closed the WeChat account: delete or anonymise the person.
    AuthorizationCancellation { openid: String },
    /// A payment has waited for its parcel for 48 hours.
    ShippingReminder(TradeOrder),
    /// A payment's money: at shipping WeChat says when it expects to settle, at settlement that it has. Commissions
    /// and the factory's money hang on the second.
    Settlement { order: TradeOrder, moment: SettlementMoment },
    /// WeChat restricts the mini-program's payments: a person must look into the console.
    TradeControlled { msg: String },
    /// Any other `trade_manage_*`, as sent.
    TradeManage { kind: String, raw: Value },
    /// Anything else, by its event or message type.
    Other { kind: String },
}

/// Which payment a push of trade management is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradeOrder {
    /// WeChat Pay's number.
    pub transaction_id: String,
    pub mchid: String,
    /// Our `out_trade_no`.
    pub out_trade_no: String,
    pub paid_at: Option<DateTime<Utc>>,
}

/// The two moments WeChat tells of a payment's money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "moment", rename_all = "snake_case")]
pub enum SettlementMoment {
    /// It is shipped: the money settles at about `estimated_at` unless the buyer confirms earlier or complains.
    Shipped { shipped_at: DateTime<Utc>, estimated_at: Option<DateTime<Utc>> },
    /// The buyer (or time, if `automatic`) confirmed the receipt, and the money is settled.
    Settled { confirmed_at: Option<DateTime<Utc>>, automatic: bool, settled_at: DateTime<Utc> },
}

/// One template of a subscribe sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscribeItem {
    pub template_id: String,
    pub accepted: bool,
}
