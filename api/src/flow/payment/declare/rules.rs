//! Pure decisions: which payments are declared, and with which date.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::flow::payment::ledger::statement::start_of;

/// WeChat wants to be told of what ships later than this after payment.
pub const UNDECLARED: Duration = Duration::days(15);
/// And takes no later date than this.
pub const LATEST: Duration = Duration::days(330);

/// The instant that is declared for goods promised for a day of the brand: its last second, so that what ships on
/// the day is in time. On the last day that WeChat takes it is the last instant that it takes, still on that day.
/// `None` for a payment that needs no declaration.
pub fn declared_for(promise: NaiveDate, zone: Tz, paid_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let day = start_of(zone, promise);
    let end = start_of(zone, promise.succ_opt()?) - Duration::seconds(1);
    let at = if day <= paid_at + LATEST { end.min(paid_at + LATEST) } else { end };
    (at - paid_at > UNDECLARED).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ZONE: Tz = Tz::Asia__Shanghai;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn fifteen_days_to_the_end_of_the_promised_day_need_no_declaration() {
        // The last second of 17 March in Shanghai, and fifteen days before it.
        assert_eq!(declared_for(day("2026-03-17"), ZONE, at("2026-03-02T15:59:59Z")), None);
        let declared = declared_for(day("2026-03-17"), ZONE, at("2026-03-02T15:59:58Z"));
        assert_eq!(declared, Some(at("2026-03-17T15:59:59Z")));
        assert_eq!(declared_for(day("2026-03-14"), ZONE, at("2026-03-02T02:00:00Z")), None);
    }

    #[test]
    fn the_last_day_that_wechat_takes_is_declared_up_to_its_last_instant() {
        let paid_at = at("2026-03-02T02:00:00Z");
        let last = (paid_at + LATEST).with_timezone(&ZONE).date_naive();
        assert_eq!(declared_for(last, ZONE, paid_at), Some(paid_at + LATEST));
    }

    proptest! {
        #[test]
        fn what_is_declared_lies_on_the_promised_day_and_where_wechat_takes_it(
            paid in 1_700_000_000i64..1_900_000_000, days in 0i64..=330
        ) {
            let paid_at = DateTime::from_timestamp(paid, 0).unwrap();
            let promise = paid_at.with_timezone(&ZONE).date_naive() + Duration::days(days);
            match declared_for(promise, ZONE, paid_at) {
                Some(at) => {
                    prop_assert_eq!(at.with_timezone(&ZONE).date_naive(), promise);
                    prop_assert!(at - paid_at > UNDECLARED && at - paid_at <= LATEST);
                }
                None => prop_assert!(days <= 15),
            }
        }
    }
}
