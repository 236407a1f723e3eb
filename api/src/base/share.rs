//! Fair shares: how many operations of one brand run at a time, so that a loud brand queues behind itself
//! and not in front of the others.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limit::TooMany;

/// When a queue is full, clients are asked to come back after this long.
const COME_BACK: Duration = Duration::from_secs(1);

/// One queue a key, in the order of arrival. Cheap to clone.
pub struct Shares<K>(Arc<Inner<K>>);

struct Inner<K> {
    /// Present while something runs or waits for the key.
    keys: Mutex<HashMap<K, Line>>,
    at_once: usize,
    /// Of them while others are there.
    beside_others: usize,
}

struct Line {
    places: Arc<Semaphore>,
    /// Running and waiting together.
    inside: usize,
}

/// A running operation's place; dropping it lets the next one in.
pub struct Place<K: Eq + Hash + Clone> {
    // Dropped before the line is left, so that a line nobody is in has all of its places.
    permit: Option<OwnedSemaphorePermit>,
    shares: Shares<K>,
    key: K,
}

impl<K> Clone for Shares<K> {
    fn clone(&self) -> Self {
        Shares(self.0.clone())
    }
}

impl<K: Eq + Hash + Clone> Shares<K> {
    /// `at_once` operations of a key run. Of those who come while others are there no more run than this machine has
    /// processors, or two: more would only make theirs wait. It may be fewer, since a larger place is of whole parts:
    /// with nine for two, one.
    pub fn new(at_once: usize) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::of(at_once.max(1), processors)
    }

    fn of(at_once: usize, processors: usize) -> Self {
        let beside_others = processors.max(2).min(at_once);
        Shares(Arc::new(Inner { keys: Mutex::default(), at_once, beside_others }))
    }

    /// Waits for a place, a larger one when people of other brands are there; refused at once when `waiting` wait.
    pub async fn enter(&self, key: K, beside_others: bool, waiting: usize) -> Result<Place<K>, TooMany> {
        let joined = self.join(key);
        if joined.before >= self.0.at_once + waiting {
            return Err(TooMany(COME_BACK));
        }
        let parts = if beside_others { self.0.at_once.div_ceil(self.0.beside_others) } else { 1 };
        Ok(joined.turn(parts).await)
    }

    /// Waits for a place however many wait.
    pub async fn wait(&self, key: K) -> Place<K> {
        self.join(key).turn(1).await
    }

    fn join(&self, key: K) -> Joined<K> {
        let mut keys = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Line { places: Arc::new(Semaphore::new(self.0.at_once)), inside: 0 };
        let line = keys.entry(key.clone()).or_insert_with(fresh);
        let before = line.inside;
        line.inside += 1;
        Joined { places: line.places.clone(), before, place: Place { permit: None, shares: self.clone(), key } }
    }
}

/// In a line, with a place that has no permit yet: a client who hangs up leaves the line with it.
struct Joined<K: Eq + Hash + Clone> {
    places: Arc<Semaphore>,
    before: usize,
    place: Place<K>,
}

impl<K: Eq + Hash + Clone> Joined<K> {
    async fn turn(mut self, parts: usize) -> Place<K> {
        let parts = u32::try_from(parts).expect("fewer places than a semaphore has");
        self.place.permit = Some(self.places.acquire_many_owned(parts).await.expect("never closed"));
        self.place
    }
}

impl<K: Eq + Hash + Clone> Drop for Place<K> {
    fn drop(&mut self) {
        drop(self.permit.take());
        let mut keys = self.shares.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = keys.get_mut(&self.key) {
            line.inside -= 1;
            if line.inside == 0 {
                keys.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_runs_as_many_as_its_share_queues_a_few_and_leaves_others_alone() {
        let shares = Shares::new(1);
        let running = shares.enter("loud", false, 1).await.expect("a place");
        let mut waiting = Box::pin(shares.enter("loud", false, 1));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert_eq!(shares.enter("loud", false, 1).await.err(), Some(TooMany(COME_BACK)));
        assert!(shares.enter("quiet", false, 1).await.is_ok());
        drop(running);
        assert!(waiting.await.is_ok());
    }

    #[tokio::test]
    async fn beside_others_fewer_run_at_once() {
        let shares = Shares::of(12, 1);
        let alone = (shares.wait("loud").await, shares.wait("loud").await, shares.wait("loud").await);
        drop(alone);
        let running = (shares.enter("loud", true, 5).await, shares.enter("loud", true, 5).await);
        let mut waiting = Box::pin(shares.enter("loud", true, 5));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(running);
        assert!(waiting.await.is_ok());
    }

    #[tokio::test]
    async fn who_hangs_up_leaves_the_line_and_an_empty_line_is_forgotten() {
        let shares = Shares::new(1);
        let running = shares.wait("key").await;
        for _ in 0..3 {
            let mut waiting = Box::pin(shares.enter("key", false, 1));
            assert!(futures_util::poll!(&mut waiting).is_pending());
        }
        drop(running);
        assert!(shares.enter("key", false, 0).await.is_ok());
        assert!(shares.0.keys.lock().expect("whole").is_empty());
    }
}
