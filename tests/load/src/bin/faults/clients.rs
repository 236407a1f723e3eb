//! People who use the shop and remember what they were told. An answer that does not come makes them ask
//! again with the same key, as a phone does; some give up.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use load::client::{Client, Member, Outcome};
use load::plan::{PRESALE, Plan, SKUS, SLATE};
use serde_json::{Value, json};
use smallbatch::base::id::OrderId;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};
use tokio::task::JoinHandle;

use crate::history::{History, outcome};
use crate::hurt::Dice;

/// A call is given up by its client after this long.
const TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPTS: u32 = 6;

/// What somebody wanted to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Pick { who: (usize, u64), design: u64 },
    Place { who: (usize, u64), skus: Vec<u64> },
}

/// How sure she is in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// It was acknowledged; an order with its id.
    Done(Option<OrderId>),
    /// No attempt can have happened.
    NotDone,
    /// An answer did not come, or was of the kind that leaves it open.
    Open,
}

pub struct Entry {
    pub key: String,
    pub wish: Wish,
    /// Open until it has ended.
    pub known: Known,
    /// Microseconds since the history began.
    pub invoked_at: u64,
}

/// All that was wished for, and what the answers were.
#[derive(Default)]
pub struct Log {
    pub entries: Vec<Entry>,
    answers: BTreeMap<String, usize>,
}

impl Log {
    pub fn acknowledged(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry.known, Known::Done(_))).count()
    }

    pub fn table(&self) -> String {
        let count = |known: fn(&Known) -> bool| self.entries.iter().filter(|entry| known(&entry.known)).count();
        let mut text = format!(
            "{} mutations: {} acknowledged, {} refused or never sent, {} open in the end\nanswers:\n",
            self.entries.len(),
            self.acknowledged(),
            count(|known| *known == Known::NotDone),
            count(|known| *known == Known::Open),
        );
        for (answer, times) in &self.answers {
            let _ = writeln!(text, "  {times:>8}  {answer}");
        }
        text
    }

    pub fn report(&self) -> Value {
        let mut outcomes: BTreeMap<_, usize> = ["ok", "failed", "unknown"].map(|outcome| (outcome, 0)).into();
        for entry in &self.entries {
            *outcomes.entry(outcome(&entry.known)).or_default() += 1;
        }
        json!({ "mutations": self.entries.len(), "outcomes": outcomes, "answers": self.answers })
    }
}

pub struct Crowd {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
    paused: Mutex<Option<OwnedRwLockWriteGuard<()>>>,
}

struct Shared {
    log: Mutex<Log>,
    history: Mutex<History>,
    /// Held for reading during each wish.
    door: Arc<RwLock<()>>,
    over: AtomicBool,
    began: Instant,
    /// When the latest acknowledged mutation was sent, in microseconds since `began`.
    worked: AtomicU64,
}

impl Crowd {
    /// Their history is written into the folder `out`.
    pub fn start(plan: &Plan, address: SocketAddr, people: usize, seed: u64, out: &Path) -> Result<Self> {
        let shared = Arc::new(Shared {
            log: Mutex::default(),
            history: Mutex::new(History::create(out)?),
            door: Arc::default(),
            over: AtomicBool::new(false),
            began: Instant::now(),
            worked: AtomicU64::new(0),
        });
        let tasks = (0..people as u64).map(|n| {
            let mut person = Person {
                client: Client::new(address, TIMEOUT),
                dice: Dice::new(seed ^ (n + 1).wrapping_mul(0x5851_f42d_4c95_7f2d)),
                members: plan.members.clone(),
                factories: plan.factories() as u64,
                name: format!("{seed:016x}-{n}"),
                wishes: 0,
                shared: shared.clone(),
            };
            tokio::spawn(async move { person.live().await })
        });
        Ok(Crowd { tasks: tasks.collect(), shared, paused: Mutex::new(None) })
    }

    /// Whether a mutation that was sent after `moment` has been acknowledged.
    pub fn works_since(&self, moment: Instant) -> bool {
        let since = moment.duration_since(self.shared.began).as_micros() as u64;
        self.shared.worked.load(Ordering::Acquire) > since
    }

    /// Waits until nobody is in the middle of something; nobody begins until [`Crowd::go_on`].
    pub async fn pause(&self) {
        let guard = self.shared.door.clone().write_owned().await;
        // What was given up may still be under way inside the server.
        tokio::time::sleep(Duration::from_secs(1)).await;
        *self.paused.lock().unwrap_or_else(PoisonError::into_inner) = Some(guard);
    }

    pub fn go_on(&self) {
        self.paused.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub fn log(&self) -> MutexGuard<'_, Log> {
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everybody goes home; what they remember.
    pub async fn stop(self) -> Log {
        self.go_on();
        self.shared.over.store(true, Ordering::Relaxed);
        for task in self.tasks {
            let _ = task.await;
        }
        std::mem::take(&mut self.shared.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shared {
    /// Remembers a wish before it is sent; its number.
    fn invoked(&self, wish: &Wish, key: &str) -> usize {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let n = log.entries.len();
        let invoked_at = self.history().invoked(n, wish, key);
        log.entries.push(Entry { key: key.to_owned(), wish: wish.clone(), known: Known::Open, invoked_at });
        n
    }

    fn ended(&self, n: usize, known: Known) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.entries[n].known = known;
        self.history().ended(n, &log.entries[n]);
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Person {
    client: Client,
    dice: Dice,
    /// Of each brand.
    members: Vec<u64>,
    factories: u64,
    name: String,
    wishes: u64,
    shared: Arc<Shared>,
}

impl Person {
    async fn live(&mut self) {
        while !self.shared.over.load(Ordering::Relaxed) {
            let door = self.shared.door.clone();
            let _inside = door.read().await;
            match self.dice.below(10) {
                0..4 => self.read().await,
                draw => self.change(draw < 8).await,
            }
            tokio::time::sleep(Duration::from_millis(self.dice.below(15))).await;
        }
    }

    fn someone(&mut self) -> Member {
        let brand = self.dice.below(self.members.len() as u64) as usize;
        // The first of a brand is its KOC.
        Member { brand, index: 1 + self.dice.below(self.members[brand] - 1) }
    }

    async fn read(&mut self) {
        let who = self.someone();
        let outcome = match self.dice.below(4) {
            0 => self.client.feed(who).await,
            1 => self.client.presale_page(who, PRESALE).await,
            2 => self.client.order_list(who).await,
            _ => {
                let factory = self.dice.below(self.factories) as usize;
                self.client.factory_feed(factory).await
            }
        };
        self.note(&outcome, "read");
    }

    async fn change(&mut self, picks: bool) {
        let who = self.someone();
        let wish = match picks {
            true => Wish::Pick { who: (who.brand, who.index), design: self.dice.below(SLATE) },
            false => {
                let first = self.dice.below(SKUS);
                let skus = vec![first, (first + 1 + self.dice.below(SKUS - 1)) % SKUS];
                Wish::Place { who: (who.brand, who.index), skus }
            }
        };
        self.wishes += 1;
        let key = format!("{}-{}", self.name, self.wishes);
        let n = self.shared.invoked(&wish, &key);
        let known = self.insist(who, &wish, &key).await;
        self.shared.ended(n, known);
    }

    /// Asks until the answer is clear, a few times at most; gives up one time in five.
    async fn insist(&mut self, who: Member, wish: &Wish, key: &str) -> Known {
        let mut open = false;
        for attempt in 1..=ATTEMPTS {
            let sent = self.shared.began.elapsed().as_micros() as u64;
            let outcome = match wish {
                Wish::Pick { design, .. } => self.client.pick(who, *design, key).await,
                Wish::Place { skus, .. } => self.client.place_order(who, PRESALE, skus, key).await,
            };
            self.note(&outcome, if matches!(wish, Wish::Pick { .. }) { "pick" } else { "order" });
            match outcome {
                Outcome::Ok => {
                    self.shared.worked.fetch_max(sent, Ordering::AcqRel);
                    return Known::Done(self.client.placed());
                }
                // The refused attempt did not happen; an earlier one without an answer still may.
                Outcome::Refused(code) if code != "UNAVAILABLE" => {
                    return if open { Known::Open } else { Known::NotDone };
                }
                Outcome::Failed(why) if is_clear(&why) => {}
                _ => open = true,
            }
            if self.dice.below(5) == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(30 * u64::from(attempt) + self.dice.below(40))).await;
        }
        if open { Known::Open } else { Known::NotDone }
    }

    fn note(&self, outcome: &Outcome, what: &str) {
        let answer = match outcome {
            Outcome::Ok => format!("{what}: ok"),
            Outcome::Refused(code) => format!("{what}: refused {code}"),
            Outcome::Failed(why) => format!("{what}: failed {why}"),
            Outcome::Unknown(why) => format!("{what}: no answer, {why}"),
        };
        let mut log = self.shared.log.lock().unwrap_or_else(PoisonError::into_inner);
        *log.answers.entry(answer).or_default() += 1;
    }
}

/// Whether a failure says that nothing happened. `UNAVAILABLE` leaves open whether a commit went through.
fn is_clear(why: &str) -> bool {
    why.starts_with("no connection") || matches!(why, "RATE_LIMITED" | "UNAUTHENTICATED" | "NOT_FOUND" | "FORBIDDEN")
}
