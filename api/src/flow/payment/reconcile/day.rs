//! Days as bills count them: Beijing's, which have 24 hours.

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveTime, Utc};

/// From how long after the day's end on its bills can be asked for.
const READY_AFTER: Duration = Duration::hours(10);
/// And when we ask by ourselves.
const DUE_AFTER: Duration = Duration::minutes(10 * 60 + 30);
/// Bills go back three months.
pub const MAX_BACK: Duration = Duration::days(89);

const DAY: Duration = Duration::days(1);

/// The day that `at` is on.
pub fn day_of(at: DateTime<Utc>) -> NaiveDate {
    let beijing = FixedOffset::east_opt(8 * 3600).expect("eight hours are within a day");
    at.with_timezone(&beijing).date_naive()
}

/// When it begins.
pub fn starts(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() - Duration::hours(8)
}

/// When it is over.
pub fn ends(day: NaiveDate) -> DateTime<Utc> {
    starts(day) + DAY
}

/// When its bills are there.
pub fn ready_at(day: NaiveDate) -> DateTime<Utc> {
    ends(day) + READY_AFTER
}

/// When it is reconciled by itself.
pub fn due_at(day: NaiveDate) -> DateTime<Utc> {
    ends(day) + DUE_AFTER
}

/// The last day that is due by now.
pub fn last_due(now: DateTime<Utc>) -> NaiveDate {
    day_of(now - DAY - DUE_AFTER)
}

/// When the next one is.
pub fn next_due(now: DateTime<Utc>) -> DateTime<Utc> {
    due_at(last_due(now) + DAY)
}

/// The days to be done by now of someone who began at `begun`, as far back as bills go.
pub fn due_days(begun: DateTime<Utc>, now: DateTime<Utc>) -> impl Iterator<Item = NaiveDate> {
    let last = last_due(now);
    let first = day_of(begun).max(day_of(now) - MAX_BACK);
    first.iter_days().take_while(move |day| *day <= last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_beijings_and_done_at_half_past_ten_on_the_next() {
        assert_eq!(day_of(at("2026-03-01T15:59:59Z")), day("2026-03-01"));
        assert_eq!(day_of(at("2026-03-01T16:00:00Z")), day("2026-03-02"));
        assert_eq!(ready_at(day("2026-03-02")), at("2026-03-03T02:00:00Z"));
        assert_eq!(last_due(at("2026-03-03T02:29:59Z")), day("2026-03-01"));
        assert_eq!(last_due(at("2026-03-03T02:30:00Z")), day("2026-03-02"));
        assert_eq!(next_due(at("2026-03-03T02:30:00Z")), at("2026-03-04T02:30:00Z"));
    }

    #[test]
    fn missed_days_are_due_one_after_the_other_as_far_back_as_bills_go() {
        let days = |begun: &str| due_days(at(begun), at("2026-03-05T03:00:00Z")).collect::<Vec<_>>();
        assert_eq!(days("2026-03-02T02:00:00Z"), [day("2026-03-02"), day("2026-03-03"), day("2026-03-04")]);
        assert!(days("2026-03-05T02:00:00Z").is_empty(), "its first day is not over");
        assert_eq!(days("2020-01-01T00:00:00Z").len(), 89);
    }

    proptest! {
        #[test]
        fn each_instant_is_on_one_day_and_its_day_is_due_once(seconds in 0_i64..4_000_000_000) {
            let now = DateTime::from_timestamp(seconds, 0).unwrap();
            let today = day_of(now);
            prop_assert!(starts(today) <= now && now < ends(today));
            prop_assert!(due_at(last_due(now)) <= now && now < next_due(now));
            prop_assert_eq!(next_due(now) - due_at(last_due(now)), DAY);
        }
    }
}
