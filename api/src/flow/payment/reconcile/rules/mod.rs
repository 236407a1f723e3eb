//! Bills held against rows. Pure: both sides in, what agrees and what does not out.

mod flow;
mod trade;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use entity::bill_entry;
use entity::reconciliation_difference::DifferenceKind;
use uuid::Uuid;

use super::fetch::Bills;
use super::read::{OfDay, Ours};

pub use flow::is_transfer;

/// WeChat's word for a refund whose money is with the buyer.
pub const ARRIVED: &str = "SUCCESS";

/// Our side.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// Named by the bill.
    pub named: Ours,
    /// Ended on the day.
    pub of_day: OfDay,
    /// What bills named of all of these before.
    pub entries: HashMap<Uuid, bill_entry::Model>,
    /// Fen booked for transfers, by our number.
    pub transfers: HashMap<String, i64>,
}

/// A side of the day, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    pub payments: i32,
    pub paid: i64,
    pub refunds: i32,
    pub refunded: i64,
    pub fees: i64,
    /// What the merchant's account gained.
    pub movement: i64,
}

/// A payment or refund of ours that the bill names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    pub subject: Subject,
    pub order_id: Uuid,
    /// As the bill says.
    pub amount: i64,
    pub fee: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Attempt(Uuid),
    Refund(Uuid),
}

impl Subject {
    pub fn id(self) -> Uuid {
        match self {
            Subject::Attempt(id) | Subject::Refund(id) => id,
        }
    }
}

/// Money that went to the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// WeChat's number of the movement.
    pub flow_no: String,
    pub amount: i64,
}

/// Something on which the sides do not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub kind: DifferenceKind,
    /// Ours where there is one, else WeChat's; empty for a total.
    pub number: String,
    pub provider_no: Option<String>,
    pub order_id: Option<Uuid>,
    pub bill_amount: Option<i64>,
    pub our_amount: Option<i64>,
    pub detail: Option<String>,
    /// By how much more it lets the account gain on the bill's side than on ours.
    pub effect: i64,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    pub named: Vec<Named>,
    pub withdrawals: Vec<Withdrawal>,
    pub differences: Vec<Difference>,
    pub bill: Side,
    pub ours: Side,
    /// What the account held when the day was over; `None` when nothing moved.
    pub balance: Option<i64>,
}

/// Holds the bills of the day `id` against our side.
pub fn compare(id: Uuid, bills: &Bills, books: &Books) -> Comparison {
    let mut found = Comparison::default();
    trade::compare(id, &bills.trades, books, &mut found);
    found.ours.movement = found.ours.paid - found.ours.refunded - found.ours.fees;
    flow::compare(&bills.flows, books, &mut found);
    let explained: i64 = found.differences.iter().map(|difference| difference.effect).sum();
    let expected = found.ours.movement + explained;
    // Something moved the account that no row of either side tells of, or did not although one does.
    if found.bill.movement != expected {
        found.differences.push(Difference {
            kind: DifferenceKind::MovementTotal,
            number: String::new(),
            provider_no: None,
            order_id: None,
            bill_amount: Some(found.bill.movement),
            our_amount: Some(expected),
            detail: None,
            effect: found.bill.movement - expected,
        });
    }
    found
}
