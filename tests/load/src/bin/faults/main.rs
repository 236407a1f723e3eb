//! Hurts a running Smallbatch on purpose: mixed load by clients that remember what they were told, while
//! the server is killed (-9), PostgreSQL is stopped at once, Redis is killed or emptied, and connections
//! are cut and delayed at random points. Then `smallbatch check` must find no breach, and the database
//! must agree with the clients: what was acknowledged is there, what was refused is not, what is unknown
//! is there once or not at all. Recovery times are printed; a failure prints the seed. Into `--out` go
//! `history.jsonl`, a line before each mutation is sent and one when it has ended, and `report.json`.
//!
//! Everything runs on loopback: its own PostgreSQL (durable), its own Redis, its own server.

mod clients;
mod compare;
mod history;
mod hurt;
mod services;
mod wire;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use load::plan::{Plan, Size};
use load::server::{self, program};
use serde_json::json;

use clients::{Crowd, Log};
use hurt::{Dice, Hurts};
use services::Services;

#[derive(Parser)]
struct Args {
    /// Processes to kill in all: server, PostgreSQL, Redis.
    #[arg(long, default_value_t = 200)]
    kills: usize,
    /// Repeats the same faults in the same order.
    #[arg(long)]
    seed: Option<u64>,
    /// The program to hurt; the one built beside this when not given.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Folder of initdb and postgres; the newest below /usr/lib/postgresql when not given.
    #[arg(long)]
    postgres: Option<PathBuf>,
    /// People who act at the same time.
    #[arg(long, default_value_t = 24)]
    people: usize,
    /// Kills between two comparisons of log and database; the last is always compared.
    #[arg(long, default_value_t = 50)]
    compare_every: usize,
    /// Where the services' logs, the history of the clients and the report go; what is there is deleted.
    #[arg(long, default_value = "target/faults")]
    out: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let seed = args.seed.unwrap_or_else(|| smallbatch::base::clock::Clock::System.now().timestamp_micros() as u64);
    println!("seed {seed}");
    run(&args, seed).await.with_context(|| format!("seed {seed}; logs are in {}", args.out.display()))
}

async fn run(args: &Args, seed: u64) -> Result<()> {
    let program = program(args.program.as_deref())?;
    let plan = Plan::new(Size { brands: 3, members: 600, first: 0, skew: 1.0 });
    let mut services = Services::start(&args.out, args.postgres.as_deref()).await?;
    server::prepare(&services.database_url(), &plan).await?;
    services.start_server(&program).await?;
    let crowd = Crowd::start(&plan, services.front(), args.people, seed, &args.out)?;
    let (mut hurts, began) = (Hurts::default(), Instant::now());
    let outcome = hurt(args, seed, &plan, &mut services, &crowd, &mut hurts).await;
    let seconds = began.elapsed().as_secs_f64();
    let log = crowd.stop().await;
    let error = outcome.as_ref().err().map(|error| format!("{error:#}"));
    report(&args.out, seed, seconds, &hurts, &log, error.as_deref())?;
    outcome?;
    println!("\n{}", hurts.table());
    println!("{}", log.table());
    println!("{} kills in {seconds:.0} s; log and database agree", hurts.kills());
    ensure!(log.acknowledged() > 0, "nothing was acknowledged, so nothing was tried");
    services.stop().await
}

/// All faults, and the comparisons between them.
async fn hurt(
    args: &Args,
    seed: u64,
    plan: &Plan,
    services: &mut Services,
    crowd: &Crowd,
    hurts: &mut Hurts,
) -> Result<()> {
    let mut dice = Dice::new(seed);
    while hurts.kills() < args.kills {
        let pause = Duration::from_millis(100 + dice.below(900));
        tokio::time::sleep(pause).await;
        let kills = hurts.kills();
        hurts.one_more(&mut dice, services, crowd).await?;
        if hurts.kills() > kills && (hurts.kills().is_multiple_of(args.compare_every) || hurts.kills() == args.kills) {
            crowd.pause().await;
            compare::all(services, plan, crowd, hurts.kills()).await?;
            crowd.go_on();
        }
    }
    Ok(())
}

/// What programs read: also after a failure, with what went wrong.
fn report(out: &Path, seed: u64, seconds: f64, hurts: &Hurts, log: &Log, error: Option<&str>) -> Result<()> {
    let report = json!({
        "seed": seed,
        "kills": hurts.kills(),
        "seconds": seconds,
        "recovery_ms": hurts.report(),
        "clients": log.report(),
        "error": error,
    });
    let path = out.join("report.json");
    std::fs::write(&path, format!("{report:#}\n")).with_context(|| format!("cannot write {}", path.display()))
}
