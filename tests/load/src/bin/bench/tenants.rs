//! Whether many brands make each one slower: the mixed load at the same rate on few and on many.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use load::client::Client;
use load::open_loop::{self, Pace};
use load::plan::{Plan, Size};
use load::record::{Record, ms};
use load::scenario::{Mix, NAMES, Scenario};
use load::server::Server;

use crate::Shared;
use crate::place::Place;
use crate::table::median;

#[derive(clap::Args)]
pub struct Args {
    /// Brands of the data sets; the first is what the others are compared with.
    #[arg(long, value_delimiter = ',', default_value = "10,10000")]
    brands: Vec<usize>,
    #[arg(long, default_value_t = 40_000)]
    members: u64,
    #[command(flatten)]
    mix: Mix,
}

struct Tenant {
    place: Place,
    plan: Plan,
    server: Server,
    /// p99 of each round, ms.
    p99: Vec<f64>,
    errors: u64,
}

pub async fn run(shared: &Shared, args: &Args) -> Result<()> {
    let mut tenants = Vec::new();
    for brands in &args.brands {
        let plan = Plan::new(Size { brands: *brands, members: args.members, first: 0, skew: 1.0 });
        let place = Place::seeded(shared, &format!("of_{brands}"), &plan).await?;
        let server = place.serve(shared).await?;
        tenants.push(Tenant { place, plan, server, p99: Vec::new(), errors: 0 });
    }
    let pace = Pace {
        rate: args.mix.rate(),
        warm_up: Duration::from_secs(shared.seconds.min(5)),
        duration: Duration::from_secs(shared.seconds),
    };
    for round in 0..shared.rounds as u64 {
        for tenant in &mut tenants {
            let record = mixed(tenant, args.mix, pace, round).await;
            tenant.p99.push(ms(&record.latency(), 99.0));
            tenant.errors += record.errors();
        }
    }
    println!("mixed load, {} a second, p99 by rounds of {} s", args.mix.rate(), shared.seconds);
    let few = tenants[0].p99.clone();
    let mut said = Vec::new();
    for tenant in &tenants {
        let ratios: Vec<f64> = tenant.p99.iter().zip(&few).map(|(many, few)| many / few).collect();
        println!(
            "{:>6} brands: p99 {:>7.1} ms, over the first {:.2} (target 1.20) {:.2?}, {} errors",
            tenant.plan.brands(),
            median(tenant.p99.clone()),
            median(ratios.clone()),
            ratios,
            tenant.errors
        );
        said.push(serde_json::json!({ "brands": tenant.plan.brands(), "p99_ms": tenant.p99, "ratios": ratios, "errors": tenant.errors }));
    }
    std::fs::write(shared.out.join("tenants.json"), serde_json::to_vec_pretty(&said)?)?;
    for tenant in tenants {
        tenant.server.stop()?;
        tenant.place.drop().await?;
    }
    Ok(())
}

async fn mixed(tenant: &Tenant, mix: Mix, pace: Pace, round: u64) -> Record {
    // Picks go on where the round before stopped.
    let before = |brand: usize| {
        (tenant.plan.traffic.share(brand) * mix.picks * round as f64 * (pace.warm_up + pace.duration).as_secs_f64())
            as u64
    };
    let picks: BTreeMap<_, _> =
        (0..tenant.plan.brands()).map(|brand| (load::plan::brand_id(brand), before(brand))).collect();
    let scenario = Scenario::new(&tenant.plan, mix, 1 + round, &picks);
    let clients = (0..256).map(|_| Client::new(tenant.server.address, Duration::from_secs(10))).collect();
    open_loop::run(pace, &NAMES, clients, async |client: &mut Client, n| {
        let (operation, request) = scenario.request(n);
        (operation, client.send(&request).await)
    })
    .await
}
