//! Amounts due as the API shows them.

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};
use entity::payment_leg;

use crate::base::money::Money;

/// Which part of an order an amount is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "payment_leg::PaymentLegKind")]
pub enum PaymentLegKind {
    /// All of it.
    Full,
    /// What is paid when ordering.
    Deposit,
    /// The rest.
    Balance,
}

/// Where an amount stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "payment_leg::PaymentLegStatus")]
pub enum PaymentLegStatus {
    /// `payOrder` charges it.
    Due,
    /// It is paid.
    Paid,
    /// Nothing is to be paid any more.
    Void,
}

/// One amount of an order: each is charged once.
#[derive(SimpleObject)]
pub struct PaymentLeg {
    /// Which part of the order it is.
    kind: PaymentLegKind,
    /// How much it is.
    amount: Money,
    /// Where it stands.
    status: PaymentLegStatus,
    /// When it was paid; null before.
    paid_at: Option<DateTime<Utc>>,
}

impl PaymentLeg {
    pub(super) fn new(row: payment_leg::Model, currency: &str) -> Self {
        PaymentLeg {
            kind: row.kind.into(),
            amount: Money::new(row.amount, currency),
            status: row.status.into(),
            paid_at: row.paid_at,
        }
    }
}
