//! Crowds on one brand, and what its neighbour notices: the neighbour reads at a constant rate throughout,
//! first alone, then beside the crowd.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::future::join_all;
use load::client::{self, Client, Member, Outcome};
use load::open_loop::{self, Pace};
use load::plan::{self, FLASH, FLASH_PIECES, Plan, SKUS, Size};
use load::record::{Record, ms};
use load::server::connect;
use sea_orm::{ConnectionTrait, Statement};

use crate::Shared;
use crate::place::Place;

#[derive(clap::Args)]
pub struct FlashArgs {
    /// Members who each want one piece at once.
    #[arg(long, default_value_t = 20_000)]
    buyers: u64,
    /// Connections of the buyers.
    #[arg(long, default_value_t = 256)]
    connections: usize,
    /// Reads a second of the neighbour brand.
    #[arg(long, default_value_t = 300.0)]
    neighbour: f64,
}

#[derive(clap::Args)]
pub struct NoisyArgs {
    /// Connections on which the noisy brand asks as fast as it is answered.
    #[arg(long, default_value_t = 128)]
    connections: usize,
    /// What the noisy brand asks for: a read that is kept, one that is run each time, or writes.
    #[arg(long, value_enum, default_value_t = Noise::Feed)]
    noise: Noise,
    /// Members of the noisy brand who take part.
    #[arg(long, default_value_t = 1_000)]
    members: u64,
    /// Reads a second of the neighbour brand.
    #[arg(long, default_value_t = 300.0)]
    neighbour: f64,
    /// Keep the server's own rate limits instead of lifting them.
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
    limits: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Noise {
    Feed,
    Orders,
    Picks,
}

impl Noise {
    /// The n-th request of the flood.
    fn request(self, n: u64, members: u64) -> Vec<u8> {
        let who = Member { brand: 0, index: 1 + n % members };
        match self {
            Noise::Feed => client::feed(who),
            Noise::Orders => client::order_list(who),
            Noise::Picks => client::pick(who, n / members % plan::SLATE, &format!("noise-{n}")),
        }
    }
}

/// What became of a crowd's requests, by outcome.
type Counted = BTreeMap<String, u64>;

fn named(outcome: Outcome) -> String {
    match outcome {
        Outcome::Ok => "ok".to_owned(),
        Outcome::Refused(code) => format!("refused {code}"),
        Outcome::Failed(what) => format!("failed {what}"),
        Outcome::Unknown(what) => format!("unknown {what}"),
    }
}

pub async fn flash(shared: &Shared, args: &FlashArgs) -> Result<()> {
    let plan = Plan::new(Size { brands: 2, members: 4_000, first: args.buyers + 1, skew: 1.0 });
    let place = Place::seeded(shared, "flash", &plan).await?;
    let server = place.serve(shared).await?;
    let time = Duration::from_secs(shared.seconds);
    let alone = neighbour(server.address, &plan, args.neighbour, time).await;
    let begin = std::time::Instant::now();
    let crowd = async {
        let counted = rush(server.address, args).await;
        (counted, begin.elapsed())
    };
    // Of the neighbour only what was intended before the sale's end is looked at.
    let (beside, (counted, took)) = tokio::join!(neighbour(server.address, &plan, args.neighbour, time), crowd);
    server.stop()?;
    let sold = sold(&place).await?;
    println!("flash sale: {} buyers, {FLASH_PIECES} pieces, {:.1} s", args.buyers, took.as_secs_f64());
    counted.iter().for_each(|(what, times)| println!("  {what} × {times}"));
    println!("  in the database: {sold} pieces held or paid");
    let (p99_alone, p99_beside) = compare(&alone, &beside, took);
    let said = serde_json::json!({
        "buyers": args.buyers, "seconds": took.as_secs_f64(), "outcomes": counted, "sold": sold,
        "neighbour_p99_ms": { "alone": p99_alone, "beside": p99_beside },
    });
    std::fs::write(shared.out.join("flash.json"), serde_json::to_vec_pretty(&said)?)?;
    place.check(shared)?;
    let failed: u64 = counted
        .iter()
        .filter(|(what, _)| what.starts_with("failed") || what.starts_with("unknown"))
        .map(|(_, n)| n)
        .sum();
    ensure!(sold == FLASH_PIECES as i64 && counted.get("ok") == Some(&FLASH_PIECES), "not exactly {FLASH_PIECES} sold");
    ensure!(failed == 0, "{failed} requests were answered with neither an order nor a refusal");
    place.drop().await
}

/// Every buyer tries until a piece is hers or every SKU has refused her.
async fn rush(address: SocketAddr, args: &FlashArgs) -> Counted {
    let next = std::cell::Cell::new(1);
    let counted = std::cell::RefCell::new(Counted::new());
    let work = (0..args.connections).map(async |_| {
        let mut client = Client::new(address, Duration::from_secs(60));
        loop {
            let index = next.replace(next.get() + 1);
            if index > args.buyers {
                return;
            }
            let outcome = buyer(&mut client, Member { brand: 0, index }).await;
            *counted.borrow_mut().entry(named(outcome)).or_default() += 1;
        }
    });
    join_all(work).await;
    counted.into_inner()
}

async fn buyer(client: &mut Client, who: Member) -> Outcome {
    let mut last = Outcome::Ok;
    for turn in 0..SKUS {
        let sku = (who.index + turn) % SKUS;
        last = client.place_order(who, FLASH, &[sku], &format!("flash-{}-{turn}", who.index)).await;
        if !matches!(&last, Outcome::Refused(code) if code == "SOLD_OUT") {
            return last;
        }
    }
    last
}

async fn sold(place: &Place) -> Result<i64> {
    let db = connect(&place.url, false).await?;
    let statement = Statement::from_sql_and_values(
        db.get_database_backend(),
        "select coalesce(sum(held + paid), 0)::bigint from presale_sku where presale_id = $1",
        [plan::id(plan::Kind::Presale, 0, FLASH).into()],
    );
    let row = db.query_one_raw(statement).await?.context("a sum")?;
    let sold = row.try_get_by_index(0)?;
    db.close().await?;
    Ok(sold)
}

pub async fn noisy(shared: &Shared, args: &NoisyArgs) -> Result<()> {
    let plan = Plan::new(Size { brands: 2, members: 4_000, first: args.members + 1, skew: 1.0 });
    let place = Place::seeded(shared, "noisy", &plan).await?;
    let mut launch = place.launch(shared)?;
    if args.limits {
        let own = |name: &str| load::server::own(name).map(|value| (name.to_owned(), value));
        let names = ["rate_per_second", "rate_burst", "brand_rate_per_second", "brand_rate_burst"];
        let limits = names.map(own);
        let given = std::mem::take(&mut launch.set);
        launch.set = limits.into_iter().flatten().chain(given).collect();
    }
    let server = load::server::Server::start(&launch).await?;
    let time = Duration::from_secs(shared.seconds);
    let alone = neighbour(server.address, &plan, args.neighbour, time).await;
    let mut from = 0;
    let flood = load::closed_loop::run(server.address, args.connections, time * 5 / 6, &mut from, |n| {
        Some(args.noise.request(n, args.members))
    });
    let (beside, noise) = tokio::join!(neighbour(server.address, &plan, args.neighbour, time), flood);
    println!("noisy brand: {} members on {} connections, {:?}", args.members, args.connections, args.noise);
    println!("  answered {:.0} a second", noise.rate);
    noise.errors.iter().chain(&noise.refused).for_each(|(what, times)| println!("  {what} × {times}"));
    let (p99_alone, p99_beside) = compare(&alone, &beside, time);
    let said = serde_json::json!({
        "noise_rate": noise.rate, "noise_errors": noise.errors,
        "neighbour_p99_ms": { "alone": p99_alone, "beside": p99_beside },
    });
    std::fs::write(shared.out.join("noisy.json"), serde_json::to_vec_pretty(&said)?)?;
    server.stop()?;
    place.drop().await
}

/// Members of the second brand read their feed and a presale page.
async fn neighbour(address: SocketAddr, plan: &Plan, rate: f64, duration: Duration) -> Record {
    let clients = (0..64).map(|_| Client::new(address, Duration::from_secs(10))).collect();
    let others = plan.members[1] - 1;
    // Limits count by person: she is one of few thousand.
    let pace = Pace { rate, warm_up: Duration::ZERO, duration };
    open_loop::run(pace, &["neighbour"], clients, async |client: &mut Client, n| {
        let who = Member { brand: 1, index: 1 + n % others };
        (0, if n % 2 == 0 { client.feed(who).await } else { client.presale_page(who, plan::PRESALE).await })
    })
    .await
}

/// Prints and answers the neighbour's p99 without and with the crowd, over the seconds that both ran.
fn compare(alone: &Record, beside: &Record, took: Duration) -> (f64, f64) {
    let whole = (took.as_secs_f64().ceil() as usize).max(1);
    let mut during = beside.seconds[0].clone();
    beside.seconds.iter().take(whole).skip(1).for_each(|second| during.add(second).expect("the same bounds"));
    let (without, with) = (ms(&alone.latency(), 99.0), ms(&during, 99.0));
    println!(
        "  neighbour's p99: {without:.1} ms alone, {with:.1} ms beside it: {:+.0} % (target +20 %); {} and {} errors",
        (with / without - 1.0) * 100.0,
        alone.errors(),
        beside.errors()
    );
    (without, with)
}
