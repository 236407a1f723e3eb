//! Fair shares: how many operations of one brand run at a time, so that a loud brand queues behind itself
//! and not in front of the others.
//!
//! A line has `at_once * beside_others` permits. A small place takes `beside_others` of them, so that `at_once` fit; a
//! large one takes `at_once`, so that `beside_others` fit, whatever the two numbers are. There are two large places at
//! least, so that one operation that hangs does not stop its brand. While others of the line are there, a large place may be
//! kept for longer than it is used, so that operations begin a given time apart. That time must not depend on how long
//! they take: on a busy machine they take longer, and a line that was once long would stay so.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::limit::TooMany;

/// When a queue is full, clients are asked to come back after this long.
const COME_BACK: Duration = Duration::from_secs(1);

/// A line is long that holds this many times what runs beside others.
const LONG: usize = 2;

/// One queue a key, in the order of arrival. Cheap to clone.
pub struct Shares<K>(Arc<Inner<K>>);

struct Inner<K> {
    /// Present while something runs or waits for the key.
    keys: Mutex<HashMap<K, Line>>,
    at_once: usize,
    /// Of them in large places.
    beside_others: usize,
}

struct Line {
    places: Arc<Semaphore>,
    /// Held by whoever is next, so that the size of a place is chosen when its turn comes.
    head: Arc<tokio::sync::Mutex<()>>,
    running: usize,
    waiting: usize,
}

/// Somebody's place in a line, with a permit once it is their turn; dropping it lets the next one in. A client who hangs
/// up while waiting leaves the line with it.
pub struct Place<K: Eq + Hash + Clone> {
    // Dropped before the line is left, so that a line nobody is in has all of its places.
    permit: Option<OwnedSemaphorePermit>,
    is_large: bool,
    /// Kept until then, whenever it is left.
    taken_until: Option<Instant>,
    shares: Shares<K>,
    key: K,
}

impl<K> Clone for Shares<K> {
    fn clone(&self) -> Self {
        Shares(self.0.clone())
    }
}

impl<K: Eq + Hash + Clone> Shares<K> {
    /// `at_once` operations of a key run; in large places no more than this machine has processors, or two: more would
    /// only make those of others wait.
    pub fn new(at_once: usize) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::of(at_once.max(1), processors)
    }

    fn of(at_once: usize, processors: usize) -> Self {
        let beside_others = processors.max(2).min(at_once);
        Shares(Arc::new(Inner { keys: Mutex::default(), at_once, beside_others }))
    }

    /// Waits for a place, a large one when people of other brands are there by then; refused at once when there is none
    /// and `waiting` wait. While others of the line are there a large place is kept so long that those who follow one another
    /// begin no closer than `apart` on average.
    pub async fn enter(
        &self,
        key: K,
        beside_others: impl Fn() -> bool,
        waiting: usize,
        apart: Duration,
    ) -> Result<Place<K>, TooMany> {
        let joined = self.join(key);
        let mut place = match joined.ahead < waiting {
            true => joined.turn(&beside_others).await,
            false => joined.now(beside_others()).ok_or(TooMany(COME_BACK))?,
        };
        if place.is_large {
            let places = u32::try_from(self.0.beside_others).unwrap_or(u32::MAX);
            place.taken_until = Instant::now().checked_add(apart.saturating_mul(places));
        }
        Ok(place)
    }

    /// Waits for a small place however many wait.
    pub async fn wait(&self, key: K) -> Place<K> {
        self.join(key).turn(|| false).await
    }

    /// Waits for a place however many wait: a small one, unless people of other brands are there by then and the line is
    /// [long](LONG). Of what is quick, that keeps a crowd from its neighbours and does not hold up who is no crowd.
    pub async fn wait_in_crowd(&self, key: K, beside_others: impl Fn() -> bool) -> Place<K> {
        let is_crowd = || self.inside(&key) > LONG * self.0.beside_others;
        self.join(key.clone()).turn(|| is_crowd() && beside_others()).await
    }

    /// Operations of `key` that run or wait.
    pub fn inside(&self, key: &K) -> usize {
        self.lock().get(key).map_or(0, |line| line.running + line.waiting)
    }

    fn join(&self, key: K) -> Joined<K> {
        let mut keys = self.lock();
        let permits = self.0.at_once * self.0.beside_others;
        let fresh = || Line { places: Arc::new(Semaphore::new(permits)), head: Arc::default(), running: 0, waiting: 0 };
        let line = keys.entry(key.clone()).or_insert_with(fresh);
        let ahead = line.waiting;
        line.waiting += 1;
        let (places, head) = (line.places.clone(), line.head.clone());
        let place = Place { permit: None, is_large: false, taken_until: None, shares: self.clone(), key };
        Joined { places, head, ahead, place }
    }
}

impl<K> Shares<K> {
    /// Permits of a place.
    fn size(&self, is_large: bool) -> u32 {
        let size = if is_large { self.0.at_once } else { self.0.beside_others };
        u32::try_from(size).expect("fewer than a semaphore has")
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Line>> {
        self.0.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In a line, without a permit yet.
struct Joined<K: Eq + Hash + Clone> {
    places: Arc<Semaphore>,
    head: Arc<tokio::sync::Mutex<()>>,
    /// Who waited before.
    ahead: usize,
    place: Place<K>,
}

impl<K: Eq + Hash + Clone> Joined<K> {
    async fn turn(self, is_large: impl Fn() -> bool) -> Place<K> {
        let _head = self.head.lock().await;
        let is_large = is_large();
        let size = self.place.shares.size(is_large);
        let permit = self.places.acquire_many_owned(size).await.expect("never closed");
        self.place.begin(permit, is_large)
    }

    /// `None` unless there is a place and nobody waits for it.
    fn now(self, is_large: bool) -> Option<Place<K>> {
        let size = self.place.shares.size(is_large);
        let permit = self.places.try_acquire_many_owned(size).ok().filter(|_| self.ahead == 0)?;
        Some(self.place.begin(permit, is_large))
    }
}

impl<K: Eq + Hash + Clone> Place<K> {
    fn begin(mut self, permit: OwnedSemaphorePermit, is_large: bool) -> Self {
        (self.permit, self.is_large) = (Some(permit), is_large);
        if let Some(line) = self.shares.lock().get_mut(&self.key) {
            line.waiting -= 1;
            line.running += 1;
        }
        self
    }
}

impl<K: Eq + Hash + Clone> Drop for Place<K> {
    fn drop(&mut self) {
        let permit = self.permit.take();
        let ran = permit.is_some();
        if let (Some(permit), Some(until), Ok(runtime)) = (permit, self.taken_until, Handle::try_current())
            && Instant::now() < until
        {
            // Who comes to an empty line finds a new one with all of its places.
            runtime.spawn(async move {
                sleep_until(until).await;
                drop(permit);
            });
        }
        let mut keys = self.shares.lock();
        if let Some(line) = keys.get_mut(&self.key) {
            *(if ran { &mut line.running } else { &mut line.waiting }) -= 1;
            if line.running + line.waiting == 0 {
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
        let running = shares.enter("loud", || false, 1, Duration::ZERO).await.expect("a place");
        let mut waiting = Box::pin(shares.enter("loud", || false, 1, Duration::ZERO));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert_eq!(shares.enter("loud", || false, 1, Duration::ZERO).await.err(), Some(TooMany(COME_BACK)));
        assert!(shares.enter("quiet", || false, 1, Duration::ZERO).await.is_ok());
        drop(running);
        assert!(waiting.await.is_ok());
    }

    /// How many of `places` are had at the same time.
    async fn at_once<P>(places: impl Iterator<Item = P>) -> usize
    where
        P: Future,
    {
        let mut had = Vec::new();
        for place in places {
            // The runtime's budget of a turn would run out before many have their place.
            let mut place = Box::pin(tokio::task::unconstrained(place));
            match futures_util::poll!(&mut place) {
                std::task::Poll::Ready(place) => had.push(place),
                std::task::Poll::Pending => break,
            }
        }
        had.len()
    }

    #[tokio::test]
    async fn beside_others_as_many_run_as_there_are_processors_whatever_the_share_is() {
        for (share, processors, beside) in
            [(9, 2, 2), (3, 2, 2), (9, 4, 4), (12, 1, 2), (1, 8, 1), (2, 1, 2), (4, 64, 4), (200, 7, 7)]
        {
            let shares = Shares::of(share, processors);
            let alone = (0..500).map(|_| shares.enter("loud", || false, 1_000, Duration::ZERO));
            assert_eq!(at_once(alone).await, share, "{share} of {processors}, alone");
            let others = (0..500).map(|_| shares.enter("loud", || true, 1_000, Duration::ZERO));
            assert_eq!(at_once(others).await, beside, "{share} of {processors}, beside others");
        }
    }

    #[tokio::test]
    async fn a_place_is_as_large_as_it_has_to_be_when_its_turn_comes() {
        let shares = Shares::of(4, 2);
        let came = std::cell::Cell::new(false);
        let running: Vec<_> = futures_util::future::join_all((0..4).map(|_| shares.wait("loud"))).await;
        let mut crowd: Vec<_> =
            (0..4).map(|_| Box::pin(shares.enter("loud", || came.get(), 5, Duration::ZERO))).collect();
        for waiting in &mut crowd {
            assert!(futures_util::poll!(waiting).is_pending());
        }
        came.set(true);
        drop(running);
        let mut had = Vec::new();
        for waiting in &mut crowd {
            had.extend(match futures_util::poll!(waiting) {
                std::task::Poll::Ready(place) => Some(place),
                std::task::Poll::Pending => None,
            });
        }
        assert_eq!(had.len(), 2, "the neighbour came while they waited");
    }

    #[tokio::test]
    async fn whoever_waits_for_a_large_place_has_it_no_sooner_than_it_may_be_left() {
        const LONG: Duration = Duration::from_secs(3_600);
        let shares = Shares::of(2, 2);
        let enter = async |beside, apart| shares.enter("loud", || beside, 9, apart).await.expect("a place");
        let (first, second) = (enter(true, LONG).await, enter(true, Duration::ZERO).await);
        let (third, fourth) = (enter(true, Duration::ZERO), enter(true, Duration::ZERO));
        tokio::pin!(third, fourth);
        assert!(futures_util::poll!(third.as_mut()).is_pending() && futures_util::poll!(fourth.as_mut()).is_pending());
        drop(first);
        assert!(futures_util::poll!(third.as_mut()).is_pending(), "the first one's place is kept");
        drop(second);
        drop(third.await);
        drop(fourth.await);
        assert!(shares.lock().is_empty());
        drop((enter(true, LONG).await, enter(true, LONG).await));
        assert_eq!(at_once((0..9).map(|_| enter(false, LONG))).await, 2, "nobody waited for it");
        // Alone they follow one another as they end, whatever the two numbers are.
        let running = (enter(false, LONG).await, enter(false, LONG).await);
        let waiting = enter(false, LONG);
        tokio::pin!(waiting);
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        drop(running);
        assert!(futures_util::poll!(waiting.as_mut()).is_ready());
    }

    #[tokio::test]
    async fn a_full_line_refuses_whoever_would_wait() {
        let shares = Shares::of(2, 2);
        let first = shares.enter("loud", || false, 0, Duration::ZERO).await.expect("a place");
        let _second = shares.enter("loud", || false, 0, Duration::ZERO).await.expect("a place");
        assert_eq!(shares.enter("loud", || false, 0, Duration::ZERO).await.err(), Some(TooMany(COME_BACK)));
        drop(first);
        assert!(shares.enter("loud", || false, 0, Duration::ZERO).await.is_ok());
    }

    #[tokio::test]
    async fn who_is_no_crowd_has_small_places_beside_others_too() {
        let shares = Shares::of(16, 2);
        let alone = (0..500).map(|_| shares.wait_in_crowd("loud", || false));
        assert_eq!(at_once(alone).await, 16);
        let few: Vec<_> = futures_util::future::join_all((0..4).map(|_| shares.wait_in_crowd("loud", || true))).await;
        let crowd = (0..500).map(|_| shares.wait_in_crowd("loud", || true)).collect::<Vec<_>>();
        assert_eq!(at_once(crowd.into_iter()).await, 1, "a large place fits beside four small ones, two do not");
        drop(few);
        assert!(shares.lock().is_empty());
    }

    #[tokio::test]
    async fn who_hangs_up_leaves_the_line_and_an_empty_line_is_forgotten() {
        let shares = Shares::new(1);
        let running = shares.wait("key").await;
        for _ in 0..3 {
            let mut waiting = Box::pin(shares.enter("key", || false, 3, Duration::ZERO));
            assert!(futures_util::poll!(&mut waiting).is_pending());
        }
        drop(running);
        assert!(shares.enter("key", || false, 0, Duration::ZERO).await.is_ok());
        assert!(shares.lock().is_empty());
    }
}
