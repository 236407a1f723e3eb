//! Rates of counts, exact: whole numbers only, rounded half up.

/// `part` of `whole`. There is no rate of nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    part: u64,
    whole: u64,
}

impl Rate {
    /// `None` when `whole` is zero.
    pub fn of(part: u64, whole: u64) -> Option<Self> {
        (whole > 0).then_some(Rate { part, whole })
    }

    /// Hundredths of a percent: 35 of 52 are 6,731.
    pub fn basis_points(self) -> u64 {
        self.scaled(10_000)
    }

    /// Percent with one decimal, rounded from the counts and not from the basis points: `67.3 %`.
    pub fn percent(self) -> String {
        let tenths = self.scaled(1_000);
        format!("{}.{} %", tenths / 10, tenths % 10)
    }

    fn scaled(self, unit: u64) -> u64 {
        let (part, whole, unit) = (u128::from(self.part), u128::from(self.whole), u128::from(unit));
        u64::try_from((2 * part * unit + whole) / (2 * whole)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(part: u64, whole: u64) -> (u64, String) {
        let rate = Rate::of(part, whole).expect("a rate");
        (rate.basis_points(), rate.percent())
    }

    #[test]
    fn the_rates_of_the_first_community() {
        assert_eq!(shown(35, 52), (6_731, "67.3 %".to_owned()));
        assert_eq!(shown(8, 153), (523, "5.2 %".to_owned()));
        assert_eq!(shown(43, 205), (2_098, "21.0 %".to_owned()));
    }

    #[test]
    fn halves_go_up_and_nothing_has_no_rate() {
        assert_eq!(shown(1, 2_000), (5, "0.1 %".to_owned()));
        // 0.04995 %: five basis points, yet rounded from the counts it is 0.0 %.
        assert_eq!(shown(999, 2_000_000), (5, "0.0 %".to_owned()));
        assert_eq!(shown(7, 7), (10_000, "100.0 %".to_owned()));
        assert_eq!(Rate::of(0, 0), None);
    }

    proptest! {
        #[test]
        fn a_part_is_between_none_and_all_and_more_is_never_less(whole in 1..1_000_000u64, a in 0..1_000_000u64, b in 0..1_000_000u64) {
            let (low, high) = (a.min(b).min(whole), a.max(b).min(whole));
            let points = |part| Rate::of(part, whole).expect("a rate").basis_points();
            prop_assert!(points(low) <= points(high) && points(high) <= 10_000);
            prop_assert_eq!(points(low) + points(whole - low) >= 10_000, true);
        }
    }
}
