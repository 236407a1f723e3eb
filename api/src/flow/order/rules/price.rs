//! What an order costs. Every amount that is asked for or given back is told by [`amount_due`].

use entity::presale::PresalePlan;

use crate::flow::presale::rules::plan::Tier;

/// What the buyer was shown, as far as money goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub plan: PresalePlan,
    /// Fen per piece below the first tier: what was shown.
    pub unit_price: i64,
    /// Fen per piece; 0 in a full plan.
    pub first_leg: i64,
    /// From fewer pieces to more.
    pub tiers: Vec<Tier>,
    /// Pieces of the order that are not refunded.
    pub pieces: i32,
}

/// What an amount is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// All of it, at the price that was shown.
    Shown,
    /// What is paid when ordering.
    First,
    /// What is left then; nothing in a full plan.
    Balance,
    /// What a full plan paid too much, the tier being known.
    Difference,
    /// What so many pieces of it cost.
    Pieces(i32),
}

/// Fen for `due`, when `reached` pieces of the presale were committed; `None` while that is open, or while
/// the tier has not been applied to the order: then pieces cost what was shown. All prices are whole fen a
/// piece, so every amount is an exact multiple and nothing is ever rounded.
pub fn amount_due(terms: &Terms, due: Due, reached: Option<i32>) -> i64 {
    let tier = terms.tiers.iter().rfind(|tier| reached.is_some_and(|pieces| tier.from_pieces <= pieces));
    let price = tier.map_or(terms.unit_price, |tier| tier.unit_price);
    let pieces = i64::from(terms.pieces);
    match (due, terms.plan) {
        (Due::Shown, _) | (Due::First, PresalePlan::Full) => terms.unit_price * pieces,
        (Due::First, PresalePlan::Deposit | PresalePlan::Prepayment) => terms.first_leg * pieces,
        (Due::Balance, PresalePlan::Full) => 0,
        (Due::Balance, PresalePlan::Deposit | PresalePlan::Prepayment) => (price - terms.first_leg) * pieces,
        (Due::Difference, PresalePlan::Full) => (terms.unit_price - price) * pieces,
        (Due::Difference, PresalePlan::Deposit | PresalePlan::Prepayment) => 0,
        (Due::Pieces(n), _) => price * i64::from(n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms() -> impl Strategy<Value = Terms> {
        let tiers = prop::collection::vec((1..300i32, 1..2_000i64), 0..4);
        let plan = prop_oneof![Just(PresalePlan::Full), Just(PresalePlan::Deposit), Just(PresalePlan::Prepayment)];
        (plan, 10_000..100_000_000i64, tiers, 1..1_980i32, 0..100i64).prop_map(
            |(plan, unit_price, cuts, pieces, share)| {
                let (mut from_pieces, mut lowest, mut tiers) = (1, unit_price, Vec::new());
                for (more, less) in cuts {
                    (from_pieces, lowest) = (from_pieces + more, lowest - less);
                    tiers.push(Tier { from_pieces, unit_price: lowest });
                }
                let first_leg = match plan {
                    PresalePlan::Full => 0,
                    PresalePlan::Deposit => 1 + (lowest / 5 - 1) * share / 100,
                    PresalePlan::Prepayment => 1 + (lowest - 2) * share / 100,
                };
                Terms { plan, unit_price, first_leg, tiers, pieces }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_paid_in_the_end_is_the_price_of_the_tier_and_never_more_than_was_shown(
            terms in terms(), reached in prop::option::of(0..1_500i32)
        ) {
            let due = |due| amount_due(&terms, due, reached);
            let paid = due(Due::First) + due(Due::Balance) - due(Due::Difference);
            prop_assert_eq!(paid, due(Due::Pieces(terms.pieces)));
            prop_assert!(paid <= due(Due::Shown));
            prop_assert!(due(Due::First) > 0 && due(Due::First) <= due(Due::Shown));
            prop_assert!(due(Due::Balance) >= 0 && due(Due::Difference) >= 0);
            prop_assert_eq!(due(Due::Balance) > 0, terms.plan != PresalePlan::Full);
            if terms.plan == PresalePlan::Deposit {
                prop_assert!(due(Due::First) * 5 <= paid, "a deposit is at most a fifth of the price");
            }
        }

        #[test]
        fn pieces_given_back_one_by_one_cost_what_they_cost_together(
            terms in terms(), reached in prop::option::of(0..1_500i32), first in 0..1_980i32
        ) {
            let first = first.min(terms.pieces);
            let pieces = |n| amount_due(&terms, Due::Pieces(n), reached);
            prop_assert_eq!(pieces(first) + pieces(terms.pieces - first), pieces(terms.pieces));
        }

        #[test]
        fn more_buyers_never_make_it_dearer(terms in terms(), few in 0..1_500i32, more in 0..1_500i32) {
            let price = |reached| amount_due(&terms, Due::Pieces(1), Some(reached));
            prop_assert!(price(few + more) <= price(few));
            prop_assert_eq!(price(0), terms.unit_price);
            prop_assert_eq!(amount_due(&terms, Due::Pieces(1), None), terms.unit_price);
        }
    }

    #[test]
    fn a_tier_begins_with_its_first_piece() {
        let tiers = vec![Tier { from_pieces: 10, unit_price: 90 }, Tier { from_pieces: 20, unit_price: 80 }];
        let terms = Terms { plan: PresalePlan::Prepayment, unit_price: 100, first_leg: 30, tiers, pieces: 2 };
        let balances: Vec<_> = [9, 10, 19, 20, 999].map(|n| amount_due(&terms, Due::Balance, Some(n))).into();
        assert_eq!(balances, [140, 120, 120, 100, 100]);
    }
}
