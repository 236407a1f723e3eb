//! Buckets in the memory of this process, by the generic cell rate algorithm: a bucket is the instant at
//! which it will be full again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::{Ask, TooMany};

#[derive(Default)]
pub(super) struct Buckets(Mutex<HashMap<String, Instant>>);

impl Buckets {
    /// From all buckets or from none.
    pub fn take(&self, asks: &[Ask], now: Instant) -> Result<(), TooMany> {
        let mut full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Vec::with_capacity(asks.len());
        for ask in asks {
            let from = full_at.get(&ask.key).map_or(now, |at| now.max(*at));
            let to = from + ask.rate.time_of(ask.cost);
            let wait = to.saturating_duration_since(now + ask.rate.time_of(ask.rate.burst.get()));
            if !wait.is_zero() {
                return Err(TooMany(wait));
            }
            next.push(to);
        }
        for (ask, to) in asks.iter().zip(next) {
            full_at.insert(ask.key.clone(), to);
        }
        Ok(())
    }

    /// What was taken before.
    pub fn give_back(&self, asks: &[Ask]) {
        let mut full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ask in asks {
            if let Some(at) = full_at.get_mut(&ask.key) {
                *at = at.checked_sub(ask.rate.time_of(ask.cost)).unwrap_or(*at);
            }
        }
    }

    /// Forgets buckets that are full.
    pub fn sweep(&self, now: Instant) {
        let mut full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        full_at.retain(|_, at| *at > now);
        full_at.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use super::super::Rate;
    use super::*;

    fn ask(key: &str, per_second: u32, burst: u32, cost: u32) -> Ask {
        let positive = |n| NonZeroU32::new(n).expect("positive");
        Ask { key: key.to_owned(), rate: Rate { per_second: positive(per_second), burst: positive(burst) }, cost }
    }

    #[test]
    fn a_bucket_gives_its_burst_then_as_much_as_it_regains() {
        let (buckets, start) = (Buckets::default(), Instant::now());
        let take = |cost, at| buckets.take(&[ask("a", 10, 100, cost)], start + Duration::from_millis(at));
        assert_eq!(take(100, 0), Ok(()));
        assert_eq!(take(10, 0), Err(TooMany(Duration::from_secs(1))));
        assert_eq!(take(10, 999), Err(TooMany(Duration::from_millis(1))));
        assert_eq!(take(10, 1000), Ok(()));
        assert_eq!(take(1000, 20_000), Ok(()), "a cost above the burst counts as the burst");
    }

    #[test]
    fn when_one_of_two_buckets_is_empty_neither_pays() {
        let (buckets, now) = (Buckets::default(), Instant::now());
        let both = |actor: &str, cost| buckets.take(&[ask(actor, 1, 10, cost), ask("brand", 1, 15, cost)], now);
        assert_eq!(both("a", 10), Ok(()));
        assert_eq!(both("b", 10), Err(TooMany(Duration::from_secs(5))));
        assert_eq!(buckets.take(&[ask("b", 1, 10, 10)], now), Ok(()), "what was refused took nothing");
    }

    #[test]
    fn full_buckets_are_forgotten() {
        let (buckets, now) = (Buckets::default(), Instant::now());
        buckets.take(&[ask("a", 1, 10, 1), ask("b", 1, 10, 10)], now).expect("room");
        buckets.sweep(now + Duration::from_secs(5));
        assert_eq!(buckets.0.lock().expect("whole").len(), 1);
    }
}
