//! What happens by itself: the outbox relay and the timers.
//!
//! Rows are leased with one conditional update, so any number of workers on one database
//! share the work and a dead one's rows come back after the lease. A handler may therefore run
//! twice: each is a conditional write or keyed by the event. Events of one aggregate are handed out
//! in order of their sequence, one at a time.

use std::panic::AssertUnwindSafe;
use std::time::Duration as StdDuration;

use chrono::Duration;
use futures_util::FutureExt;
use sea_orm::{ConnectionTrait, QueryResult};
use serde_json::Value;
use tracing::Instrument;
use uuid::Uuid;

use crate::app::App;
use crate::base::db::sql;
use crate::error::Result;
use crate::flow;
use crate::news;

/// Longer than any handler takes: a few calls to WeChat with their timeouts.
const LEASE: Duration = Duration::seconds(120);
const BATCH: i64 = 32;
/// Rows a process works on at once.
const LANES: usize = 4;
/// Nobody works on it: $1 is now.
const FREE: &str = "done_at is null and (lease_until is null or lease_until < $1)";
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

/// Handles everything that is due now, once, one after the other; the number of rows handled. Tests
/// call it instead of waiting. A row is leased only when its turn comes, so that a slow one before it
/// does not use up its lease.
pub async fn run_due(app: &App) -> Result<usize> {
    let mut handled = 0;
    for queue in [Queue::Outbox, Queue::Timer] {
        for (brand_id, id) in due(app, queue).await? {
            if app.stop.is_cancelled() {
                return Ok(handled);
            }
            if let Some(row) = take(app, queue, brand_id, id).await? {
                let outcome = handle(app, queue, &row).await;
                settle(app, queue, &row, outcome).await?;
                handled += 1;
            }
        }
    }
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

/// What is due and free, oldest first.
async fn due(app: &App, queue: Queue) -> Result<Vec<(Uuid, Uuid)>> {
    let (table, due) = (queue.table(), queue.due());
    let find = format!(
        "select brand_id, id from {table} q where {due} <= $1 and {FREE} {} order by {due}, id limit $2",
        queue.in_order()
    );
    let statement = sql(app.db.backend(), &find, [app.clock.now().into(), BATCH.into()]);
    let found = app.db.read().query_all_raw(statement).await?;
    found.iter().map(|row| Ok((row.try_get("", "brand_id")?, row.try_get("", "id")?))).collect()
}

/// Leases a row to this call, if it is still free. The update repeats the conditions, so of two
/// workers that saw the same row only one gets it, on both databases.
async fn take(app: &App, queue: Queue, brand_id: Uuid, id: Uuid) -> Result<Option<QueryResult>> {
    let (now, token) = (app.clock.now(), app.ids.next());
    let (table, due) = (queue.table(), queue.due());
    let take = format!(
        "update {table} as q set lease_token = $2, lease_until = $3, attempts = attempts + 1 \
         where brand_id = $4 and id = $5 and {due} <= $1 and {FREE} {} returning *",
        queue.in_order()
    );
    let values = [now.into(), token.into(), (now + LEASE).into(), brand_id.into(), id.into()];
    let _turn = app.db.turn().await;
    Ok(app.db.read().query_one_raw(sql(app.db.backend(), &take, values)).await?)
}

/// Ends a handled row, or puts it back with growing delay (5 s … 1 h) and its error. Nothing is
/// dropped: a row that keeps failing stays visible with its attempts.
async fn settle(app: &App, queue: Queue, row: &QueryResult, outcome: Result<()>) -> Result<()> {
    let backend = app.db.backend();
    let now = app.clock.now();
    let (brand_id, id, token): (Uuid, Uuid, Uuid) =
        (row.try_get("", "brand_id")?, row.try_get("", "id")?, row.try_get("", "lease_token")?);
    let (table, due) = (queue.table(), queue.due());
    let _turn = app.db.turn().await;
    let ours = "where brand_id = $1 and id = $2 and lease_token = $3";
    match outcome {
        Ok(()) => {
            // A timer that its handler set anew has lost our token and stays.
            let end = format!(
                "update {table} set done_at = $4, lease_token = null, lease_until = null, last_error = null {ours}"
            );
            app.db
                .read()
                .execute_raw(sql(backend, &end, [brand_id.into(), id.into(), token.into(), now.into()]))
                .await?;
        }
        Err(error) => {
            let attempts: i32 = row.try_get("", "attempts")?;
            let kind: String = row.try_get("", "kind")?;
            tracing::warn!(%kind, %id, attempts, %error, "will be tried again");
            let again = now + Duration::seconds(5i64.saturating_mul(1 << attempts.clamp(0, 9)).min(3600));
            let put_back = format!(
                "update {table} set {due} = $4, lease_token = null, lease_until = null, last_error = $5 {ours}"
            );
            let values = [brand_id.into(), id.into(), token.into(), again.into(), error.to_string().into()];
            app.db.read().execute_raw(sql(backend, &put_back, values)).await?;
        }
    }
    Ok(())
}
