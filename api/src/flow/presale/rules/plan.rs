//! What is paid when, and what a piece costs when many are bought.

use entity::presale::PresalePlan;
use entity::presale_tier;
use serde::Serialize;

use super::range;
use crate::error::Refusal;

/// A 定金 beyond this share of the price is void (民法典 586: one fifth).
const DEPOSIT_SHARE: i64 = 5;
const MAX_BALANCE_DAYS: i64 = 30;
const MAX_TIERS: usize = 10;

/// How a presale is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Plan {
    /// All of it when ordering.
    Full,
    /// 定金 and balance.
    Deposit(FirstLeg),
    /// 订金 and balance.
    Prepayment(FirstLeg),
}

/// What is paid when ordering, and how long the rest may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FirstLeg {
    /// Fen per piece: whole, so that any number of pieces costs an exact multiple.
    pub amount: i64,
    pub balance_days: i32,
}

impl Plan {
    pub fn kind(self) -> PresalePlan {
        match self {
            Plan::Full => PresalePlan::Full,
            Plan::Deposit(_) => PresalePlan::Deposit,
            Plan::Prepayment(_) => PresalePlan::Prepayment,
        }
    }

    pub fn first_leg(self) -> Option<FirstLeg> {
        match self {
            Plan::Full => None,
            Plan::Deposit(first) | Plan::Prepayment(first) => Some(first),
        }
    }

    /// 0 without a balance.
    pub fn balance_days(self) -> i32 {
        self.first_leg().map_or(0, |first| first.balance_days)
    }
}

/// What becomes of an order whose payment does not come in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnpaidRule {
    /// Nothing was paid: the order lapses.
    Lapses,
    /// What was paid is kept by the brand; had the brand not kept its word, it would owe the double.
    Forfeits,
    /// What was paid is returned.
    Refunds,
}

/// The rule that goes with a plan: by law, not by choice of the brand.
pub fn unpaid_rule(plan: PresalePlan) -> UnpaidRule {
    match plan {
        PresalePlan::Full => UnpaidRule::Lapses,
        PresalePlan::Deposit => UnpaidRule::Forfeits,
        PresalePlan::Prepayment => UnpaidRule::Refunds,
    }
}

/// From how many committed pieces on a piece costs less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Tier {
    pub from_pieces: i32,
    /// Fen.
    pub unit_price: i64,
}

impl From<presale_tier::Model> for Tier {
    fn from(row: presale_tier::Model) -> Self {
        Tier { from_pieces: row.from_pieces, unit_price: row.unit_price }
    }
}

/// Checks tiers: more pieces, lower price, below the price of one.
pub(super) fn check_tiers(price: i64, tiers: &[Tier]) -> Result<(), Refusal> {
    if tiers.len() > MAX_TIERS {
        return Err(Refusal::invalid(
            "priceTiers",
            format!("A presale has at most {MAX_TIERS} price tiers."),
            format!("一场预售最多设置 {MAX_TIERS} 档阶梯价。"),
        ));
    }
    let (mut pieces, mut lowest) = (1, price);
    for tier in tiers {
        range("priceTiers.fromPieces", tier.from_pieces.into(), 2, super::MAX_CAP.into())?;
        range("priceTiers.unitPrice", tier.unit_price, 1, super::MAX_PRICE)?;
        if tier.from_pieces <= pieces || tier.unit_price >= lowest {
            return Err(Refusal::invalid(
                "priceTiers",
                "Price tiers go from fewer pieces to more, each cheaper than the one before and than the price.",
                "阶梯价须按件数从少到多排列，且每一档都低于前一档及基础价格。",
            ));
        }
        (pieces, lowest) = (tier.from_pieces, tier.unit_price);
    }
    Ok(())
}

/// Checks a plan against the lowest price a piece may come to.
pub(super) fn check_plan(plan: Plan, price: i64, tiers: &[Tier]) -> Result<(), Refusal> {
    let Some(first) = plan.first_leg() else { return Ok(()) };
    let lowest = tiers.last().map_or(price, |tier| tier.unit_price);
    let (field, most) = match plan {
        Plan::Deposit(_) => ("plan.deposit", lowest / DEPOSIT_SHARE),
        _ => ("plan.prepayment", lowest - 1),
    };
    range(&format!("{field}.balanceDays"), first.balance_days.into(), 1, MAX_BALANCE_DAYS)?;
    if (1..=most).contains(&first.amount) {
        return Ok(());
    }
    let (en, zh) = match plan {
        Plan::Deposit(_) => (
            format!(
                "A deposit (定金) is 1 to {most} fen a piece here: at most a fifth of the lowest price it may come to, {lowest} fen. Take less, or make it a prepayment (订金)."
            ),
            format!("每件定金须为 1 至 {most} 分：不得超过最低成交价（{lowest} 分）的 20%。请降低金额，或改为订金。"),
        ),
        _ => (
            format!("A prepayment (订金) is 1 to {most} fen a piece here: less than the lowest price it may come to."),
            format!("每件订金须为 1 至 {most} 分，且低于最低成交价。"),
        ),
    };
    Err(Refusal::invalid(&format!("{field}.amount"), en, zh))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_accepted_deposit_is_more_than_a_fifth_of_what_any_tier_costs(
            price in 1..1_000_000i64, cuts in prop::collection::vec((1..500i32, 1..200_000i64), 0..4), amount in 0..300_000i64
        ) {
            let (mut pieces, mut lowest, mut tiers) = (1, price, Vec::new());
            for (more, less) in cuts {
                (pieces, lowest) = (pieces + more, lowest - less);
                tiers.push(Tier { from_pieces: pieces, unit_price: lowest });
            }
            let first = FirstLeg { amount, balance_days: 3 };
            let accepted = check_tiers(price, &tiers).is_ok();
            prop_assert_eq!(accepted, lowest > 0);
            if accepted && check_plan(Plan::Deposit(first), price, &tiers).is_ok() {
                prop_assert!(tiers.iter().all(|tier| amount * 5 <= tier.unit_price) && amount * 5 <= price && amount > 0);
            }
            if accepted && check_plan(Plan::Prepayment(first), price, &tiers).is_ok() {
                prop_assert!(amount < lowest && amount > 0);
            }
        }
    }

    #[test]
    fn a_fifth_exactly_is_a_deposit_and_a_fen_more_is_none() {
        let deposit = |amount| Plan::Deposit(FirstLeg { amount, balance_days: 3 });
        let tiers = [Tier { from_pieces: 10, unit_price: 9_999 }];
        assert!(check_plan(deposit(2_000), 10_000, &[]).is_ok());
        assert!(check_plan(deposit(2_001), 10_000, &[]).is_err());
        assert!(check_plan(deposit(1_999), 10_000, &tiers).is_ok());
        assert!(check_plan(deposit(2_000), 10_000, &tiers).is_err());
        assert!(check_plan(deposit(0), 10_000, &[]).is_err());
        assert!(check_plan(Plan::Deposit(FirstLeg { amount: 1, balance_days: 31 }), 10_000, &[]).is_err());
    }
}
