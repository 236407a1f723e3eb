//! A day as the API shows it.

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::reconciliation;

use super::Difference;
use crate::base::money::Money;
use crate::error::Result;
use crate::flow::payment::loader::DifferencesOf;
use crate::load;

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
