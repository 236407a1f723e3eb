//! Payment plans and price tiers as the API shows and takes them.

use async_graphql::{Enum, InputObject, OneofObject, SimpleObject};
use entity::presale::PresalePlan;

use crate::base::money::{Long, Money};
use crate::flow::presale::rules::plan::{self, FirstLeg, Plan, Tier};

/// What is paid when.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "PresalePlan")]
pub enum PaymentPlanKind {
    /// All of it when ordering.
    Full,
    /// 定金, at most a fifth of the price, and a balance. It is forfeited when the balance is not paid, returned
    /// when the presale fails, and owed double when the brand calls off a presale that had succeeded.
    Deposit,
    /// 订金 and a balance. It is money paid early and is returned whenever the order does not go on.
    Prepayment,
}

/// What becomes of an order that is not paid in time.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "plan::UnpaidRule")]
pub enum UnpaidRule {
    /// Nothing was paid: the order lapses.
    Lapses,
    /// The balance was not paid: the brand keeps what was paid first.
    Forfeits,
    /// The balance was not paid: what was paid first is returned.
    Refunds,
}

/// What is paid when, and what becomes of an order that is not paid in time. Show it before ordering.
#[derive(SimpleObject)]
pub struct PaymentPlan {
    /// What is paid when.
    kind: PaymentPlanKind,
    /// What a piece costs when ordering, the rest following as the balance; null when all of it is paid then.
    first_leg: Option<Money>,
    /// Days in which the balance is to be paid once the presale has succeeded; null without one.
    balance_days: Option<i32>,
    /// What becomes of an order that is not paid in time.
    unpaid_rule: UnpaidRule,
}

impl PaymentPlan {
    pub fn new(kind: PresalePlan, first_leg: i64, balance_days: i32, currency: &str) -> Self {
        let has_balance = kind != PresalePlan::Full;
        PaymentPlan {
            kind: kind.into(),
            first_leg: has_balance.then(|| Money::new(first_leg, currency)),
            balance_days: has_balance.then_some(balance_days),
            unpaid_rule: plan::unpaid_rule(kind).into(),
        }
    }
}

/// From how many pieces on a piece costs less. Pieces of all buyers count together when the presale succeeds;
/// the difference is taken off the balance, or refunded when all was paid at once.
#[derive(SimpleObject)]
pub struct PriceTier {
    /// Pieces over all buyers.
    from_pieces: i32,
    /// Price of a piece then.
    unit_price: Money,
}

impl PriceTier {
    pub fn new(tier: Tier, currency: &str) -> Self {
        PriceTier { from_pieces: tier.from_pieces, unit_price: Money::new(tier.unit_price, currency) }
    }
}

/// What is paid when; exactly one of the plans. Without it all is paid when ordering.
#[derive(OneofObject)]
pub enum PaymentPlanInput {
    /// 定金 and balance; at most a fifth of the lowest price that a piece may come to.
    Deposit(FirstLegInput),
    /// 订金 and balance.
    Prepayment(FirstLegInput),
}

/// What is paid when ordering, and how long the rest may take.
#[derive(InputObject)]
pub struct FirstLegInput {
    /// Fen per piece.
    pub amount: Long,
    /// Days in which the balance is to be paid once the presale has succeeded, 1 to 30.
    pub balance_days: i32,
}

impl From<FirstLegInput> for FirstLeg {
    fn from(input: FirstLegInput) -> Self {
        FirstLeg { amount: input.amount.0, balance_days: input.balance_days }
    }
}

impl From<PaymentPlanInput> for Plan {
    fn from(input: PaymentPlanInput) -> Self {
        match input {
            PaymentPlanInput::Deposit(first) => Plan::Deposit(first.into()),
            PaymentPlanInput::Prepayment(first) => Plan::Prepayment(first.into()),
        }
    }
}

/// From how many pieces on a piece costs less.
#[derive(InputObject)]
pub struct PriceTierInput {
    /// Pieces over all buyers, 2 or more.
    pub from_pieces: i32,
    /// Fen per piece.
    pub unit_price: Long,
}

impl From<PriceTierInput> for Tier {
    fn from(input: PriceTierInput) -> Self {
        Tier { from_pieces: input.from_pieces, unit_price: input.unit_price.0 }
    }
}
