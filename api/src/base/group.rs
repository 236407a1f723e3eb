//! Group commit: items in flight for one key are written together, each with its own answer. Look-ups of many people
//! group in the same way.
//!
//! The first item of an idle key is written at once; those that arrive meanwhile wait in a bounded queue and become the
//! next write. There is no timer but the rest of a [`Pace`] beside others: under load groups grow by themselves, and an
//! idle server adds nothing. The writer runs in a task of its own, so that a client who hangs up takes nobody else's
//! write along. Its SQL statements are counted to the first of a group.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::home::Home;
use super::stats::{self, SqlStats};
use crate::error::{Code, Fault, Refusal, Result};

/// Items waiting, by key. `O` is the answer to one item. Cheap to clone.
pub struct Group<K, I, O>(Arc<Inner<K, I, O>>);

struct Inner<K, I, O> {
    /// Present while a writer runs for the key, or rests.
    lanes: Mutex<HashMap<K, VecDeque<Waiting<I, O>>>>,
    /// Items that may wait for one key.
    capacity: usize,
    pace: PaceOf<K>,
    home: Home,
}

/// How the writes of a key follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Items of one write.
    pub largest: usize,
    /// How many times as long as it took is left to others after each write, within reason.
    pub rests: u32,
}

/// Three times what the write of a group takes, and more. One that takes longer waits itself, for a processor as likely as
/// for a lock, and the longer it rested then, the longer its queue would be.
const LONGEST_REST: Duration = Duration::from_millis(20);

type PaceOf<K> = Box<dyn Fn(&K) -> Pace + Send + Sync>;

struct Waiting<I, O> {
    item: I,
    answer: oneshot::Sender<(O, Option<Arc<SqlStats>>)>,
}

impl<K, I, O> Clone for Group<K, I, O> {
    fn clone(&self) -> Self {
        Group(self.0.clone())
    }
}

impl<K, I, O> Group<K, I, O>
where
    K: Clone + Eq + Hash + Send + 'static,
    I: Send + 'static,
    O: Send + 'static,
{
    /// At most `capacity` items wait for one key; at most `largest` are written together.
    pub fn new(capacity: usize, largest: usize) -> Self {
        Self::paced(capacity, move |_| Pace { largest, rests: 0 })
    }

    /// The same, the pace being looked up for each write.
    pub fn paced(capacity: usize, pace: impl Fn(&K) -> Pace + Send + Sync + 'static) -> Self {
        let pace: PaceOf<K> = Box::new(pace);
        Group(Arc::new(Inner { lanes: Mutex::default(), capacity, pace, home: Home::here() }))
    }

    /// [`Group::try_join`], with `UNAVAILABLE` for a full queue.
    pub async fn join<W, F>(&self, key: K, item: I, write: W) -> Result<O>
    where
        W: Fn(Vec<I>) -> F + Send + 'static,
        F: Future<Output = Vec<O>> + Send,
    {
        let joined = self.try_join(key, item, write).await?;
        joined.ok_or_else(|| Fault::Unavailable("too many writes wait for one another".to_owned()).into())
    }

    /// Joins the next write of `key` and waits for this item's answer. `write` gets items in the order
    /// of their arrival and answers each at its place. `None` when the queue is full: nothing happened.
    /// `UNAVAILABLE` when the writer died: what happened to the item is then unknown to it, as with a
    /// lost connection.
    pub async fn try_join<W, F>(&self, key: K, item: I, write: W) -> Result<Option<O>>
    where
        W: Fn(Vec<I>) -> F + Send + 'static,
        F: Future<Output = Vec<O>> + Send,
    {
        let (answer, answered) = oneshot::channel();
        let starts = {
            let mut lanes = self.0.lock();
            let starts = !lanes.contains_key(&key);
            let queue = lanes.entry(key.clone()).or_default();
            if queue.len() >= self.0.capacity {
                return Ok(None);
            }
            queue.push_back(Waiting { item, answer });
            starts
        };
        if starts {
            let lane = Lane { inner: self.0.clone(), key };
            self.0.home.spawn(async move { lane.work(write).await });
        }
        let ended = |_| Fault::Unavailable("the group's writer ended".to_owned());
        let (answer, work) = answered.await.map_err(ended)?;
        work.inspect(|work| stats::charge(work));
        Ok(Some(answer))
    }
}

impl<K: Eq + Hash, I, O> Group<K, I, O> {
    /// Items that wait for the next write of `key`; `None` while nothing of it is being written
    /// and its writer does not rest.
    pub fn waiting(&self, key: &K) -> Option<usize> {
        self.0.lock().get(key).map(VecDeque::len)
    }
}

impl<K, I, O> Inner<K, I, O> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, VecDeque<Waiting<I, O>>>> {
        // A queue is whole between any two of its operations, also when a thread died at its lock.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a person is told whose item [`Group::try_join`] did not take.
pub fn busy() -> Refusal {
    Refusal::new(
        Code::Unavailable,
        "Very many ask for the same right now; repeat with the same idempotency key in a moment.",
        "当前人数过多，请稍后使用相同的幂等键重试。",
    )
}

/// The writer of one key. Dropped early (a panic in `write`), it gives its key free again and fails those who wait.
struct Lane<K: Eq + Hash, I, O> {
    inner: Arc<Inner<K, I, O>>,
    key: K,
}

impl<K: Eq + Hash, I, O> Lane<K, I, O> {
    async fn work<W, F>(self, write: W)
    where
        W: Fn(Vec<I>) -> F,
        F: Future<Output = Vec<O>>,
    {
        while let Some((group, rests)) = self.next() {
            let begun = Instant::now();
            let (items, waiting): (Vec<I>, Vec<_>) = group.into_iter().map(|w| (w.item, w.answer)).unzip();
            let work = Arc::new(SqlStats::default());
            let answers = stats::scope(work.clone(), write(items)).await;
            let mut work = Some(work);
            for (answer, waiting) in answers.into_iter().zip(waiting) {
                // Whoever hung up does not read it.
                let _ = waiting.send((answer, work.take()));
            }
            // Time that the write waited itself, as for a database that was away, is nobody's to be left.
            if rests > 0 {
                tokio::time::sleep((begun.elapsed() * rests).min(LONGEST_REST)).await;
            }
        }
    }

    /// The next group, and how long its writer [rests](Pace::rests) after it; `None` gives the key free, under the same lock that found
    /// nobody waiting.
    fn next(&self) -> Option<(Vec<Waiting<I, O>>, u32)> {
        let mut lanes = self.inner.lock();
        let queue = lanes.get_mut(&self.key)?;
        if queue.is_empty() {
            lanes.remove(&self.key);
            return None;
        }
        let Pace { largest, rests } = (self.inner.pace)(&self.key);
        let size = queue.len().min(largest);
        Some((queue.drain(..size).collect(), rests))
    }
}

impl<K: Eq + Hash, I, O> Drop for Lane<K, I, O> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.inner.lock().remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn an_idle_key_writes_at_once_and_the_others_go_together() {
        let (group, sizes) = (Group::new(100, 10), Arc::new(Mutex::new(Vec::new())));
        let gate = Arc::new(Semaphore::new(0));
        let join = |n: usize| {
            let (group, sizes, gate) = (group.clone(), sizes.clone(), gate.clone());
            let write = move |items: Vec<usize>| {
                let (sizes, gate) = (sizes.clone(), gate.clone());
                async move {
                    sizes.lock().unwrap().push(items.len());
                    gate.acquire().await.unwrap().forget();
                    items.into_iter().map(|n| n * 2).collect()
                }
            };
            async move { group.join("key", n, write).await.unwrap() }
        };
        let all = futures_util::future::join_all((0..15).map(join));
        let open = async {
            while sizes.lock().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
            gate.add_permits(3);
        };
        let (answers, ()) = tokio::join!(all, open);
        assert_eq!(answers, (0..15).map(|n| n * 2).collect::<Vec<_>>());
        // Which items the first write found depends on who ran first; none is written twice or left.
        let sizes = sizes.lock().unwrap();
        assert!(sizes.iter().sum::<usize>() == 15 && sizes.len() <= 3, "{sizes:?}");
    }

    #[tokio::test]
    async fn a_write_takes_no_more_than_it_may_just_then() {
        let (group, sizes): (Group<usize, usize, usize>, _) =
            (Group::paced(100, |key| Pace { largest: *key, rests: 0 }), Arc::new(Mutex::new(Vec::new())));
        let join = |key: usize| {
            let (group, sizes) = (group.clone(), sizes.clone());
            async move {
                let write = move |items: Vec<usize>| {
                    sizes.lock().unwrap().push((key, items.len()));
                    async move {
                        tokio::task::yield_now().await;
                        items
                    }
                };
                group.join(key, key, write).await.unwrap()
            }
        };
        futures_util::future::join_all((0..20).map(|n| join(2 + n % 2 * 3))).await;
        let sizes = sizes.lock().unwrap();
        assert!(sizes.contains(&(2, 2)) && sizes.contains(&(5, 5)), "{sizes:?}");
        assert!(sizes.iter().all(|(key, size)| size <= key), "{sizes:?}");
    }

    #[tokio::test]
    async fn a_full_queue_is_refused_and_a_dead_writer_frees_its_key() {
        let group: Group<&str, usize, usize> = Group::new(1, 1);
        let died = group.join("key", 0, |_| async { panic!("the writer dies") }).await;
        assert!(died.is_err());
        assert_eq!(group.join("key", 1, |items| async move { items }).await.unwrap(), 1);

        let (gate, begun) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let join = |n| {
            let (gate, begun) = (gate.clone(), begun.clone());
            group.join("key", n, move |items| {
                let (gate, begun) = (gate.clone(), begun.clone());
                async move {
                    begun.fetch_add(1, Ordering::SeqCst);
                    gate.acquire().await.unwrap().forget();
                    items
                }
            })
        };
        let refused = async {
            while begun.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
            let waits = join(2);
            let refused = async {
                tokio::task::yield_now().await;
                let refused = join(3).await.is_err();
                gate.add_permits(2);
                refused
            };
            let (waited, refused) = tokio::join!(waits, refused);
            (waited.unwrap(), refused)
        };
        let (first, rest) = tokio::join!(join(1), refused);
        assert_eq!((first.unwrap(), rest), (1, (2, true)));
    }
}
