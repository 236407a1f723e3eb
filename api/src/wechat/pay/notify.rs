//! What WeChat Pay reports to our notification addresses (WeChat Pay v3 docs: payment, refund and
//! transfer notifications).
//!
//! Keep the event by [`Notification::id`], answer 200 or 204 within five seconds, then act. Refuse with 4xx or 5xx
//! what does not verify; WeChat Pay tries up to fifteen times over a day, in any order, possibly twice.

use secrecy::ExposeSecret;
use serde::Deserialize;

use super::verify::SignatureHeaders;
use super::{RefundState, Transaction, TransferBill, key, refund, transaction, transfer};
use crate::wechat::{Account, Error, Refusal, Result, Wechat};

/// A verified and opened notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The same in every repetition.
    pub id: String,
    pub event: NotificationEvent,
}

/// What it reports. Compare app, merchant, amount, currency and payer with the order before believing it is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotificationEvent {
    Transaction(Transaction),
    Refund(RefundState),
    /// A merchant transfer came to its end.
    Transfer(TransferBill),
    /// Another product's event: answer 200 and leave it.
    Other {
        event_type: String,
        original_type: String,
    },
}

#[derive(Deserialize)]
struct Envelope {
    id: String,
    event_type: String,
    resource: Resource,
}

#[derive(Deserialize)]
struct Resource {
    original_type: String,
    algorithm: String,
    ciphertext: String,
    /// Absent and empty mean the same.
    #[serde(default)]
    associated_data: String,
    nonce: String,
}

impl Wechat {
    /// Opens a notification: clock, key, signature over the raw bytes, and only then its content.
    /// Asks WeChat Pay for its certificates when one is named that we do not know; an error of that call says nothing
    /// about the notification.
    pub async fn open_notification(
        &self,
        account: &Account,
        headers: &SignatureHeaders,
        raw: &[u8],
    ) -> Result<Notification> {
        self.verify(account, headers, raw).await?;
        open(account, raw)
    }
}

/// Opens what was verified.
pub(super) fn open(account: &Account, raw: &[u8]) -> Result<Notification> {
    let envelope: Envelope =
        serde_json::from_slice(raw).map_err(|_| Error::Malformed("a notification lacks a field"))?;
    let resource = envelope.resource;
    if resource.algorithm != "AEAD_AES_256_GCM" {
        return Err(Error::Malformed("a notification uses another cipher"));
    }
    let plain = key::open_gcm(
        account.api_v3_key.expose_secret(),
        &resource.nonce,
        &resource.associated_data,
        &resource.ciphertext,
    )
    .ok_or(Error::Unverified(Refusal::Decrypt))?;
    // Other products reuse event types, so both names decide.
    let event = match (envelope.event_type.as_str(), resource.original_type.as_str()) {
        ("TRANSACTION.SUCCESS", "transaction") => NotificationEvent::Transaction(transaction::read(&plain)?),
        (kind, "refund") if kind.starts_with("REFUND.") => NotificationEvent::Refund(refund::read(&plain)?),
        ("MCHTRANSFER.BILL.FINISHED", "mch_payment") => NotificationEvent::Transfer(transfer::read(&plain)?),
        _ => NotificationEvent::Other { event_type: envelope.event_type, original_type: resource.original_type },
    };
    Ok(Notification { id: envelope.id, event })
}
