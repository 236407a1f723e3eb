//! A day and its differences as the API shows them.

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::reconciliation;
use entity::reconciliation_difference as difference;

use super::super::super::ledger;
use crate::base::id::DifferenceId;
use crate::base::money::Money;
use crate::error::{Error, Result};
use crate::flow::order::graphql::Order;
use crate::flow::payment::loader::{DayById, DifferencesOf};
use crate::load;
use crate::people::graphql::Staff;
use crate::people::loader::StaffById;

/// How a day stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "reconciliation::ReconciliationStatus")]
pub enum ReconciliationStatus {
    /// Its bills were not read yet.
    Waiting,
    /// Bills and rows agree to the fen.
    Balanced,
    /// They differ.
    Differing,
    /// They differ, and a person has settled each difference.
    Resolved,
}

/// A day held against WeChat Pay's bills of it.
pub struct Reconciliation {
    pub row: reconciliation::Model,
    /// Of the brand.
    pub currency: String,
}

/// A side of a day.
#[derive(SimpleObject)]
pub struct ReconciliationSide {
    /// Payments.
    payments: i32,
    /// Their sum.
    paid: Money,
    /// Refunds.
    refunds: i32,
    /// Their sum.
    refunded: Money,
    /// WeChat Pay's fees, less those given back with refunds.
    fees: Money,
    /// What the merchant's account gained: payments less refunds and fees, withdrawals and transfers to users.
    movement: Money,
}

/// A day held against WeChat Pay's bills of it. Both count by the clock of Beijing, whatever the brand's time zone.
#[Object]
impl Reconciliation {
    /// The day in Beijing.
    async fn date(&self) -> NaiveDate {
        self.row.bill_date
    }

    /// How it stands.
    async fn status(&self) -> ReconciliationStatus {
        self.row.status.into()
    }

    /// What the bills say; all zero before they were read.
    async fn bill(&self) -> ReconciliationSide {
        let row = &self.row;
        ReconciliationSide {
            payments: row.bill_payments,
            paid: self.money(row.bill_paid),
            refunds: row.bill_refunds,
            refunded: self.money(row.bill_refunded),
            fees: self.money(row.bill_fees),
            movement: self.money(row.bill_movement),
        }
    }

    /// What the rows here say; all zero before they were compared.
    async fn books(&self) -> ReconciliationSide {
        let row = &self.row;
        ReconciliationSide {
            payments: row.our_payments,
            paid: self.money(row.our_paid),
            refunds: row.our_refunds,
            refunded: self.money(row.our_refunded),
            fees: self.money(row.our_fees),
            movement: self.money(row.our_movement),
        }
    }

    /// What the account gained by the bills, less what it gained by the rows here.
    async fn difference(&self) -> Money {
        self.money(self.row.bill_movement - self.row.our_movement)
    }

    /// What the merchant's account held when the day was over; null when nothing moved.
    async fn balance(&self) -> Option<Money> {
        self.row.bill_balance.map(|fen| self.money(fen))
    }

    /// Payments and refunds that only the bill told of, and that were brought up to date.
    async fn healed(&self) -> i32 {
        self.row.healed
    }

    /// What differs, settled or not, in the order it was found.
    async fn differences(&self, ctx: &Context<'_>) -> Result<Vec<Difference>> {
        let rows = load::of(ctx).load_one(DifferencesOf(self.row.brand_id, self.row.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(|row| Difference { row, currency: self.currency.clone() }).collect())
    }

    /// Times the bills were asked for in vain.
    async fn attempts(&self) -> i32 {
        self.row.attempts
    }

    /// Why the bills could not be had, or not be believed, when they were last asked for; null when they could.
    async fn last_error(&self) -> Option<&str> {
        self.row.last_error.as_deref()
    }

    /// SHA-1 of the trade bill as WeChat Pay gave it, in hex; null without one.
    async fn trade_sha1(&self) -> Option<&str> {
        self.row.trade_sha1.as_deref()
    }

    /// SHA-1 of the fund-flow bill; null without one.
    async fn flow_sha1(&self) -> Option<&str> {
        self.row.flow_sha1.as_deref()
    }

    /// When it was last looked at; null before.
    async fn checked_at(&self) -> Option<DateTime<Utc>> {
        self.row.checked_at
    }
}

impl Reconciliation {
    fn money(&self, fen: i64) -> Money {
        Money::new(fen, &self.currency)
    }
}

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
