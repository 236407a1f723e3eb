//! Counts SQL statements and their time per operation, through the database's metric callback.
//!
//! The callback runs in the task that runs the statement, so a task-local finds the operation.
//! Loaders run in tasks of their own: spawn them with [`spawn`] to keep the count.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::Either;

#[derive(Debug, Default)]
pub struct SqlStats {
    statements: AtomicU64,
    micros: AtomicU64,
}

impl SqlStats {
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    pub fn elapsed(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::Relaxed))
    }
}

tokio::task_local! {
    static CURRENT: Arc<SqlStats>;
}

/// Runs `work` with `stats` as the operation that statements are counted to.
pub async fn scope<F: Future>(stats: Arc<SqlStats>, work: F) -> F::Output {
    CURRENT.scope(stats, work).await
}

/// Spawns `work`, counting its statements to the operation that spawns it.
pub fn spawn<F>(work: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(carried(work))
}

/// `work` for another task, counting its statements to the operation that makes it.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    match CURRENT.try_with(Arc::clone) {
        Ok(stats) => Either::Left(CURRENT.scope(stats, work)),
        Err(_) => Either::Right(work),
    }
}

/// Counts work that another task did on behalf of the current operation to it.
pub fn charge(work: &SqlStats) {
    let _ = CURRENT.try_with(|stats| {
        stats.statements.fetch_add(work.statements(), Ordering::Relaxed);
        stats.micros.fetch_add(work.micros.load(Ordering::Relaxed), Ordering::Relaxed);
    });
}

/// Called by the database for each statement.
pub(super) fn record(elapsed: Duration) {
    let _ = CURRENT.try_with(|stats| {
        stats.statements.fetch_add(1, Ordering::Relaxed);
        stats.micros.fetch_add(u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    });
}
