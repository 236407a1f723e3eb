//! A flash sale: 20,000 buyers on 500 pieces, and what a neighbour brand notices of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::future::join_all;
use load::client::{Client, Member, Outcome};
use load::plan::{self, FLASH, FLASH_PIECES, SKUS};
use load::server::connect;
use sea_orm::{ConnectionTrait, Statement};

use crate::Shared;
use crate::beside::{Noticed, Turns, beside, plan_of};
use crate::place::Place;

#[derive(clap::Args, Clone, Copy)]
pub struct Args {
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

pub async fn run(shared: &Shared, args: &Args) -> Result<()> {
    let turns = Turns { seconds: shared.seconds as usize, times: 1, crowds: 1 };
    let pace = turns.pace(args.neighbour);
    let plan = plan_of(args.buyers, pace);
    let place = Place::seeded(shared, "flash", &plan).await?;
    let server = place.serve(shared).await?;
    let (address, Args { buyers, connections, .. }) = (server.address, *args);
    let crowd = async move |_| {
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
    let (alone, beside) = (Noticed::alone(&record, turns), Noticed::beside(&record, turns, 0, took));
    println!(
        "  neighbour's p99: {:.1} ms alone, {:.1} ms beside it: {} (target +20 %); {} errors",
        alone.p99(),
        beside.p99(),
        beside.over(&alone),
        record.errors()
    );
    let said = serde_json::json!({
        "buyers": args.buyers, "seconds": took.as_secs_f64(), "outcomes": counted, "sold": sold,
        "neighbour": { "alone": alone.report(), "beside": beside.report() },
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
