//! Declaring a presale, whose goods come later than WeChat allows by itself.

use chrono::{DateTime, Duration, Utc};
use serde::de::IgnoredAny;
use serde_json::json;

use crate::wechat::http::WhenBusy;
use crate::wechat::{Account, Error, Result, Wechat};

const PRESALE: u8 = 1;
/// A promise has to be declared when it is further away than this from the payment.
const MORE_THAN: Duration = Duration::days(15);
const AT_MOST: Duration = Duration::days(330);

/// What became of a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeclareOutcome {
    /// The buyer is told the date.
    Declared,
    /// WeChat does not know the payment (yet) (268546002): again later.
    NotYetKnown,
    /// WeChat takes no such date or kind (268546000, 268546001).
    Rejected { code: i64, msg: String },
    /// Nothing was done for a passing reason: the same again later.
    RetryLater,
    /// It may have been taken; repeating it with the same date is harmless.
    Unknown,
}

impl Wechat {
    /// Declares that the goods of a payment come by `promised`, more than 15 and at most 330 days after `paid_at`.
    /// `order_id` is either number of the payment. To be called right after payment.
    pub async fn declare_presale(
        &self,
        account: &Account,
        order_id: &str,
        paid_at: DateTime<Utc>,
        promised: DateTime<Utc>,
    ) -> Result<DeclareOutcome> {
        let wait = promised - paid_at;
        if wait <= MORE_THAN || wait > AT_MOST {
            return Err(Error::Invalid("a declared presale ships more than 15 and at most 330 days after payment"));
        }
        let body = json!({ "order_id": order_id, "type": PRESALE, "delay_to": promised.timestamp() });
        let path = "/wxa/sec/order/opspecialorder";
        match self.api_post::<IgnoredAny>(account, path, &body, WhenBusy::GiveUp).await {
            Ok(_) => Ok(DeclareOutcome::Declared),
            Err(error) => outcome_of(error),
        }
    }
}

fn outcome_of(error: Error) -> Result<DeclareOutcome> {
    Ok(match error {
        Error::Api { code: 268546002 | 10060001, .. } => DeclareOutcome::NotYetKnown,
        Error::Api { code: code @ (268546000 | 268546001), msg, .. } => DeclareOutcome::Rejected { code, msg },
        Error::Busy { .. } | Error::QuotaUsed | Error::Unreachable => DeclareOutcome::RetryLater,
        Error::Unknown(_) => DeclareOutcome::Unknown,
        other => return Err(other),
    })
}
