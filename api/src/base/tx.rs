//! The one way to write: a short transaction of one brand, run again when the database asks for it.
//!
//! State moves, their history and their event go together ([`Tx::moved`]); nothing leaves the
//! process before the commit. Network calls do not belong here.

mod last;
mod many;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::state_change::StateChangeActorKind;
use sea_orm::{
    ActiveEnum, ConnectionTrait, DatabaseTransaction, EntityTrait, Set, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use serde_json::json;
use uuid::Uuid;

pub use last::Last;
pub use many::Moves;

use super::db::{Turn, sql};
use super::fresh::Subject;
use super::id::Ids;
use crate::app::App;
use crate::error::{Error, Fault, Result};
use crate::news;

const ATTEMPTS: u32 = 6;

/// Kinds whose events change no more of a public read than a tally, which may be a second old, and those that no
/// public read shows. Orders come by the hundred a second when a presale opens, just when its page is read most.
const QUIET: [&str; 12] = [
    "order",
    "refund",
    "provider",
    "commission",
    "transfer",
    "payout",
    "batch",
    "parcel",
    "after_sales",
    "promise_question",
    "sample",
    "security_check",
];

/// A running transaction. Cheap to clone, so that a use case's future can own it.
#[derive(Clone)]
pub struct Tx(Arc<Inner>);

struct Inner {
    conn: DatabaseTransaction,
    brand_id: Uuid,
    now: DateTime<Utc>,
    ids: Ids,
    has_work: AtomicBool,
    /// What is no longer as it was once this is committed.
    touched: Mutex<Vec<Subject>>,
    /// Topics to tell once it is committed.
    news: Mutex<BTreeSet<String>>,
    /// To be written at the very end.
    last: Mutex<Vec<Box<dyn Last>>>,
}

/// Who did it, for the history.
#[derive(Clone, Copy, Debug)]
pub struct By {
    pub kind: StateChangeActorKind,
    pub id: Option<Uuid>,
}

impl By {
    pub const SYSTEM: By = By { kind: StateChangeActorKind::System, id: None };
    pub const WECHAT: By = By { kind: StateChangeActorKind::Wechat, id: None };
}

/// One step of a state machine.
pub struct Move<'a, S> {
    /// Kind of thing, as in event names: `round`.
    pub kind: &'static str,
    pub id: Uuid,
    pub from: Option<S>,
    pub to: S,
    /// What happened, in the past tense: `closed`. The event's kind is `{kind}.{event}`.
    pub event: &'static str,
    pub by: By,
    pub why: Option<&'a str>,
}

impl App {
    /// Runs `work` in a transaction of `brand_id` and commits it, again from the start (at most six
    /// times) on a conflict, a deadlock or a lost connection. An `Err` rolls everything back.
    ///
    /// When the connection is lost during the commit itself the outcome is unknown and the client
    /// gets `UNAVAILABLE`: repeating with the same idempotency key resolves it.
    pub async fn write<T, F, Fut>(&self, brand_id: Uuid, work: F) -> Result<T>
    where
        F: Fn(Tx) -> Fut + Send,
        Fut: Future<Output = Result<T>> + Send,
        T: Send,
    {
        let mut attempt = 1;
        loop {
            match self.try_write(brand_id, &work).await {
                Err(error) if error.is_retryable() && attempt < ATTEMPTS => {
                    tracing::debug!(attempt, %error, "transaction runs again");
                    tokio::time::sleep(backoff(attempt)).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn try_write<T, F, Fut>(&self, brand_id: Uuid, work: &F) -> Result<T>
    where
        F: Fn(Tx) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        // This text is compiled once for each use case: what none of them differs in is not part of it.
        let turn = self.db.turn().await;
        let tx = self.begin(brand_id).await?;
        let value = work(tx.clone()).await?;
        self.commit(turn, tx).await?;
        Ok(value)
    }

    #[allow(clippy::disallowed_methods)] // the one place that begins transactions
    async fn begin(&self, brand_id: Uuid) -> Result<Tx> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        // In a task of its own: sqlx (0.9, PostgreSQL) forgets a BEGIN whose answer nobody waits for, and a client
        // who hangs up drops this future at any point. Whoever got that connection next would write into a
        // transaction that nobody ends. A transaction that begins for nobody is rolled back when it is dropped.
        let pool = self.db.read().clone();
        let begun = self.home.finish(async move { pool.begin_with_options(options).await }).await;
        let conn = begun.map_err(|error| anyhow::anyhow!("a transaction could not begin: {error}"))??;
        Ok(Tx(Arc::new(Inner {
            conn,
            brand_id,
            now: self.clock.now(),
            ids: self.ids.clone(),
            has_work: AtomicBool::new(false),
            touched: Mutex::default(),
            news: Mutex::default(),
            last: Mutex::default(),
        })))
    }

    /// Writes what comes last and commits; `turn` ends with it, and after it where it fails: arguments are dropped from
    /// the last to the first.
    async fn commit(&self, turn: Turn, tx: Tx) -> Result<()> {
        tx.write_last().await?;
        let inner = Arc::into_inner(tx.0)
            .ok_or_else(|| Error::from(anyhow::anyhow!("a transaction outlived the use case that ran it")))?;
        let touched = inner.touched.into_inner().unwrap_or_else(PoisonError::into_inner);
        let changing = self.fresh.changing(touched);
        let work = inner.has_work.into_inner().then(|| news::WORK.to_owned());
        let news = inner.news.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().chain(work);
        let (conn, bus) = (inner.conn, self.bus.clone());
        // To its end, too: dropped with a client who hangs up, news would come before the commit, and whoever read in
        // between would take what was for what is.
        let committed = self.home.finish(async move {
            let committed = conn.commit().await;
            drop(turn);
            // Also when the commit's answer was lost: it may have happened.
            changing.tell().await;
            if committed.is_ok() {
                bus.publish_all(news);
            }
            committed
        });
        let committed =
            committed.await.map_err(|error| Fault::Unavailable(format!("a commit ended early: {error}")))?;
        committed.map_err(|error| {
            let error = Error::from(error);
            // Not retried: a commit whose answer was lost may have happened.
            if error.is_retryable() { Fault::Unavailable(error.to_string()).into() } else { error }
        })
    }
}

/// 2, 4, 8 … ms with jitter, so that two losers of a deadlock do not meet again.
fn backoff(attempt: u32) -> Duration {
    let mut jitter = [0u8; 1];
    super::id::random_bytes(&mut jitter);
    Duration::from_micros((1 << attempt) * 1000 + u64::from(jitter[0]) * 20)
}

impl Tx {
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.0.conn
    }

    pub fn brand_id(&self) -> Uuid {
        self.0.brand_id
    }

    /// When this attempt began; one instant for everything it writes.
    pub fn now(&self) -> DateTime<Utc> {
        self.0.now
    }

    pub fn new_id(&self) -> Uuid {
        self.0.ids.next()
    }

    /// Tells `topic` of the bus once this is committed; what has an event is told by itself.
    pub fn news(&self, topic: String) {
        self.topics().insert(topic);
    }

    fn topics(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a state move: its history row and its outbox event. Call it after the conditional
    /// update that made the move, whose row lock also orders the event sequence.
    pub async fn moved<S: ActiveEnum<Value = String>>(
        &self,
        step: Move<'_, S>,
        payload: serde_json::Value,
    ) -> Result<()> {
        let row = entity::state_change::ActiveModel {
            brand_id: Set(self.brand_id()),
            id: Set(self.new_id()),
            subject_kind: Set(step.kind.to_owned()),
            subject_id: Set(step.id),
            from_state: Set(step.from.map(|state| state.to_value())),
            to_state: Set(step.to.to_value()),
            event: Set(step.event.to_owned()),
            actor_kind: Set(step.by.kind),
            actor_id: Set(step.by.id),
            why: Set(step.why.map(str::to_owned)),
            created_at: Set(self.now()),
        };
        entity::state_change::Entity::insert(row).exec_without_returning(self.conn()).await?;
        self.emit(step.kind, step.id, step.event, payload).await
    }

    /// Ends what any process has cached of `subject`, after the commit. Every event touches the reads of its brand,
    /// except those of [`QUIET`] kinds.
    pub fn touch(&self, subject: Subject) {
        let mut touched = self.0.touched.lock().unwrap_or_else(PoisonError::into_inner);
        if !touched.contains(&subject) {
            touched.push(subject);
        }
    }

    /// Writes an outbox event `{kind}.{event}` of schema version 1 for the aggregate.
    pub async fn emit(&self, kind: &'static str, id: Uuid, event: &str, payload: serde_json::Value) -> Result<()> {
        let payload = if payload.is_null() { json!({}) } else { payload };
        self.topics().extend(news::topics_of(kind, id, &payload));
        let statement = sql(
            self.conn().get_database_backend(),
            "insert into outbox (brand_id, id, aggregate_kind, aggregate_id, sequence, kind, version, payload, attempts, available_at, created_at) \
             select $1, $2, $3, $4, coalesce(max(sequence), 0) + 1, $5, 1, $6, 0, $7, $7 from outbox where brand_id = $1 and aggregate_id = $4",
            [
                self.brand_id().into(),
                self.new_id().into(),
                kind.into(),
                id.into(),
                format!("{kind}.{event}").into(),
                payload.into(),
                self.now().into(),
            ],
        );
        self.conn().execute_raw(statement).await?;
        self.0.has_work.store(true, Ordering::Relaxed);
        self.news_of(kind);
        Ok(())
    }

    /// An event of `kind` was written: what the brand's people are shown is no longer so.
    fn news_of(&self, kind: &str) {
        if !QUIET.contains(&kind) {
            self.touch(Subject::Reads(self.brand_id()));
        }
    }

    /// Sets the timer `kind` of `subject_id`, or moves it when it is already set.
    pub async fn set_timer(&self, kind: &'static str, subject_id: Uuid, due_at: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            self.conn().get_database_backend(),
            "insert into timer (brand_id, id, kind, subject_id, due_at, attempts, created_at) values ($1, $2, $3, $4, $5, 0, $6) \
             on conflict (brand_id, kind, subject_id) do update set due_at = excluded.due_at, attempts = 0, \
             done_at = null, lease_token = null, lease_until = null, last_error = null",
            [
                self.brand_id().into(),
                self.new_id().into(),
                kind.into(),
                subject_id.into(),
                due_at.into(),
                self.now().into(),
            ],
        );
        self.conn().execute_raw(statement).await?;
        self.0.has_work.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Ends the timer, if it is set. One that is running just now finds nothing left to do.
    pub async fn cancel_timer(&self, kind: &'static str, subject_id: Uuid) -> Result<()> {
        let statement = sql(
            self.conn().get_database_backend(),
            "update timer set done_at = $4 where brand_id = $1 and kind = $2 and subject_id = $3 and done_at is null",
            [self.brand_id().into(), kind.into(), subject_id.into(), self.now().into()],
        );
        self.conn().execute_raw(statement).await?;
        Ok(())
    }

    /// The next human number of the brand's counter `name`, from 1, without gaps once committed.
    pub async fn next_number(&self, name: &'static str) -> Result<i64> {
        let statement = sql(
            self.conn().get_database_backend(),
            "insert into brand_counter (brand_id, name, value) values ($1, $2, 1) \
             on conflict (brand_id, name) do update set value = brand_counter.value + 1 returning value",
            [self.brand_id().into(), name.into()],
        );
        let row = self.conn().query_one_raw(statement).await?;
        let row = row.ok_or_else(|| anyhow::anyhow!("a counter update returned no row"))?;
        Ok(row.try_get("", "value")?)
    }
}
