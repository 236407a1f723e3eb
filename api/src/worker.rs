//! What happens by itself: the outbox relay and the timers.
//!
//! Rows are leased a few at a time with one conditional update, so any number of workers on one
//! database share the work and a dead one's rows come back after the lease. A handler may therefore
//! run twice: each is a conditional write or keyed by the event. Events of one aggregate are handed
//! out in order of their sequence, one at a time.

use std::panic::AssertUnwindSafe;
use std::time::Duration as StdDuration;

use chrono::{DateTime, Duration, Utc};
use futures_util::FutureExt;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tracing::Instrument;
use uuid::Uuid;

use crate::app::App;
use crate::base::db::sql;
use crate::base::rows::{Kind, rows};
use crate::error::{Error, Result};
use crate::flow;
use crate::news;

/// Longer than any handler takes: a few calls to WeChat with their timeouts.
const LEASE: Duration = Duration::seconds(120);
/// Rows leased together, and handled one after the other.
const BATCH: usize = 8;
/// A row whose turn comes with less than this of its lease left is given back instead.
const MARGIN: Duration = Duration::seconds(60);
/// Rows of one look, so that neither queue waits long for the other.
const LOOK: usize = 32;
/// Rows a process works on at once.
const LANES: usize = 4;
/// Nobody works on it: $1 is now.
const FREE: &str = "q.done_at is null and (q.lease_until is null or q.lease_until < $1)";
/// How long an idle worker sleeps when nobody rings: bounds how late a timer fires.
const IDLE: StdDuration = StdDuration::from_millis(500);

/// A committed change, as its consumers see it.
#[derive(Clone, Debug)]
pub struct Event {
    pub brand_id: Uuid,
    pub id: Uuid,
    pub aggregate_id: Uuid,
    /// `presale.opened`.
    pub kind: String,
    pub payload: Value,
}

impl Event {
    /// What its payload says under `name`.
    pub fn field<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let read = serde_json::from_value(self.payload[name].clone());
        read.map_err(|error| anyhow::anyhow!("{name} of a {} event: {error}", self.kind).into())
    }
}

/// A timer that is due.
#[derive(Clone, Debug)]
pub struct Timer {
    pub brand_id: Uuid,
    pub id: Uuid,
    pub kind: String,
    pub subject_id: Uuid,
}

/// Works until the app stops, in several lanes, so that one slow provider does not hold up the rest;
/// then finishes what it holds.
pub async fn run(app: App) {
    let lanes = (0..LANES).map(|_| tokio::spawn(lane(app.clone())));
    futures_util::future::join_all(lanes).await;
}

async fn lane(app: App) {
    let mut bell = app.bus.listen(news::WORK);
    while !app.stop.is_cancelled() {
        match run_due(&app).await {
            Ok(0) => {
                tokio::select! {
                    () = app.stop.cancelled() => {}
                    () = bell.changed() => {}
                    () = tokio::time::sleep(IDLE) => {}
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "the worker could not read its work");
                tokio::time::sleep(IDLE).await;
            }
        }
    }
}

/// Handles what is due now, one after the other; the number of rows handled. Tests call it instead of waiting.
pub async fn run_due(app: &App) -> Result<usize> {
    let mut handled = 0;
    for queue in [Queue::Outbox, Queue::Timer] {
        let end = handled + LOOK;
        while handled < end {
            let taken = take(app, queue).await?;
            let last = taken.rows.len() < BATCH;
            handled += work_off(app, queue, taken).await?;
            if app.stop.is_cancelled() {
                return Ok(handled);
            }
            if last {
                break;
            }
        }
    }
    Ok(handled)
}

/// Handles leased rows; those that went well end together. What there is no time for goes back.
async fn work_off(app: &App, queue: Queue, taken: Taken) -> Result<usize> {
    let (mut done, mut left, mut handled) = (Vec::new(), Vec::new(), 0);
    for row in &taken.rows {
        let key: (Uuid, Uuid) = (row.try_get("", "brand_id")?, row.try_get("", "id")?);
        if app.stop.is_cancelled() || app.clock.now() > taken.until - MARGIN {
            left.push(key);
            continue;
        }
        match handle(app, queue, row).await {
            Ok(()) => done.push(key),
            Err(error) => put_back(app, queue, row, &error).await?,
        }
        handled += 1;
    }
    // A timer that its handler set anew has lost our token and stays.
    end(app, queue, &taken, &done, "done_at = $2, last_error = null").await?;
    end(app, queue, &taken, &left, "attempts = attempts - 1").await?;
    Ok(handled)
}

/// Runs the handler of a row. A panic is that row's failure, not the worker's end.
async fn handle(app: &App, queue: Queue, row: &QueryResult) -> Result<()> {
    let work = async {
        match queue {
            Queue::Outbox => {
                let event = Event {
                    brand_id: row.try_get("", "brand_id")?,
                    id: row.try_get("", "id")?,
                    aggregate_id: row.try_get("", "aggregate_id")?,
                    kind: row.try_get("", "kind")?,
                    payload: row.try_get("", "payload")?,
                };
                let span = tracing::info_span!("event", kind = %event.kind, id = %event.id);
                flow::on_event(app, &event).instrument(span).await
            }
            Queue::Timer => {
                let timer = Timer {
                    brand_id: row.try_get("", "brand_id")?,
                    id: row.try_get("", "id")?,
                    kind: row.try_get("", "kind")?,
                    subject_id: row.try_get("", "subject_id")?,
                };
                let span = tracing::info_span!("timer", kind = %timer.kind, subject = %timer.subject_id);
                flow::on_timer(app, &timer).instrument(span).await
            }
        }
    };
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(outcome) => outcome,
        Err(_) => Err(anyhow::anyhow!("the handler panicked").into()),
    }
}

#[derive(Clone, Copy)]
enum Queue {
    Outbox,
    Timer,
}

impl Queue {
    fn table(self) -> &'static str {
        match self {
            Queue::Outbox => "outbox",
            Queue::Timer => "timer",
        }
    }

    fn due(self) -> &'static str {
        match self {
            Queue::Outbox => "available_at",
            Queue::Timer => "due_at",
        }
    }

    /// An event waits for the earlier ones of its aggregate.
    fn in_order(self) -> &'static str {
        match self {
            Queue::Outbox => {
                "and not exists (select 1 from outbox e where e.brand_id = q.brand_id and e.aggregate_id = q.aggregate_id \
                 and e.sequence < q.sequence and e.done_at is null)"
            }
            Queue::Timer => "",
        }
    }
}

/// Rows leased to this call.
struct Taken {
    rows: Vec<QueryResult>,
    token: Uuid,
    until: DateTime<Utc>,
}

/// Leases what is due and free, oldest first. Of two workers that look at the same time only one gets a
/// row: SQLite has one writer, and PostgreSQL passes over what another is just taking.
async fn take(app: &App, queue: Queue) -> Result<Taken> {
    let (now, token) = (app.clock.now(), app.ids.next());
    let until = now + LEASE;
    let (table, due, backend) = (queue.table(), queue.due(), app.db.backend());
    let skip = if backend == DbBackend::Postgres { "for update skip locked" } else { "" };
    let text = format!(
        "update {table} set lease_token = $2, lease_until = $3, attempts = attempts + 1 \
         where (brand_id, id) in (select q.brand_id, q.id from {table} q where q.{due} <= $1 and {FREE} {} \
         order by q.{due}, q.id limit {BATCH} {skip}) returning *",
        queue.in_order()
    );
    let values = [now.into(), token.into(), until.into()];
    let _turn = app.db.turn().await;
    let rows = app.db.read().query_all_raw(sql(backend, &text, values)).await?;
    let mut in_turn = Vec::with_capacity(rows.len());
    for row in rows {
        in_turn.push(((row.try_get::<DateTime<Utc>>("", due)?, row.try_get::<Uuid>("", "id")?), row));
    }
    in_turn.sort_by_key(|(key, _)| *key);
    Ok(Taken { rows: in_turn.into_iter().map(|(_, row)| row).collect(), token, until })
}

/// Gives the leases of `keys` up, with `set` besides; $2 is now.
async fn end(app: &App, queue: Queue, taken: &Taken, keys: &[(Uuid, Uuid)], set: &str) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let (table, backend) = (queue.table(), app.db.backend());
    let keys: Value = keys.iter().map(|(brand_id, id)| json!({ "b": brand_id, "i": id })).collect();
    let text = format!(
        "update {table} set lease_token = null, lease_until = null, {set} where lease_token = $1 \
         and (brand_id, id) in (select v.b, v.i from {})",
        rows(backend, 3, &[("b", Kind::Uuid), ("i", Kind::Uuid)])
    );
    let _turn = app.db.turn().await;
    let values = [taken.token.into(), app.clock.now().into(), keys.into()];
    app.db.read().execute_raw(sql(backend, &text, values)).await?;
    Ok(())
}

/// Puts a failed row back with growing delay (5 s … 1 h) and its error. Nothing is dropped: a row that
/// keeps failing stays visible with its attempts.
async fn put_back(app: &App, queue: Queue, row: &QueryResult, error: &Error) -> Result<()> {
    let now = app.clock.now();
    let (brand_id, id, token): (Uuid, Uuid, Uuid) =
        (row.try_get("", "brand_id")?, row.try_get("", "id")?, row.try_get("", "lease_token")?);
    let (table, due) = (queue.table(), queue.due());
    let attempts: i32 = row.try_get("", "attempts")?;
    let kind: String = row.try_get("", "kind")?;
    tracing::warn!(%kind, %id, attempts, %error, "will be tried again");
    let again = now + Duration::seconds(5i64.saturating_mul(1 << attempts.clamp(0, 9)).min(3600));
    let text = format!(
        "update {table} set {due} = $4, lease_token = null, lease_until = null, last_error = $5 \
         where brand_id = $1 and id = $2 and lease_token = $3"
    );
    let values = [brand_id.into(), id.into(), token.into(), again.into(), error.to_string().into()];
    let _turn = app.db.turn().await;
    app.db.read().execute_raw(sql(app.db.backend(), &text, values)).await?;
    Ok(())
}
