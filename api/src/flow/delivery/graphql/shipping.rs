//! Shipping information at WeChat in the API: what the brand's people see of it, and what the buyer's mini-program
//! needs to have the receipt confirmed.

use async_graphql::{Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::payment_attempt;
use entity::presale_declaration::{self, PresaleDeclarationStatus};
use entity::shipping_record::{self, ShippingRecordConfirmedBy, ShippingRecordProblem, ShippingRecordStatus};
use uuid::Uuid;

use super::Delivery;
use crate::app::App;
use crate::base::money::Money;
use crate::error::Result;
use crate::flow::delivery::shipping::{query, rules};
use crate::flow::payment::{declare, query as payments};

/// How far the shipping information of a payment is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "ShippingRecordStatus")]
pub enum ShippingStatus {
    /// On its way to WeChat, again and again until its outcome is known.
    Pending,
    /// WeChat has it and holds the money until the receipt is confirmed.
    Uploaded,
    /// WeChat does not take it: see `problem`.
    Stuck,
    /// The money went back to the buyer.
    Refunded,
    /// The money is the brand's.
    Settled,
}

/// Why WeChat does not take shipping information.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "ShippingRecordProblem")]
pub enum ShippingProblem {
    /// A carrier is none of `carriers`: `correctParcel`.
    CarrierUnknown,
    /// The one correction of complete information is used: tell the buyer.
    CorrectionUsed,
    /// `lastError` says what; `retryShipping` once it is removed.
    Rejected,
}

/// Who confirmed a receipt in WeChat.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "ShippingRecordConfirmedBy")]
pub enum ReceiptConfirmedBy {
    /// The buyer.
    Buyer,
    /// Nobody objected in time.
    Time,
}

/// How far the declaration of a late promise is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "PresaleDeclarationStatus")]
pub enum DeclarationStatus {
    /// On its way to WeChat.
    Pending,
    /// WeChat has told the buyer the date.
    Declared,
    /// WeChat does not take it: `retryShipping` once what `declarationError` says is removed.
    Refused,
    /// The money went back first.
    Refunded,
}

/// What WeChat knows of a payment's goods. A deposit and its balance are two.
pub struct ShippingRecord {
    attempt: payment_attempt::Model,
    record: Option<shipping_record::Model>,
    declaration: Option<presale_declaration::Model>,
    currency: String,
}

/// What WeChat knows of a payment's goods. A deposit and its balance are two.
#[Object]
impl ShippingRecord {
    /// How much was paid.
    async fn amount(&self) -> Money {
        Money::new(self.attempt.amount, &self.currency)
    }

    /// Our number of the payment, for WeChat's console.
    async fn out_trade_no(&self) -> &str {
        &self.attempt.out_trade_no
    }

    /// WeChat Pay's number of the payment.
    async fn transaction_id(&self) -> Option<&str> {
        self.attempt.transaction_id.as_deref()
    }

    /// How far it is; null before the first parcel has left.
    async fn status(&self) -> Option<ShippingStatus> {
        self.record.as_ref().map(|record| record.status.into())
    }

    /// Why it is stuck; null unless it is.
    async fn problem(&self) -> Option<ShippingProblem> {
        self.record.as_ref().and_then(|record| record.problem).map(Into::into)
    }

    /// What was last said against it; null when nothing.
    async fn last_error(&self) -> Option<&str> {
        self.record.as_ref().and_then(|record| record.last_error.as_deref())
    }

    /// How often what WeChat is to have has changed; null before the first parcel has left.
    async fn version(&self) -> Option<i32> {
        self.record.as_ref().map(|record| record.version)
    }

    /// Whether the order travels in several parcels, told one by one; null before the first has left.
    async fn is_split(&self) -> Option<bool> {
        self.record.as_ref().map(|record| record.is_split)
    }

    /// Whether all of the order has left; null before its first parcel has.
    async fn is_complete(&self) -> Option<bool> {
        self.record.as_ref().map(|record| record.is_complete)
    }

    /// Corrections that WeChat took after all had left; it takes one.
    async fn corrections_used(&self) -> i32 {
        self.record.as_ref().map_or(0, |record| (record.completions - 1).max(0))
    }

    /// Whether WeChat takes no correction any more.
    async fn is_correction_used(&self) -> bool {
        self.record.as_ref().is_some_and(|record| record.completions > rules::CORRECTIONS)
    }

    /// When WeChat last took it; null before.
    async fn uploaded_at(&self) -> Option<DateTime<Utc>> {
        self.record.as_ref().and_then(|record| record.uploaded_at)
    }

    /// When WeChat expects to settle the money; null before all has left.
    async fn estimated_settlement_at(&self) -> Option<DateTime<Utc>> {
        self.record.as_ref().and_then(|record| record.estimated_settlement_at)
    }

    /// When the receipt was confirmed in WeChat; null before.
    async fn confirmed_at(&self) -> Option<DateTime<Utc>> {
        self.record.as_ref().and_then(|record| record.confirmed_at)
    }

    /// Who confirmed it; null before, and when WeChat did not say.
    async fn confirmed_by(&self) -> Option<ReceiptConfirmedBy> {
        self.record.as_ref().and_then(|record| record.confirmed_by).map(Into::into)
    }

    /// When the money settled; null before.
    async fn settled_at(&self) -> Option<DateTime<Utc>> {
        self.record.as_ref().and_then(|record| record.settled_at)
    }

    /// The date WeChat has told the buyer her goods come by. Null when that is less than fifteen days after payment, and
    /// while WeChat has not taken it.
    async fn declared_until(&self) -> Option<DateTime<Utc>> {
        let declared = self.declaration.as_ref().filter(|one| one.status == PresaleDeclarationStatus::Declared);
        declared.map(|declaration| declaration.promised_at)
    }

    /// How far telling WeChat that date is; null when it need not be told.
    async fn declaration_status(&self) -> Option<DeclarationStatus> {
        self.declaration.as_ref().map(|declaration| declaration.status.into())
    }

    /// What was last said against it; null when nothing.
    async fn declaration_error(&self) -> Option<&str> {
        self.declaration.as_ref().and_then(|declaration| declaration.last_error.as_deref())
    }
}

/// What `wx.openBusinessView({ businessType: 'weappOrderConfirm', extraData })` takes to have a receipt confirmed.
#[derive(SimpleObject)]
pub struct ReceiptConfirmation {
    /// `extraData.merchant_id`.
    merchant_id: String,
    /// `extraData.merchant_trade_no`.
    merchant_trade_no: String,
    /// `extraData.transaction_id`.
    transaction_id: String,
}

/// What WeChat knows of each payment of an order. Three statements.
pub(super) async fn records(app: &App, delivery: &Delivery) -> Result<Vec<ShippingRecord>> {
    let (db, brand_id, order_id) = (app.db.read(), delivery.brand_id, delivery.order_id);
    let mut records = query::of_order(db, brand_id, order_id).await?;
    let mut declarations = declare::of_order(db, brand_id, order_id).await?;
    let view = |attempt: payment_attempt::Model| {
        let of = attempt.id;
        let record = records.iter().position(|one| one.attempt_id == of).map(|at| records.swap_remove(at));
        let declaration =
            declarations.iter().position(|one| one.attempt_id == of).map(|at| declarations.swap_remove(at));
        ShippingRecord { attempt, record, declaration, currency: delivery.currency.clone() }
    };
    Ok(payments::settling_attempts(db, brand_id, order_id).await?.into_iter().map(view).collect())
}

/// Payments of an order whose receipt WeChat waits for. At most three statements.
pub(super) async fn confirmations(app: &App, brand_id: Uuid, order_id: Uuid) -> Result<Vec<ReceiptConfirmation>> {
    let db = app.db.read();
    let mut waiting = query::of_order(db, brand_id, order_id).await?;
    waiting.retain(|record| record.completions > 0 && record.confirmed_at.is_none() && record.settled_at.is_none());
    waiting.retain(|record| record.status != ShippingRecordStatus::Refunded);
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let merchant_id = query::merchant(db, brand_id).await?;
    let attempts = payments::settling_attempts(db, brand_id, order_id).await?;
    let is_waiting = |attempt: &payment_attempt::Model| waiting.iter().any(|one| one.attempt_id == attempt.id);
    let view = |attempt: payment_attempt::Model| {
        Some(ReceiptConfirmation {
            merchant_id: merchant_id.clone(),
            merchant_trade_no: attempt.out_trade_no,
            transaction_id: attempt.transaction_id?,
        })
    };
    Ok(attempts.into_iter().filter(is_waiting).filter_map(view).collect())
}
