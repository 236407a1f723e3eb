//! The database: one pool, and the settings that make SQLite and PostgreSQL behave alike.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DbBackend, EntityTrait, IdenStatic, Iterable, Statement, Value,
};
use tokio::sync::{Mutex, OwnedMutexGuard};
use uuid::Uuid;

use super::stats;
use crate::error::Result;

/// A connection that was idle this long is asked whether it still lives before it is used.
const RESTED: Duration = Duration::from_secs(1);

/// The turn to write; dropped, it is the next one's.
pub(crate) type Turn = Option<OwnedMutexGuard<()>>;

#[derive(Clone)]
pub struct Db {
    pool: DatabaseConnection,
    /// SQLite has one writer; queueing here is fairer and cheaper than spinning on SQLITE_BUSY.
    writer: Option<Arc<Mutex<()>>>,
    statements: Arc<AtomicU64>,
}

impl Db {
    /// Connects to `sqlite://path` or `postgres://…`. A missing SQLite file and its folder are created.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self> {
        let sqlite = url.starts_with("sqlite:");
        if let Some(folder) = sqlite_file(url).as_deref().and_then(Path::parent) {
            std::fs::create_dir_all(folder).map_err(|e| anyhow::anyhow!("cannot create {}: {e}", folder.display()))?;
        }
        let mut options = ConnectOptions::new(url.to_owned());
        options
            .max_connections(max_connections)
            .min_connections(1)
            .acquire_timeout(Duration::from_secs(10))
            // A connection is asked whether it lives when it is given back; asking again before each statement of a
            // busy server is a round trip for nothing. One that rested may have died with its server meanwhile.
            .test_before_acquire_if_idle_for(RESTED)
            .sqlx_logging(false)
            // PostgreSQL takes a list of people for a hundred whatever its length, and what it guesses of several lists
            // is soon worth compiling to it: 4 to 11 ms for each run of a statement that takes a tenth of one.
            .map_sqlx_postgres_opts(|options| options.options([("jit", "off")]))
            .map_sqlx_sqlite_opts(|options| {
                options
                    .create_if_missing(true)
                    .foreign_keys(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    // FULL: an acknowledged payment survives a power cut, not only a crash.
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(Duration::from_secs(10))
            });
        let mut pool = Database::connect(options).await?;
        let statements = Arc::new(AtomicU64::new(0));
        let counted = statements.clone();
        pool.set_metric_callback(move |info| {
            counted.fetch_add(1, Ordering::Relaxed);
            stats::record(info.elapsed);
        });
        Ok(Db { pool, writer: sqlite.then(|| Arc::new(Mutex::new(()))), statements })
    }

    /// For reads. Writes go through a transaction of the app.
    pub fn read(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// Statements since the start, whoever asked for them.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    pub fn backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    /// Waits for the turn to write; a no-op on PostgreSQL.
    pub(crate) async fn turn(&self) -> Turn {
        match &self.writer {
            Some(writer) => Some(writer.clone().lock_owned().await),
            None => None,
        }
    }

    pub async fn close(&self) -> Result<()> {
        Ok(self.pool.clone().close().await?)
    }
}

fn sqlite_file(url: &str) -> Option<std::path::PathBuf> {
    let rest = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
    let path = rest.split('?').next().unwrap_or_default();
    (!path.is_empty() && path != ":memory:").then(|| path.into())
}

/// All columns of `E` for a joined read: `alias.column as prefixcolumn, …`, read by `from_query_result(row, prefix)`.
pub fn columns<E: EntityTrait>(alias: &str, prefix: &str) -> String {
    named::<E>(prefix, |column| format!("{alias}.{column}"))
}

/// The same, null in rows where `condition` (in SQL) does not hold: what a join would repeat in each row is sent once.
pub fn columns_where<E: EntityTrait>(alias: &str, prefix: &str, condition: &str) -> String {
    named::<E>(prefix, |column| format!("case when {condition} then {alias}.{column} end"))
}

fn named<E: EntityTrait>(prefix: &str, value: impl Fn(&str) -> String) -> String {
    let columns = E::Column::iter().map(|column| format!("{} as {prefix}{}", value(column.as_str()), column.as_str()));
    columns.collect::<Vec<_>>().join(", ")
}

/// Adds `ids` to the values of a statement; their places, `$3, $4, …`.
pub fn placeholders(values: &mut Vec<Value>, ids: impl IntoIterator<Item = Uuid>) -> String {
    let mut places = String::new();
    for id in ids {
        values.push(id.into());
        let comma = if places.is_empty() { "" } else { ", " };
        places.push_str(&format!("{comma}${}", values.len()));
    }
    places
}

/// A statement in SQL that both databases read, with `$1`, `$2`, … for `values`.
pub fn sql<const N: usize>(backend: DbBackend, text: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(backend, text, values)
}
