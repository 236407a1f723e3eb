//! A database per test, copied from one that was migrated once.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database, Statement};
use smallbatch::app::App;
use tokio::sync::OnceCell;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A migrated, empty database and a folder for everything else of the test.
pub async fn fresh(backend: Backend) -> (String, PathBuf) {
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("smallbatch_test_{}_{number}", std::process::id());
    let dir = std::env::temp_dir().join(&name);
    std::fs::create_dir_all(&dir).expect("a temporary folder");
    let url = match backend {
        Backend::Sqlite => {
            let file = dir.join("smallbatch.db");
            std::fs::copy(sqlite_template().await, &file).expect("a copy of the migrated database");
            format!("sqlite://{}", file.display())
        }
        Backend::Postgres => {
            let template = postgres_template().await;
            let admin = Database::connect(postgres_url()).await.expect("PostgreSQL answers");
            let create = format!("create database {name} template {template}");
            admin.execute_unprepared(&create).await.expect("a copy of the migrated database");
            admin.close().await.expect("the connection closes");
            with_database(&postgres_url(), &name)
        }
    };
    (url, dir)
}

/// Redis goes with PostgreSQL, as in production.
pub fn redis_url(backend: Backend) -> Option<String> {
    (backend == Backend::Postgres).then(|| needed("TEST_REDIS_URL"))
}

fn postgres_url() -> String {
    needed("TEST_POSTGRES_URL")
}

#[allow(clippy::disallowed_methods)] // the test runner hands the services over in the environment
fn needed(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run the tests with tests/run, which starts PostgreSQL and Redis")
    })
}

fn with_database(url: &str, name: &str) -> String {
    let (server, _) = url.rsplit_once('/').expect("an address with a database");
    format!("{server}/{name}")
}

async fn sqlite_template() -> &'static PathBuf {
    static TEMPLATE: OnceCell<PathBuf> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let file = std::env::temp_dir().join(format!("smallbatch_template_{}.db", std::process::id()));
            let _ = std::fs::remove_file(&file);
            let db = Database::connect(format!("sqlite://{}?mode=rwc", file.display())).await.expect("a SQLite file");
            Migrator::up(&db, None).await.expect("the migrations run on SQLite");
            db.close().await.expect("the file closes");
            file
        })
        .await
}

async fn postgres_template() -> &'static String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let name = format!("smallbatch_template_{}", std::process::id());
            let admin = Database::connect(postgres_url()).await.expect("PostgreSQL answers");
            admin.execute_unprepared(&format!("drop database if exists {name}")).await.expect("an old template goes");
            admin.execute_unprepared(&format!("create database {name}")).await.expect("a template");
            admin.close().await.expect("the connection closes");
            let db = Database::connect(with_database(&postgres_url(), &name)).await.expect("the template answers");
            Migrator::up(&db, None).await.expect("the migrations run on PostgreSQL");
            db.close().await.expect("the connection closes");
            name
        })
        .await
}

/// Events that failed and wait for another try, with why.
pub async fn stuck_events(app: &App) -> Vec<String> {
    let text = "select kind, last_error from outbox where done_at is null union all \
                select kind, last_error from timer where done_at is null and last_error is not null";
    let rows =
        app.db.read().query_all_raw(Statement::from_string(app.db.backend(), text)).await.expect("the outbox reads");
    let describe = |row: sea_orm::QueryResult| {
        let kind: String = row.try_get("", "kind").expect("a kind");
        let error: Option<String> = row.try_get("", "last_error").expect("an error");
        format!("{kind}: {}", error.unwrap_or_default())
    };
    rows.into_iter().map(describe).collect()
}
