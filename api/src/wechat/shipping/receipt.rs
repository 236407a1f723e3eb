//! Reminding a buyer to confirm the receipt.

use chrono::{DateTime, Utc};
use serde::de::IgnoredAny;
use serde_json::json;

use super::OrderKey;
use super::upload::{ShipmentOutcome, outcome_of};
use crate::wechat::http::WhenBusy;
use crate::wechat::{Account, Error, Result, Wechat};

/// What became of a reminder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptOutcome {
    Sent,
    /// WeChat takes it once per payment, for express parcels that have arrived, and not this time.
    Rejected {
        code: i64,
        msg: String,
    },
    /// Nothing was sent for a passing reason: again later.
    RetryLater,
    /// It may have been sent: not again, since WeChat allows one.
    Unknown,
}

impl Wechat {
    /// Asks the buyer to confirm that an express parcel arrived at `received_at`, which lies after its shipping.
    /// Possible once per payment.
    pub async fn remind_receipt(
        &self,
        account: &Account,
        order: &OrderKey,
        received_at: DateTime<Utc>,
    ) -> Result<ReceiptOutcome> {
        let mut body = order.fields(account);
        body["received_time"] = json!(received_at.timestamp());
        let path = "/wxa/sec/order/notify_confirm_receive";
        match self.api_post::<IgnoredAny>(account, path, &body, WhenBusy::GiveUp).await {
            Ok(_) => Ok(ReceiptOutcome::Sent),
            Err(Error::Api { code, msg, .. }) if matches!(code, 10060001..=10060099 | 268485194..=268485228) => {
                Ok(match outcome_of(Error::from_errcode(code, &msg))? {
                    ShipmentOutcome::RetryLater | ShipmentOutcome::NotYetKnown => ReceiptOutcome::RetryLater,
                    _ => ReceiptOutcome::Rejected { code, msg },
                })
            }
            Err(error) => Ok(match outcome_of(error)? {
                ShipmentOutcome::Unknown => ReceiptOutcome::Unknown,
                _ => ReceiptOutcome::RetryLater,
            }),
        }
    }
}
