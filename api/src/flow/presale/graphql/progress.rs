//! How far the refunds of a presale are.

use async_graphql::SimpleObject;

use crate::base::money::Money;
use crate::flow::presale::loader::Refunded;

/// How far the refunds of a presale that came to nothing are.
#[derive(SimpleObject)]
pub struct RefundProgress {
    /// Orders of which something was paid and that are in no batch: those to be refunded, and those that were.
    orders: i32,
    /// Orders whose money is wholly back with the buyer.
    refunded: i32,
    /// What is back with the buyers of those orders.
    amount: Money,
    /// Orders whose money is still here or on its way.
    pending: i32,
}

impl RefundProgress {
    pub(super) fn new(counts: Refunded, currency: &str) -> Self {
        let Refunded { orders, refunded, amount } = counts;
        RefundProgress { orders, refunded, amount: Money::new(amount, currency), pending: orders - refunded }
    }
}
