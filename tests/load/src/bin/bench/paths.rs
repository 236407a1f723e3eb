//! Hot paths in a closed loop on keep-alive connections.

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use load::client::{self, Member, Outcome};
use load::closed_loop::{self, Done};
use load::pgbench::{self, Pgbench};
use load::plan::{PRESALE, Plan, SKUS, SLATE, Size};
use load::process::{Meter, Parties, postmaster, redis, resident_mb};
use load::server::{Server, connect};
use sea_orm::ConnectionTrait;

use crate::Shared;
use crate::place::Place;
use crate::table::{Row, head, median};

#[derive(clap::Args)]
pub struct Args {
    /// Only paths whose name contains one of these; repeatable.
    #[arg(long)]
    only: Vec<String>,
    /// Members of the brand that is measured: 20 times as many picks can be made.
    #[arg(long, default_value_t = 40_000)]
    members: u64,
    /// The program of another build, for the idle latency of a pick without group commit.
    #[arg(long)]
    without_group: Option<PathBuf>,
}

/// What is measured, and all that it needs.
struct Bench<'a> {
    shared: &'a Shared,
    args: &'a Args,
    plan: Plan,
    server: Server,
    uncached: Server,
    ours_url: String,
    yard: Pgbench,
    /// Numbers of requests that wrote, so that each is new.
    picks: Cell<u64>,
    orders: Cell<u64>,
    rows: Vec<Row>,
}

pub async fn run(shared: &Shared, args: &Args) -> Result<()> {
    let plan = Plan::new(Size { brands: 10, members: 2_000, first: args.members, skew: 1.0 });
    let ours = Place::seeded(shared, "ours", &plan).await?;
    let yard = ours.copy(shared, "yard").await?;
    let server = ours.serve(shared).await?;
    let mut launch = ours.launch(shared)?;
    launch.set.push(("keep_answers".to_owned(), "false".to_owned()));
    launch.dir.push("uncached");
    let uncached = Server::start(&launch).await?;
    let idle = resident_mb(server.pid()).context("a running server")?.0;
    let yard_bench =
        Pgbench { bin: shared.pg_bin.clone(), url: yard.url.clone(), members: plan.members[0], buyers: plan.buyers(0) };
    let mut bench = Bench {
        shared,
        args,
        server,
        uncached,
        ours_url: ours.url.clone(),
        yard: yard_bench,
        picks: Cell::new(0),
        orders: Cell::new(0),
        rows: Vec::new(),
        plan,
    };
    bench.sizes().await?;
    head();
    bench.reads().await?;
    bench.writes(&yard).await?;
    bench.idle_pick(&ours).await?;
    let (after, peak) = resident_mb(bench.server.pid()).context("a running server")?;
    println!("server's memory: {idle:.0} MB idle (target 40), {peak:.0} MB at most, {after:.0} MB after (target 120)");
    let said = serde_json::json!({ "rows": bench.rows, "memory_mb": { "idle": idle, "peak": peak, "after": after } });
    std::fs::write(shared.out.join("paths.json"), serde_json::to_vec_pretty(&said)?)?;
    bench.server.stop()?;
    bench.uncached.stop()?;
    ours.check(shared)?;
    ours.drop().await?;
    yard.drop().await
}

impl Bench<'_> {
    fn wanted(&self, path: &str) -> bool {
        self.args.only.is_empty() || self.args.only.iter().any(|part| path.contains(part.as_str()))
    }

    /// Someone of the first brand who may do everything.
    fn someone(&self, n: u64) -> Member {
        Member { brand: 0, index: 1 + n % (self.plan.members[0] - 1) }
    }

    /// One answer of each kind, so that what is compared is known to be an answer, and its size.
    async fn sizes(&self) -> Result<()> {
        for (name, request) in [
            ("hello", client::hello()),
            ("viewer", client::viewer_kind()),
            ("feed", client::feed(self.someone(1))),
            ("feed, gzip", client::taking_gzip(&client::feed(self.someone(1)))),
            ("presale page", client::presale_page(self.someone(1), PRESALE)),
            ("order list", client::order_list(Member { brand: 0, index: 0 })),
            ("factory feed", client::factory_feed(0)),
        ] {
            let (outcome, answer) = closed_loop::once(self.server.address, &request).await;
            ensure!(outcome == Outcome::Ok, "{name}: {outcome:?} {}", String::from_utf8_lossy(&answer));
            println!("{name}: {} bytes", answer.len());
        }
        Ok(())
    }

    /// A closed loop over prepared requests that change nothing.
    async fn read(&self, address: SocketAddr, requests: &[Vec<u8>]) -> Done {
        let length = requests.len() as u64;
        let time = Duration::from_secs(self.shared.seconds);
        closed_loop::run(address, 32, time, &mut 0, |n| Some(requests[(n % length) as usize].clone())).await
    }

    async fn hello(&self) -> f64 {
        self.read(self.server.address, &[client::hello()]).await.rate
    }

    async fn reads(&mut self) -> Result<()> {
        let of = |make: &dyn Fn(u64) -> Vec<u8>| (0..500).map(make).collect::<Vec<_>>();
        let feeds = of(&|n| client::feed(self.someone(n * 7)));
        let gzipped = feeds.iter().map(|feed| client::taking_gzip(feed)).collect();
        let public = of(&|n| client::taking_gzip(&client::public_feed(self.someone(n * 7))));
        let pages = of(&|n| client::presale_page(self.someone(n * 7), PRESALE));
        let orders = of(&|n| client::order_list(Member { brand: 0, index: n % self.plan.buyers(0) }));
        let factories = of(&|n| client::factory_feed((n % self.plan.factories() as u64) as usize));
        let (server, uncached) = (self.server.address, self.uncached.address);
        let sql = |script| Yard::Sql(script, 16);
        let rows = [
            ("round feed, uncached", 0.6, uncached, feeds.clone(), sql(pgbench::FEED)),
            ("round feed, cached", 5.0, server, feeds, sql(pgbench::FEED)),
            ("round feed, cached, gzip as for phones", 0.6, server, gzipped, Yard::Hello),
            ("round feed's public part, cached, gzip", 0.6, server, public, Yard::Hello),
            ("presale page, cached", 0.6, server, pages, Yard::Hello),
            ("a member's 10 orders", 0.6, server, orders, sql(pgbench::ORDERS)),
            ("small public read {viewer{kind}}", 0.6, server, vec![client::viewer_kind()], Yard::Hello),
            ("factory feed, empty", 0.7, server, factories, Yard::Hello),
        ];
        for (path, target, address, requests, yard) in rows {
            if self.wanted(path) {
                self.row(path, target, yard, async |bench: &Self| bench.read(address, &requests).await).await?;
            }
        }
        Ok(())
    }

    async fn writes(&mut self, yard: &Place) -> Result<()> {
        self.warm_up(yard).await?;
        for connections in [256, 64] {
            let path = format!("pick, {connections} connections");
            if self.wanted(&path) {
                self.reset(yard).await?;
                let yard = Yard::Sql(pgbench::PICK, 16);
                self.row(&path, 2.0, yard, async |bench: &Self| bench.picked(bench.server.address, connections).await)
                    .await?;
            }
        }
        let path = "place order, 12 hot SKUs, 256 connections";
        if self.wanted(path) {
            let yard = Yard::Sql(pgbench::ORDER, 16);
            self.row(path, 1.0, yard, async |bench: &Self| bench.ordered(256).await).await?;
        }
        Ok(())
    }

    /// Both sides write a little first, and both databases count their rows then, as autovacuum does within a minute:
    /// a plan made for a table that is still empty, and kept for a connection's life, is neither side's speed.
    async fn warm_up(&self, yard: &Place) -> Result<()> {
        for path in ["pick", "place order"] {
            if self.wanted(path) || self.args.only.iter().any(|only| only.contains(path)) {
                let (done, script) = match path {
                    "pick" => (self.picked(self.server.address, 64).await, pgbench::PICK),
                    _ => (self.ordered(64).await, pgbench::ORDER),
                };
                anyhow::ensure!(done.errors.is_empty(), "the warm-up failed: {:?}", done.errors);
                self.yard.rate(script, 16, self.shared.seconds, &self.shared.out)?;
            }
        }
        for url in [&yard.url, &self.ours_url] {
            let db = connect(url, false).await?;
            db.execute_unprepared("vacuum analyze").await?;
            db.close().await?;
        }
        Ok(())
    }

    /// The yardstick's picks are new ones too.
    async fn reset(&self, yard: &Place) -> Result<()> {
        let db = connect(&yard.url, false).await?;
        db.execute_unprepared("truncate pick").await?;
        Ok(db.close().await?)
    }

    async fn picked(&self, address: SocketAddr, connections: usize) -> Done {
        let others = self.plan.members[0] - 1;
        let mut from = self.picks.get();
        let time = Duration::from_secs(self.shared.seconds);
        let done = closed_loop::run(address, connections, time, &mut from, |n| {
            let (who, design) = (Member { brand: 0, index: 1 + n % others }, n / others);
            (design < SLATE).then(|| client::pick(who, design, &format!("bench-pick-{n}")))
        })
        .await;
        self.picks.set(from);
        done
    }

    async fn ordered(&self, connections: usize) -> Done {
        let mut from = self.orders.get();
        let time = Duration::from_secs(self.shared.seconds);
        let done = closed_loop::run(self.server.address, connections, time, &mut from, |n| {
            let skus = [n % SKUS, (n + 1 + n / SKUS % (SKUS - 1)) % SKUS];
            Some(client::place_order(self.someone(n), PRESALE, &skus, &format!("bench-order-{n}")))
        })
        .await;
        self.orders.set(from);
        done
    }

    /// Latency of a pick on one connection, and of the same with another build when one was given.
    async fn idle_pick(&self, ours: &Place) -> Result<()> {
        if !self.wanted("pick, one connection") {
            return Ok(());
        }
        let other = match &self.args.without_group {
            None => None,
            Some(program) => {
                let mut launch = ours.launch(self.shared)?;
                launch.program.clone_from(program);
                launch.dir.push("without-group");
                Some(Server::start(&launch).await?)
            }
        };
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..self.shared.rounds {
            with.push(self.picked(self.server.address, 1).await.p50_ms);
            if let Some(other) = &other {
                without.push(self.picked(other.address, 1).await.p50_ms);
            }
        }
        print!("pick, one connection: p50 {:.2} ms", median(with.clone()));
        match other {
            Some(_) => println!(", without group commit {:.2} ms (target: at most 0.3 more)", median(without)),
            None => println!(" (--without-group names a build to compare with)"),
        }
        Ok(())
    }

    async fn row(&mut self, path: &str, target: f64, yard: Yard, ours: impl AsyncFn(&Self) -> Done) -> Result<()> {
        let parties = self.parties().await?;
        let (mut rounds, mut notes, mut last) = (Vec::new(), Vec::new(), None);
        for _ in 0..self.shared.rounds {
            let meter = Meter::start(&parties);
            let done = ours(self).await;
            let split = meter.stop();
            let yardstick = match &yard {
                Yard::Hello => self.hello().await,
                Yard::Sql(script, clients) => {
                    self.yard.rate(*script, *clients, self.shared.seconds, &self.shared.out)?
                }
            };
            rounds.push((done.rate, yardstick));
            let odd = done.errors.iter().chain(&done.refused).map(|(what, times)| format!("{what} × {times}"));
            notes.extend(odd);
            last = Some(format!("p99 {:.1} ms; {split}", done.p99_ms));
        }
        notes.extend(last);
        let yardstick = match yard {
            Yard::Hello => "the server's {__typename}, 32 connections".to_owned(),
            Yard::Sql(script, clients) => format!("pgbench {}, {clients} clients", script.0),
        };
        let row = Row { path: path.to_owned(), yardstick, target, rounds, note: notes.join(", ") };
        row.print();
        self.rows.push(row);
        Ok(())
    }

    async fn parties(&self) -> Result<Parties> {
        let db = connect(&self.yard.url, false).await?;
        let database = postmaster(&db).await?;
        db.close().await?;
        let mut all = vec![("server", self.server.pid()), ("other server", self.uncached.pid())];
        all.extend(database.map(|pid| ("database", pid)));
        all.extend(self.shared.redis.as_deref().and_then(redis).map(|pid| ("redis", pid)));
        all.push(("loader", std::process::id()));
        Ok(Parties(all))
    }
}

enum Yard {
    Hello,
    /// A script and its clients.
    Sql((&'static str, &'static str), usize),
}
