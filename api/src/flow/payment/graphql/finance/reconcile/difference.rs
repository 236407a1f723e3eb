//! What differs on a day, as the API shows it.

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, NaiveDate, Utc};
use entity::reconciliation_difference as difference;

use super::super::super::ledger;
use crate::base::id::DifferenceId;
use crate::base::money::Money;
use crate::error::{Error, Result};
use crate::flow::order::graphql::Order;
use crate::flow::payment::loader::DayById;
use crate::load;
use crate::people::graphql::Staff;
use crate::people::loader::StaffById;

/// What differs between a bill and the rows here.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "BillDifferenceKind", remote = "difference::DifferenceKind")]
pub enum Kind {
    /// The bill has a payment that nothing was ordered for, or has it twice.
    PaymentUnknown,
    /// A payment here is in no bill.
    PaymentUnbilled,
    /// A payment is over different amounts.
    PaymentAmount,
    /// The bill has a payment that does not settle here.
    PaymentState,
    /// The bill has a refund that nobody asked for, or has it twice.
    RefundUnknown,
    /// A refund here is in no bill.
    RefundUnbilled,
    /// A refund is over different amounts.
    RefundAmount,
    /// The bill has a refund in a state that it does not have here.
    RefundState,
    /// WeChat Pay's fee is another than was booked.
    Fee,
    /// The account moved by something that is no payment, refund, fee, withdrawal or transfer of ours.
    MovementUnknown,
    /// The account gained more or less than everything above explains.
    MovementTotal,
}

/// Something on which a bill and the rows here do not agree.
pub struct Difference {
    pub row: difference::Model,
    /// Of the brand.
    pub currency: String,
}

/// Something on which a bill and the rows here do not agree.
#[Object(name = "BillDifference")]
impl Difference {
    /// `diff_…`, for `resolveDifference`.
    async fn difference_id(&self) -> DifferenceId {
        self.row.id.into()
    }

    /// The day of the bill.
    async fn date(&self, ctx: &Context<'_>) -> Result<NaiveDate> {
        let day = load::of(ctx).load_one(DayById(self.row.brand_id, self.row.reconciliation_id)).await?;
        Ok(day.ok_or_else(|| Error::not_found("reconciliation"))?.bill_date)
    }

    /// What differs.
    async fn kind(&self) -> Kind {
        self.row.kind.into()
    }

    /// Our number at WeChat Pay, or WeChat's where we have none; null when it is about a total.
    async fn number(&self) -> Option<&str> {
        Some(self.row.number.as_str()).filter(|number| !number.is_empty())
    }

    /// WeChat's number; null when there is none.
    async fn provider_number(&self) -> Option<&str> {
        self.row.provider_no.as_deref()
    }

    /// The order it is about; null when it fits none.
    async fn order(&self, ctx: &Context<'_>) -> Result<Option<Order>> {
        ledger::order(ctx, self.row.brand_id, self.row.order_id).await
    }

    /// What the bill says; null when it does not have it.
    async fn bill_amount(&self) -> Option<Money> {
        self.row.bill_amount.map(|fen| Money::new(fen, &self.currency))
    }

    /// What the rows here say; null when they do not have it.
    async fn our_amount(&self) -> Option<Money> {
        self.row.our_amount.map(|fen| Money::new(fen, &self.currency))
    }

    /// What else there is to say, in words; null when nothing.
    async fn detail(&self) -> Option<&str> {
        self.row.detail.as_deref()
    }

    /// Whether it still waits for a person.
    async fn open(&self) -> bool {
        self.row.status == difference::DifferenceStatus::Open
    }

    /// When it was found.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// When it was settled; null before.
    async fn resolved_at(&self) -> Option<DateTime<Utc>> {
        self.row.resolved_at
    }

    /// Who settled it; null before, and when a later bill did.
    async fn resolved_by(&self, ctx: &Context<'_>) -> Result<Option<Staff>> {
        let Some(id) = self.row.resolved_by else { return Ok(None) };
        Ok(load::of(ctx).load_one(StaffById(self.row.brand_id, id)).await?.map(Staff))
    }

    /// How; null before.
    async fn note(&self) -> Option<&str> {
        self.row.note.as_deref()
    }
}
