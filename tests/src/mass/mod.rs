//! A presale fails, everyone is to have the money back, and the process that sees to it is killed (-9) at random
//! points, again and again, until it is done. Then each buyer was refunded exactly once.
//!
//! The server runs in a process of its own, on the system's clock; WeChat is the stand-in of this process, which
//! lives on. What a killed process held comes back after its lease of two minutes, and what failed after its delay:
//! here both are moved forward in the database instead of waited for.

mod judge;
mod sale;
mod server;

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait;
use serde_json::json;
use smallbatch::base::clock::Clock;
use smallbatch::base::db::sql;

pub use server::serve;

use crate::histories::seed_of;
use crate::histories::world::World;
use crate::{Backend, TestApp};
use sale::Sale;
use server::Server;

/// No run takes this long, also on two slow cores.
const PATIENCE: Duration = Duration::from_secs(900);
/// How often it is looked at how far it is.
const LOOK: Duration = Duration::from_millis(10);
/// What waits for its time is due once nothing has moved for this long.
const STILL: Duration = Duration::from_millis(700);

pub struct Plan {
    pub backend: Backend,
    pub orders: usize,
    pub kills: usize,
    pub seed: u64,
    /// A program that serves when it is called `PROGRAM serve --config FILE`.
    pub program: PathBuf,
}

/// What was seen.
pub struct Report {
    pub orders: usize,
    pub kills: usize,
    /// Kills by the orders that were refunded then.
    pub killed_at: Vec<i64>,
    /// Different numbers of refunded orders that were seen through the API.
    pub steps: usize,
    pub selling: Duration,
    pub refunding: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { orders, kills, killed_at, steps, selling, refunding } = self;
        write!(
            f,
            "{orders} orders sold in {:.0} s; refunded in {:.0} s through {kills} kills (at {killed_at:?} refunded \
             orders), progress seen at {steps} points; each buyer was refunded exactly once",
            selling.as_secs_f64(),
            refunding.as_secs_f64()
        )
    }
}

/// Sells, lets it fail, kills and restarts until everyone is refunded, and judges; panics when something is wrong.
pub async fn run(plan: &Plan) -> Report {
    let address = server::free_address();
    let public = format!("http://{address}");
    let app = TestApp::start_at(plan.backend, Clock::System, &[("public_url", &public)]).await;
    let world = World::new(&app).await;
    let began = Instant::now();
    let sale = Sale::failed(&world, plan.orders, plan.seed).await;
    let selling = began.elapsed();
    let mut refunding = Refunding {
        world: &world,
        sale: &sale,
        server: Server::new(plan.program.clone(), &app, address),
        refunded: 0,
        steps: 0,
        killed_at: Vec::new(),
    };
    let began = Instant::now();
    refunding.through_kills(plan).await;
    let report = Report {
        orders: plan.orders,
        kills: refunding.killed_at.len(),
        killed_at: refunding.killed_at,
        steps: refunding.steps,
        selling,
        refunding: began.elapsed(),
    };
    judge::all(&world, &sale).await;
    app.finish().await;
    report
}

struct Refunding<'a> {
    world: &'a World<'a>,
    sale: &'a Sale,
    server: Server,
    /// Orders that the API last said were refunded.
    refunded: i64,
    steps: usize,
    killed_at: Vec<i64>,
}

impl Refunding<'_> {
    async fn through_kills(&mut self, plan: &Plan) {
        let orders = self.sale.orders.len() as i64;
        let mut marks: Vec<i64> = (0..plan.kills).map(|n| (seed_of(plan.seed, n) % orders as u64) as i64).collect();
        marks.sort_unstable();
        for (n, mark) in marks.into_iter().enumerate() {
            self.server.start();
            self.until(mark).await;
            // Anywhere in what comes next; sometimes while it is still starting.
            let more = Duration::from_millis(seed_of(plan.seed ^ 1, n) % 120);
            tokio::time::sleep(more).await;
            self.server.kill().await;
            self.killed_at.push(self.refunded);
            self.leases_lapse().await;
        }
        self.server.start();
        self.until(orders).await;
        self.until_it_answers().await;
        self.server.stop().await;
    }

    async fn until_it_answers(&mut self) {
        let began = Instant::now();
        while self.progress().await.is_none() {
            assert!(began.elapsed() < PATIENCE, "no answer after {PATIENCE:?}");
            self.server.must_run();
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until so many orders are refunded, by the word of the API, which never goes back.
    async fn until(&mut self, mark: i64) {
        let (began, mut moved) = (Instant::now(), Instant::now());
        while self.refunded < mark {
            assert!(began.elapsed() < PATIENCE, "{} orders are refunded after {PATIENCE:?}, not {mark}", self.refunded);
            self.server.must_run();
            if let Some(refunded) = self.progress().await {
                assert!(refunded >= self.refunded, "{} orders were refunded, now {refunded}", self.refunded);
                if refunded > self.refunded {
                    (self.refunded, moved) = (refunded, Instant::now());
                    self.steps += 1;
                }
            }
            if moved.elapsed() > STILL {
                self.time_passes().await;
                moved = Instant::now();
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Refunded orders, as the owner reads them; `None` while the server does not answer yet.
    async fn progress(&self) -> Option<i64> {
        let query = "query($id: ID!) { presale(id: $id) { refundProgress { orders refunded pending } } }";
        let request = json!({ "query": query, "variables": { "id": self.sale.public_id } });
        let app = self.world.test;
        let token = self.world.brand.owner.token.as_deref().expect("signed in");
        let request = app.http.post(format!("{}/graphql", self.server.url())).bearer_auth(token).json(&request);
        let answer: serde_json::Value = request.send().await.ok()?.json().await.ok()?;
        let progress = answer["data"]["presale"]["refundProgress"].as_object()?;
        let count = |name: &str| progress[name].as_i64().unwrap_or_else(|| panic!("no {name}: {answer:#}"));
        let orders = self.sale.orders.len() as i64;
        assert_eq!((count("orders"), count("refunded") + count("pending")), (orders, orders), "{answer:#}");
        Some(count("refunded"))
    }

    /// What waits for its time is due.
    async fn time_passes(&self) {
        let app = self.world.app();
        for text in [
            "update outbox set available_at = $1 where done_at is null and available_at > $1",
            "update timer set due_at = $1 where done_at is null and due_at > $1 and kind like 'refund.%'",
        ] {
            let statement = sql(app.db.backend(), text, [app.clock.now().into()]);
            app.db.read().execute_raw(statement).await.expect("time can pass");
        }
    }

    /// What the dead process held is free again.
    async fn leases_lapse(&self) {
        let app = self.world.app();
        for table in ["outbox", "timer"] {
            let text =
                format!("update {table} set lease_until = null where done_at is null and lease_until is not null");
            app.db.read().execute_raw(sql(app.db.backend(), &text, [])).await.expect("leases lapse");
        }
    }
}
