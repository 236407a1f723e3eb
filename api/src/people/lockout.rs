//! When guessing a password is stopped. Pure.
//!
//! An attempt is counted before the password is looked at and forgotten when it was right, so that
//! many guesses at once gain nothing over one after the other.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// Attempts that may fail before the account is locked.
const FREE_ATTEMPTS: i32 = 5;
const FIRST_LOCK_MINUTES: i64 = 15;
const LONGEST_LOCK_MINUTES: i64 = 24 * 60;

/// Attempts since the last right one, and how long the account stays locked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    pub failed: i32,
    pub locked_until: Option<DateTime<Utc>>,
}

impl Attempts {
    /// Counts one more attempt; `Err` with the end of the lock when none is allowed now. From the
    /// fifth on, each locks the account: 15 minutes, then twice as long each time, at most a day.
    pub fn count(self, now: DateTime<Utc>) -> Result<Attempts, DateTime<Utc>> {
        if let Some(until) = self.locked_until.filter(|until| *until > now) {
            return Err(until);
        }
        let failed = self.failed.saturating_add(1);
        let doublings = (failed - FREE_ATTEMPTS).clamp(0, 10);
        let minutes = (FIRST_LOCK_MINUTES << doublings).min(LONGEST_LOCK_MINUTES);
        let locked_until = (failed >= FREE_ATTEMPTS).then(|| now + Duration::minutes(minutes));
        Ok(Attempts { failed, locked_until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + minute * 60, 0).unwrap()
    }

    #[test]
    fn the_fifth_attempt_locks_for_fifteen_minutes_and_each_later_one_twice_as_long() {
        let mut attempts = Attempts::default();
        for _ in 0..4 {
            attempts = attempts.count(at(0)).unwrap();
            assert_eq!(attempts.locked_until, None);
        }
        attempts = attempts.count(at(0)).unwrap();
        assert_eq!(attempts.locked_until, Some(at(15)));
        assert_eq!(attempts.count(at(14)), Err(at(15)));
        attempts = attempts.count(at(15)).unwrap();
        assert_eq!(attempts.locked_until, Some(at(45)));
    }

    proptest! {
        #[test]
        fn a_day_never_allows_more_than_a_few_guesses(gaps in prop::collection::vec(0i64..30, 1..500)) {
            let (mut attempts, mut minute, mut guesses) = (Attempts::default(), 0, 0);
            for gap in gaps {
                minute += gap;
                if minute >= 24 * 60 {
                    break;
                }
                if let Ok(counted) = attempts.count(at(minute)) {
                    attempts = counted;
                    guesses += 1;
                }
            }
            prop_assert!(guesses <= 12, "{guesses} guesses in a day");
        }
    }
}
