//! Sending money back (WeChat Pay v3 docs: refunds).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::sign::Signed;
use super::{at_most, check_out_refund_no, check_out_trade_no, in_path};
use crate::wechat::{Account, Error, Result, Wechat};

pub(super) const REFUNDS: &str = "/v3/refund/domestic/refunds";

/// Where the money of a refund comes from. Unsaid, WeChat Pay takes what is not settled yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FundsAccount {
    /// What is settled and can be drawn.
    Available,
    /// What is not settled yet.
    Unsettled,
}

/// Which payment is refunded.
#[derive(Clone, Debug)]
pub enum RefundOf {
    OutTradeNo(String),
    TransactionId(String),
}

/// A refund, whole or in part. After any failure repeat it unchanged under the same `out_refund_no`; a new number
/// could pay twice.
#[derive(Clone, Debug)]
pub struct Refund {
    pub of: RefundOf,
    /// Our number: up to 64 letters, digits, `_-|*@`.
    pub out_refund_no: String,
    pub refund_fen: i64,
    /// What the order was about, not what is left of it.
    pub total_fen: i64,
    /// Shown to the buyer; cut at 80 bytes.
    pub reason: Option<String>,
    pub notify_url: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundStatus {
    Success,
    /// It came to nothing; a new refund needs a new number.
    Closed,
    Processing,
    /// The buyer's card takes no money: needs a person.
    Abnormal,
    /// A state this version does not know.
    #[serde(other)]
    Unknown,
}

/// A refund as WeChat Pay sees it, in answers and notifications alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundState {
    /// WeChat's number.
    pub refund_id: String,
    pub out_refund_no: String,
    pub transaction_id: String,
    pub out_trade_no: String,
    /// Only in notifications.
    pub mchid: Option<String>,
    pub status: RefundStatus,
    pub refund_fen: i64,
    pub total_fen: i64,
    pub success_time: Option<DateTime<Utc>>,
    /// Where the money went, in words for the buyer.
    pub user_received_account: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    refund_id: String,
    out_refund_no: String,
    transaction_id: String,
    out_trade_no: String,
    mchid: Option<String>,
    /// Answers say `status`, notifications `refund_status`.
    #[serde(alias = "refund_status")]
    status: RefundStatus,
    success_time: Option<DateTime<Utc>>,
    user_received_account: Option<String>,
    amount: WireAmount,
}

#[derive(Deserialize)]
struct WireAmount {
    refund: i64,
    total: i64,
}

pub(super) fn read(json: &[u8]) -> Result<RefundState> {
    let wire: Wire = serde_json::from_slice(json).map_err(|_| Error::Malformed("a refund lacks a field"))?;
    Ok(RefundState {
        refund_id: wire.refund_id,
        out_refund_no: wire.out_refund_no,
        transaction_id: wire.transaction_id,
        out_trade_no: wire.out_trade_no,
        mchid: wire.mchid,
        status: wire.status,
        refund_fen: wire.amount.refund,
        total_fen: wire.amount.total,
        success_time: wire.success_time,
        user_received_account: wire.user_received_account,
    })
}

impl Wechat {
    /// Asks for a refund. The answer usually says `Processing`; the end comes by notification or query.
    /// `NOT_ENOUGH` means the merchant has to top up: repeat later under the same number.
    pub async fn refund(&self, account: &Account, refund: &Refund) -> Result<RefundState> {
        self.refund_from(account, refund, None).await
    }

    /// The same, taking the money from a certain account of the merchant. Which one is part of the parameters that a
    /// repetition must not change.
    pub async fn refund_from(
        &self,
        account: &Account,
        refund: &Refund,
        from: Option<FundsAccount>,
    ) -> Result<RefundState> {
        check_out_refund_no(&refund.out_refund_no)?;
        if refund.refund_fen < 1 || refund.refund_fen > refund.total_fen {
            return Err(Error::Invalid("a refund is at least one fen and at most the order's total"));
        }
        let mut body = json!({
            "out_refund_no": refund.out_refund_no,
            "notify_url": refund.notify_url,
            "amount": { "refund": refund.refund_fen, "total": refund.total_fen, "currency": "CNY" },
        });
        match &refund.of {
            RefundOf::OutTradeNo(number) => {
                check_out_trade_no(number)?;
                body["out_trade_no"] = json!(number);
            }
            RefundOf::TransactionId(id) => body["transaction_id"] = json!(id),
        }
        if let Some(reason) = &refund.reason {
            body["reason"] = json!(at_most(reason, 80));
        }
        if let Some(from) = from {
            body["funds_account"] = json!(from);
        }
        let body = body.to_string();
        let request = Signed { method: "POST", target: REFUNDS, body: &body };
        read(&self.pay_call(account, request).await?)
    }

    /// The truth about a refund; `None` if WeChat Pay has never taken it.
    pub async fn query_refund(&self, account: &Account, out_refund_no: &str) -> Result<Option<RefundState>> {
        check_out_refund_no(out_refund_no)?;
        let target = format!("{REFUNDS}/{}", in_path(out_refund_no));
        match self.pay_call(account, Signed { method: "GET", target: &target, body: "" }).await {
            Ok(answer) => read(&answer).map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
