//! Crowds on one brand, and what its neighbour notices: the neighbour reads at a constant rate throughout,
//! alone and beside the crowd in turns.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::future::join_all;
use hdrhistogram::Histogram;
use load::client::{self, Client, Member, Outcome};
use load::open_loop::{self, Pace};
use load::plan::{self, FLASH, FLASH_PIECES, Plan, SKUS, Size};
use load::record::{Record, ms};
use load::server::connect;
use sea_orm::{ConnectionTrait, Statement};

use crate::Shared;
use crate::place::Place;

#[derive(clap::Args, Clone, Copy)]
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

#[derive(clap::Args, Clone, Copy)]
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
    /// Reads a second of the neighbour brand: what its own limit lets through for as long as it likes.
    #[arg(long, default_value_t = 100.0)]
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
    let turns = Turns { seconds: shared.seconds as usize, times: 1 };
    let pace = turns.pace(args.neighbour);
    let plan = plan_of(args.buyers, pace);
    let place = Place::seeded(shared, "flash", &plan).await?;
    let server = place.serve(shared).await?;
    let (address, FlashArgs { buyers, connections, .. }) = (server.address, *args);
    let crowd = async move || {
        let begin = Instant::now();
        let counted = rush(address, buyers, connections).await;
        (counted, begin.elapsed())
    };
    let (record, crowds) = beside(address, pace, turns, crowd).await?;
    let [(counted, took)] = crowds.try_into().map_err(|_| anyhow::anyhow!("one crowd comes once"))?;
    server.stop()?;
    let sold = sold(&place).await?;
    println!("flash sale: {} buyers, {FLASH_PIECES} pieces, {:.1} s", args.buyers, took.as_secs_f64());
    counted.iter().for_each(|(what, times)| println!("  {what} × {times}"));
    println!("  in the database: {sold} pieces held or paid");
    let said = serde_json::json!({
        "buyers": args.buyers, "seconds": took.as_secs_f64(), "outcomes": counted, "sold": sold,
        "neighbour_p99_ms": compare(&record, turns, took),
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
async fn rush(address: SocketAddr, buyers: u64, connections: usize) -> Counted {
    let next = std::cell::Cell::new(1);
    let counted = std::cell::RefCell::new(Counted::new());
    let work = (0..connections).map(async |_| {
        let mut client = Client::new(address, Duration::from_secs(60));
        loop {
            let index = next.replace(next.get() + 1);
            if index > buyers {
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
    let turns = Turns { seconds: shared.seconds as usize, times: shared.rounds };
    let pace = turns.pace(args.neighbour);
    let plan = plan_of(args.members, pace);
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
    let (address, NoisyArgs { connections, noise, members, .. }) = (server.address, *args);
    let from = AtomicU64::new(0);
    let flood = async move || {
        let (mut next, request) = (from.load(Ordering::Relaxed), |n| Some(noise.request(n, members)));
        let done = load::closed_loop::run(address, connections, turns.time() * 5 / 6, &mut next, request).await;
        from.store(next, Ordering::Relaxed);
        done
    };
    let (record, floods) = beside(address, pace, turns, flood).await?;
    println!("noisy brand: {members} members on {connections} connections, {noise:?}");
    for flood in &floods {
        println!("  answered {:.0} a second", flood.rate);
        flood.errors.iter().chain(&flood.refused).for_each(|(what, times)| println!("    {what} × {times}"));
    }
    let said = serde_json::json!({
        "noise_rate": floods.iter().map(|flood| flood.rate).collect::<Vec<_>>(),
        "noise_errors": floods.iter().map(|flood| &flood.errors).collect::<Vec<_>>(),
        "neighbour_p99_ms": compare(&record, turns, turns.time()),
    });
    std::fs::write(shared.out.join("noisy.json"), serde_json::to_vec_pretty(&said)?)?;
    server.stop()?;
    place.drop().await
}

/// So many times a neighbour is alone for some seconds, then for as many beside a crowd.
#[derive(Clone, Copy)]
struct Turns {
    seconds: usize,
    times: usize,
}

impl Turns {
    fn time(self) -> Duration {
        Duration::from_secs(self.seconds as u64)
    }

    /// Once the server and its connections are warm.
    fn pace(self, rate: f64) -> Pace {
        Pace { rate, warm_up: Duration::from_secs(4), duration: 2 * self.time() * self.times as u32 }
    }
}

/// A brand with `crowd` members and its neighbour, of whose members each asks once: those who come again would be known
/// until their tokens are looked up anew, all at the same time.
fn plan_of(crowd: u64, pace: Pace) -> Plan {
    let plan = Plan::new(Size { brands: 2, members: 3 * (pace.total() + 2), first: crowd + 1, skew: 1.0 });
    assert!(plan.members[1] > pace.total(), "the second of two brands has a third of all members");
    plan
}

/// What the neighbour's members notice, and what became of each `crowd`: they read their feed and a presale page
/// throughout. The crowd has a thread of its own: on one, the neighbour's clients would wait for the crowd's.
async fn beside<T, C>(address: SocketAddr, pace: Pace, turns: Turns, crowd: C) -> Result<(Record, Vec<T>)>
where
    C: AsyncFn() -> T + Send + 'static,
    T: Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let begin = Instant::now();
    let crowds = std::thread::spawn(move || {
        let come = |n: u32| {
            let at = pace.warm_up + turns.time() * (2 * n + 1);
            std::thread::sleep(at.saturating_sub(begin.elapsed()));
            runtime.block_on(crowd())
        };
        (0..turns.times as u32).map(come).collect()
    });
    let clients = (0..64).map(|_| Client::new(address, Duration::from_secs(10))).collect();
    let record = open_loop::run(pace, &["neighbour"], clients, async |client: &mut Client, n| {
        let who = Member { brand: 1, index: 1 + n };
        (0, if n % 2 == 0 { client.feed(who).await } else { client.presale_page(who, plan::PRESALE).await })
    })
    .await;
    let crowds = crowds.join().map_err(|_| anyhow::anyhow!("the crowd's thread died"))?;
    Ok((record, crowds))
}

/// Prints and answers the neighbour's p99 without the crowd and with it, over the whole seconds in which it was there:
/// `took` of each of its turns.
fn compare(record: &Record, turns: Turns, took: Duration) -> serde_json::Value {
    let there = turns.seconds.min(took.as_secs_f64().ceil() as usize);
    let phases: Vec<&[Histogram<u64>]> = record.seconds.chunks(turns.seconds).take(2 * turns.times).collect();
    let alone: Vec<_> = phases.iter().step_by(2).copied().collect();
    let beside: Vec<_> = phases.iter().skip(1).step_by(2).map(|phase| &phase[..there.min(phase.len())]).collect();
    let (without, with) = (p99(alone.iter().copied().flatten()), p99(beside.iter().copied().flatten()));
    let each: Vec<f64> = alone.iter().zip(&beside).map(|(alone, beside)| p99(*beside) / p99(*alone)).collect();
    let percent = |ratio: f64| format!("{:+.0} %", (ratio - 1.0) * 100.0);
    println!(
        "  neighbour's p99: {without:.1} ms alone, {with:.1} ms beside it: {} (target +20 %), in turns {}; {} errors",
        percent(with / without),
        each.iter().map(|ratio| percent(*ratio)).collect::<Vec<_>>().join(", "),
        record.errors()
    );
    let by_second = |phases: &[&[Histogram<u64>]]| -> Vec<Vec<f64>> {
        phases.iter().map(|phase| phase.iter().map(|it| ms(it, 99.0)).collect()).collect()
    };
    serde_json::json!({
        "alone": without, "beside": with,
        "by_second": { "alone": by_second(&alone), "beside": by_second(&beside) },
    })
}

fn p99<'a>(seconds: impl IntoIterator<Item = &'a Histogram<u64>>) -> f64 {
    let mut all = Histogram::<u64>::new(3).expect("a valid precision");
    seconds.into_iter().for_each(|second| all.add(second).expect("it grows"));
    ms(&all, 99.0)
}
