//! Who advances. Pure, so that a count can be repeated by anyone from the picks alone.

use chrono::{DateTime, Utc};
use entity::round::RoundTieBreak;
use uuid::Uuid;

/// One entry when the round closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub design_id: Uuid,
    /// Place on the slate, unique within the round.
    pub position: i32,
    pub picks: i32,
    /// Of the last standing pick; `None` without picks.
    pub last_pick_at: Option<DateTime<Utc>>,
}

/// Where an entry came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub standing: Standing,
    /// 1 is first; no two are equal.
    pub rank: i32,
    pub advanced: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranking {
    /// Best first.
    pub places: Vec<Place>,
    /// The last rule that was needed to order entries of equal picks; `None` when picks alone did.
    /// The order among entries nobody picked is no decision and is not counted.
    pub tie_break: Option<RoundTieBreak>,
}

/// Orders by picks, then by who had its last pick earlier, then by place on the slate; the first
/// `advance_count` of those with a pick advance.
pub fn rank(mut standings: Vec<Standing>, advance_count: i32) -> Ranking {
    standings.sort_by_key(|entry| (-i64::from(entry.picks), entry.last_pick_at, entry.position));
    let tie_break =
        standings.windows(2).filter_map(|pair| decided_by(&pair[0], &pair[1])).max_by_key(|rule| *rule as u8);
    let place = |(standing, rank): (Standing, i32)| Place {
        standing,
        rank,
        advanced: rank <= advance_count && standing.picks > 0,
    };
    Ranking { places: standings.into_iter().zip(1..).map(place).collect(), tie_break }
}

fn decided_by(above: &Standing, below: &Standing) -> Option<RoundTieBreak> {
    if above.picks != below.picks || above.picks == 0 {
        None
    } else if above.last_pick_at != below.last_pick_at {
        Some(RoundTieBreak::EarlierLastPick)
    } else {
        Some(RoundTieBreak::SlatePosition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn standing(position: i32, picks: i32, second: i64) -> Standing {
        let last_pick_at = (picks > 0).then(|| DateTime::from_timestamp(second, 0).unwrap());
        Standing { design_id: Uuid::from_u128(position as u128), position, picks, last_pick_at }
    }

    fn order(ranking: &Ranking) -> Vec<i32> {
        ranking.places.iter().map(|place| place.standing.position).collect()
    }

    #[test]
    fn picks_decide_then_the_earlier_last_pick_then_the_slate() {
        let ranking = rank(vec![standing(1, 3, 50), standing(2, 5, 90), standing(3, 3, 40), standing(4, 3, 50)], 2);
        assert_eq!(order(&ranking), [2, 3, 1, 4]);
        assert_eq!(ranking.tie_break, Some(RoundTieBreak::SlatePosition));
        assert_eq!(ranking.places.iter().map(|place| place.advanced).collect::<Vec<_>>(), [true, true, false, false]);

        let by_time = rank(vec![standing(1, 3, 50), standing(2, 3, 40)], 1);
        assert_eq!((order(&by_time), by_time.tie_break), (vec![2, 1], Some(RoundTieBreak::EarlierLastPick)));
    }

    #[test]
    fn what_nobody_picked_never_advances_and_is_no_tie() {
        let ranking = rank(vec![standing(2, 0, 0), standing(1, 0, 0), standing(3, 1, 9)], 3);
        assert_eq!(order(&ranking), [3, 1, 2]);
        assert_eq!(ranking.places.iter().filter(|place| place.advanced).count(), 1);
        assert_eq!(ranking.tie_break, None);
    }

    fn slates() -> impl Strategy<Value = Vec<Standing>> {
        proptest::collection::vec((0..4i32, 0..4i64), 1..30)
            .prop_map(|rows| rows.into_iter().zip(1..).map(|((picks, at), place)| standing(place, picks, at)).collect())
    }

    proptest! {
        #[test]
        fn the_order_of_reading_changes_nothing(slate in slates(), turn in 0..30usize, k in 1..30i32) {
            let mut other = slate.clone();
            other.rotate_left(turn % slate.len());
            other.reverse();
            prop_assert_eq!(rank(slate, k), rank(other, k));
        }

        #[test]
        fn ranks_are_one_to_n_and_never_put_fewer_picks_first(slate in slates(), k in 1..30i32) {
            let places = rank(slate.clone(), k).places;
            let ranks: Vec<i32> = places.iter().map(|place| place.rank).collect();
            prop_assert_eq!(ranks, (1..=slate.len() as i32).collect::<Vec<_>>());
            prop_assert!(places.windows(2).all(|pair| pair[0].standing.picks >= pair[1].standing.picks));
        }

        #[test]
        fn at_most_k_advance_all_with_picks_and_from_the_top(slate in slates(), k in 1..30i32) {
            let picked = slate.iter().filter(|entry| entry.picks > 0).count();
            let places = rank(slate, k).places;
            let advanced = places.iter().filter(|place| place.advanced).count();
            prop_assert_eq!(advanced, picked.min(k as usize));
            prop_assert!(places.iter().take(advanced).all(|place| place.advanced));
        }
    }
}
