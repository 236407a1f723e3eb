//! Whether what was cached still holds.
//!
//! A cached thing names its [`Subject`]s and the [`Seen`] taken before it was read; a commit that changes a
//! subject makes everything seen before it stale, in this process at once and in the others when the bus brings
//! the news. News may get lost with a connection, so nothing lives long: [`Fresh::holds`] gives a thing its full
//! life only while the bus has been listening without a break since it was read, and [`SHORT`] otherwise, as with
//! several processes and no Redis.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::bus::{Bus, News};
use super::clock::Clock;
use super::id::random_bytes;

/// The longest life of anything while news may get lost; also that of what moves without news, such as tallies.
pub const SHORT: Duration = Duration::from_secs(1);
/// The life of who a token stands for.
pub const LONG: Duration = Duration::from_secs(15);
/// The life of what the people of a brand are shown and only an event changes; the longest of anything. It bounds how
/// long a process whose news Redis did not take leaves the others behind.
pub const STEADY: Duration = Duration::from_secs(30);

const TOPIC: &str = "fresh";
/// Stamps kept; above it everything cached counts as stale once.
const MAX_STAMPS: usize = 50_000;

/// What a cached thing depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// What the people of a brand, or a factory, are shown.
    Reads(Uuid),
    /// Who a token stands for: a session, a member, a person of staff, a brand, a factory or its key.
    Access(Uuid),
}

/// When something was read.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    stamp: u64,
    /// The clock's time, so that tests can let things grow old …
    at: DateTime<Utc>,
    /// … and the machine's, so that a clock that is set back keeps nothing alive.
    since: Instant,
    /// The bus' unbroken connection at that time.
    line: Option<u64>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Fresh(Arc<Inner>);

struct Inner {
    clock: Clock,
    bus: Bus,
    /// Names this process in its own news, which it need not hear again.
    process: String,
    stamp: AtomicU64,
    /// Everything seen before it is stale.
    floor: AtomicU64,
    changed: RwLock<HashMap<Subject, (u64, Instant)>>,
    heard: watch::Sender<u64>,
}

impl Fresh {
    /// Listens to the bus until `stop`.
    pub fn new(clock: Clock, bus: Bus, stop: CancellationToken) -> Self {
        let mut name = [0; 8];
        random_bytes(&mut name);
        let news = bus.listen_all();
        let fresh = Fresh(Arc::new(Inner {
            clock,
            bus,
            process: hex::encode(name),
            stamp: AtomicU64::new(1),
            floor: AtomicU64::new(0),
            changed: RwLock::default(),
            heard: watch::channel(0).0,
        }));
        tokio::spawn(listen(fresh.clone(), news, stop));
        fresh
    }

    /// Take it before reading what is to be cached.
    pub fn seen(&self) -> Seen {
        Seen {
            stamp: self.0.stamp.load(Ordering::SeqCst),
            at: self.0.clock.now(),
            since: Instant::now(),
            line: self.0.bus.line(),
        }
    }

    /// Whether nothing is known to have changed since, and news would have come within `life`.
    pub fn holds(&self, seen: &Seen, subjects: &[Subject], life: Duration) -> bool {
        let life = match (seen.line, self.0.bus.line()) {
            (Some(then), Some(now)) if then == now => life,
            _ => life.min(SHORT),
        };
        let Ok(age) = (self.0.clock.now() - seen.at).to_std() else { return false };
        if age >= life || self.0.clock.elapsed(seen.since) >= life || seen.stamp < self.0.floor.load(Ordering::SeqCst) {
            return false;
        }
        let changed = self.0.changed.read().unwrap_or_else(PoisonError::into_inner);
        subjects.iter().all(|subject| changed.get(subject).is_none_or(|(stamp, _)| *stamp <= seen.stamp))
    }

    /// What a commit is about to change; it counts as changed from when this is told or dropped.
    pub fn changing(&self, mut subjects: Vec<Subject>) -> Changing {
        subjects.sort_by_key(|subject| matches!(subject, Subject::Access(_)));
        Changing { fresh: self.clone(), subjects }
    }

    /// Counts the news that came from other processes; for tests, which wait instead of sleeping.
    pub fn heard(&self) -> watch::Receiver<u64> {
        self.0.heard.subscribe()
    }

    fn topic(&self, subject: Subject) -> String {
        let (kind, id) = match subject {
            Subject::Reads(id) => ("reads", id),
            Subject::Access(id) => ("access", id),
        };
        format!("{TOPIC}:{}:{kind}:{}", self.0.process, id.simple())
    }

    /// The subject of another process' news.
    fn read(&self, topic: &str) -> Option<Subject> {
        let mut parts = topic.split(':');
        let (name, process, kind, id) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if name != TOPIC || process == self.0.process {
            return None;
        }
        let id = id.parse().ok()?;
        match kind {
            "reads" => Some(Subject::Reads(id)),
            "access" => Some(Subject::Access(id)),
            _ => None,
        }
    }

    fn mark(&self, subject: Subject) {
        let mut changed = self.0.changed.write().unwrap_or_else(PoisonError::into_inner);
        let stamp = self.0.stamp.fetch_add(1, Ordering::SeqCst) + 1;
        changed.insert(subject, (stamp, Instant::now()));
        if changed.len() >= MAX_STAMPS {
            // Whatever was seen before these stamps has died of age.
            changed.retain(|_, (_, at)| at.elapsed() < 2 * STEADY);
            if changed.len() >= MAX_STAMPS {
                self.0.floor.store(stamp, Ordering::SeqCst);
                changed.clear();
            }
        }
    }

    fn forget_all(&self) {
        let stamp = self.0.stamp.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.floor.store(stamp, Ordering::SeqCst);
    }
}

/// Dropped where it cannot be told, it marks what it names: the commit may have happened.
#[must_use]
pub struct Changing {
    fresh: Fresh,
    subjects: Vec<Subject>,
}

impl Changing {
    /// Tells this process now and the others soon. What is about access has reached Redis when this returns, so
    /// that whoever is told "signed out" is.
    pub async fn tell(mut self) {
        for subject in &self.subjects {
            self.fresh.mark(*subject);
        }
        while let Some(Subject::Access(id)) = self.subjects.last().copied() {
            self.fresh.0.bus.tell(&self.fresh.topic(Subject::Access(id))).await;
            self.subjects.pop();
        }
    }
}

impl Drop for Changing {
    fn drop(&mut self) {
        for subject in self.subjects.drain(..) {
            self.fresh.mark(subject);
            self.fresh.0.bus.publish(&self.fresh.topic(subject));
        }
    }
}

async fn listen(fresh: Fresh, mut news: broadcast::Receiver<News>, stop: CancellationToken) {
    loop {
        let heard = tokio::select! {
            () = stop.cancelled() => return,
            heard = news.recv() => heard,
        };
        match heard {
            Ok(News::Topic(topic)) => {
                let Some(subject) = fresh.read(&topic) else { continue };
                fresh.mark(subject);
            }
            // Which news was missed is not known.
            Ok(News::Anything) | Err(broadcast::error::RecvError::Lagged(_)) => fresh.forget_all(),
            Err(broadcast::error::RecvError::Closed) => return,
        }
        fresh.0.heard.send_modify(|count| *count += 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> (Fresh, Clock) {
        let clock = Clock::fake(DateTime::UNIX_EPOCH + chrono::Duration::days(1));
        (Fresh::new(clock.clone(), Bus::memory(), CancellationToken::new()), clock)
    }

    #[tokio::test]
    async fn a_change_ends_what_was_seen_before_it_and_nothing_else() {
        let (fresh, _) = fresh();
        let (mine, other) = ([Subject::Access(Uuid::from_u128(1))], [Subject::Reads(Uuid::from_u128(1))]);
        let before = fresh.seen();
        fresh.changing(mine.to_vec()).tell().await;
        assert!(!fresh.holds(&before, &mine, LONG) && fresh.holds(&before, &other, LONG));
        assert!(fresh.holds(&fresh.seen(), &mine, LONG));
        fresh.forget_all();
        assert!(!fresh.holds(&before, &other, LONG) && fresh.holds(&fresh.seen(), &other, LONG));
    }

    #[tokio::test]
    async fn without_a_line_to_the_others_nothing_outlives_a_second_and_no_clock_makes_it() {
        let (fresh, clock) = fresh();
        let seen = fresh.seen();
        clock.advance(chrono::Duration::milliseconds(999));
        assert!(fresh.holds(&seen, &[], LONG));
        clock.advance(chrono::Duration::milliseconds(1));
        assert!(!fresh.holds(&seen, &[], LONG));
        clock.advance(chrono::Duration::milliseconds(-1001));
        assert!(!fresh.holds(&seen, &[], LONG));
    }
}
