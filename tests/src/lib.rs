//! The harness of the end-to-end tests: a whole Smallbatch per test, spoken to as people speak to it.
//!
//! Each test gets its own database (a copy of a migrated one), its own WeChat stand-in on loopback and
//! a clock that moves only when told. There is no worker in the background: [`TestApp::settle`] works
//! off what is due and waits for WeChat's callbacks, so that no test sleeps.
//!
//! `e2e!` makes of one test body two tests, one on SQLite and one on PostgreSQL (with Redis).

mod answer;
mod cable;
mod database;
pub mod floor;
pub mod histories;
pub mod hostile;
pub mod mass;
pub mod outside;
pub mod people;
mod person;
mod rounds;
pub mod schema;
mod sibling;
mod socket;
pub mod world;

use std::net::TcpListener;
use std::path::PathBuf;

use actix_web::dev::ServerHandle;
use chrono::{DateTime, Duration, Utc};
use entity::outbox;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use smallbatch::app::App;
use smallbatch::base::clock::Clock;
use smallbatch::config::Config;
use smallbatch::wechat::standin::Standin;
use smallbatch::{http, worker};

pub use answer::Answer;
pub use cable::Cable;
pub use database::Backend;
pub use people::{Brand, template};
pub use person::{Person, picture};
pub use rounds::design_content;
pub use sibling::Sibling;
pub use socket::Socket;

/// When every test begins: a Monday morning in Shanghai.
pub const START: &str = "2026-03-02T02:00:00Z";

/// Declares one test for both databases: `e2e!(async fn a_sentence(app: TestApp) { … });`
#[macro_export]
macro_rules! e2e {
    ($(async fn $name:ident($app:ident) $body:block)+) => {
        $(mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn body($app: &$crate::TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::ends($crate::Backend::Sqlite, async |app| body(app).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::ends($crate::Backend::Postgres, async |app| body(app).await).await;
            }
        })+
    };
}

/// No test takes this long, also on two slow cores: one that does waits for what will never come.
const HUNG: std::time::Duration = std::time::Duration::from_secs(300);

/// Runs a test's body on a new app; a body that hangs fails by its name, instead of holding up all others.
pub async fn ends(backend: Backend, body: impl AsyncFnOnce(&TestApp)) {
    let test = async {
        let app = TestApp::start(backend).await;
        body(&app).await;
        app.finish().await;
    };
    tokio::time::timeout(HUNG, test).await.expect("a test that ends");
}

/// A running Smallbatch with its own everything.
pub struct TestApp {
    pub app: App,
    pub standin: Standin,
    /// `http://127.0.0.1:port`.
    pub url: String,
    pub http: reqwest::Client,
    server: ServerHandle,
    dir: PathBuf,
    /// What it was started with, for other processes on the same database.
    settings: toml::Table,
}

impl TestApp {
    pub async fn start(backend: Backend) -> Self {
        Self::start_with(backend, &[]).await
    }

    /// With settings (`("hold_minutes", "5")`) other than the harness' own.
    pub async fn start_with(backend: Backend, settings: &[(&str, &str)]) -> Self {
        Self::start_at(backend, Clock::fake(START.parse().expect("an instant")), settings).await
    }

    /// On a clock of the caller's: processes that share a database go by the system's.
    pub async fn start_at(backend: Backend, clock: Clock, settings: &[(&str, &str)]) -> Self {
        let standin = Standin::start(clock.clone(), 0).expect("a stand-in on loopback");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let (database_url, dir) = database::fresh(backend).await;
        let mut table = toml_of(&[
            ("listen", &address.to_string()),
            ("data_dir", dir.to_str().expect("a UTF-8 path")),
            ("database_url", &database_url),
            ("database_connections", "8"),
            ("encryption_keys", "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
            ("wechat_api_url", &standin.base_url()),
            ("wechat_pay_url", &standin.base_url()),
            ("rate_per_second", "1000000"),
            ("rate_burst", "1000000"),
            ("introspection", "true"),
        ]);
        if let Some(redis) = database::redis_url(backend) {
            // A Redis of its own, as far as the app can tell: attempts of other tests do not count here.
            let prefix = format!("smallbatch-test-{}", app_name(&dir));
            table.extend(toml_of(&[("redis_url", &redis), ("redis_prefix", &prefix)]));
        }
        table.extend(toml_of(settings));
        let config = Config::from_parts(&table, |_| None).expect("valid settings");
        let app = App::start(config, clock).await.expect("the app starts");
        let server = http::server::start(app.clone(), listener, 1).expect("the server starts");
        let handle = server.handle();
        tokio::spawn(server);
        TestApp {
            app,
            standin,
            url: format!("http://{address}"),
            http: reqwest::Client::new(),
            server: handle,
            dir,
            settings: table,
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    /// An instant from now, as GraphQL reads it.
    pub fn at(&self, from_now: Duration) -> String {
        (self.now() + from_now).to_rfc3339()
    }

    /// Has the open events of a kind wait for so long, as if others before them failed; how many there are.
    pub async fn hold_up(&self, kind: &str, by: Duration) -> u64 {
        let held = outbox::Entity::update_many()
            .col_expr(outbox::Column::AvailableAt, Expr::value(self.now() + by))
            .filter(outbox::Column::Kind.eq(kind))
            .filter(outbox::Column::DoneAt.is_null());
        held.exec(self.app.db.read()).await.expect("a write").rows_affected
    }

    /// Moves time on, then lets everything that became due happen.
    pub async fn advance(&self, by: Duration) {
        self.app.clock.advance(by);
        self.settle().await;
    }

    /// Waits until this server hears what others tell, where there is Redis: what it remembers lives longer from then on.
    pub async fn hearing(&self) {
        hearing(&self.app).await;
    }

    /// Works off events, timers and WeChat's callbacks until nothing is due. Rows that failed and
    /// wait for their next try stay.
    pub async fn settle(&self) {
        for _ in 0..200 {
            self.standin.tick();
            self.standin.settle().await;
            if worker::run_due(&self.app).await.expect("the worker reads its work") == 0 {
                self.standin.settle().await;
                if worker::run_due(&self.app).await.expect("the worker reads its work") == 0 {
                    return;
                }
            }
        }
        panic!("work keeps coming: a handler or timer re-arms itself without moving on");
    }

    /// A caller with any token, or none.
    pub fn caller(&self, token: Option<&str>) -> Person<'_> {
        Person::with_token(self, token.map(str::to_owned))
    }

    /// Sends one GraphQL request.
    pub async fn send(&self, token: Option<&str>, query: &str, variables: Value) -> Answer {
        self.send_to(&self.url, token, query, variables).await
    }

    /// Sends one GraphQL request to the server at `url`.
    pub async fn send_to(&self, url: &str, token: Option<&str>, query: &str, variables: Value) -> Answer {
        post(&self.http, url, token, query, variables).await
    }

    /// Ends the test: what is left in the outbox must run without failing, and every invariant must hold.
    pub async fn finish(self) {
        self.settle().await;
        let stuck = database::stuck_events(&self.app).await;
        assert!(stuck.is_empty(), "events that could not be handled: {stuck:?}");
        let findings = smallbatch::invariants::check(self.app.db.read()).await.expect("the invariants can be checked");
        let broken: Vec<_> = findings.iter().filter(|finding| finding.breaches > 0).collect();
        assert!(broken.is_empty(), "broken invariants: {broken:#?}");
        self.leave().await;
    }

    /// Ends it as it is.
    pub async fn leave(self) {
        self.app.stop.cancel();
        self.server.stop(false).await;
        self.standin.stop().await;
        self.app.db.close().await.expect("the database closes");
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

async fn post(http: &reqwest::Client, url: &str, token: Option<&str>, query: &str, variables: Value) -> Answer {
    let mut request = http.post(format!("{url}/graphql")).json(&json!({ "query": query, "variables": variables }));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.expect("the server answers");
    Answer::new(response.status().as_u16(), response.json().await.expect("a JSON answer"))
}

fn app_name(dir: &std::path::Path) -> String {
    dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn toml_of(pairs: &[(&str, &str)]) -> toml::Table {
    pairs.iter().map(|(key, value)| (key.to_string(), toml::Value::String(value.to_string()))).collect()
}

/// See [`TestApp::hearing`].
pub async fn hearing(app: &App) {
    while app.config.redis_url.is_some() && app.bus.line().is_none() {
        tokio::task::yield_now().await;
    }
}
