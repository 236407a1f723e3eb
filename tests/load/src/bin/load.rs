//! The mixed load at a constant rate, against a server that this starts (`--program`) or one that runs
//! (`--address`). The database must hold the same data set: `data` with the same size.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use load::client::Client;
use load::plan::{Plan, Size};
use load::process::{Meter, Parties, postmaster, redis, resident_mb};
use load::record::Record;
use load::report::{Memory, Report};
use load::scenario::{Mix, NAMES, Scenario, picks_there};
use load::server::{Launch, Server, connect, program, setting};
use load::{chart, open_loop};

#[derive(Parser)]
struct Args {
    /// postgres://… or sqlite://…, seeded by `data` with the same size.
    #[arg(long)]
    database: String,
    /// redis://… for a server that this starts.
    #[arg(long)]
    redis: Option<String>,
    /// The server to start; the one built beside this program when neither this nor --address is given.
    #[arg(long)]
    program: Option<PathBuf>,
    /// A server that runs already, as 127.0.0.1:8000.
    #[arg(long, conflicts_with = "program")]
    address: Option<SocketAddr>,
    /// Its process, to be measured.
    #[arg(long, requires = "address")]
    server_pid: Option<u32>,
    /// A setting of the server that this starts, as name=value of its configuration file; repeatable.
    #[arg(long, value_parser = setting)]
    set: Vec<(String, String)>,
    #[command(flatten)]
    size: Size,
    #[command(flatten)]
    mix: Mix,
    /// Seconds that are not measured.
    #[arg(long, default_value_t = 5)]
    warm_up: u64,
    /// Seconds that are.
    #[arg(long, default_value_t = 60)]
    duration: u64,
    /// Connections; more than requests ever are under way, or the loader itself makes them wait.
    #[arg(long, default_value_t = 256)]
    connections: usize,
    /// Seconds after which an answer is not waited for.
    #[arg(long, default_value_t = 10)]
    timeout: u64,
    /// Where load.json and load.svg go.
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args = Args::parse();
    std::fs::create_dir_all(&args.out)?;
    let plan = Plan::new(args.size);
    let db = connect(&args.database, false).await?;
    let picks = picks_there(&db).await.context("is the database seeded?")?;
    let scenario = Scenario::new(&plan, args.mix, seed(), &picks);
    let server = start(&args).await?;
    let (address, pid) = match &server {
        Some(server) => (server.address, Some(server.pid())),
        None => (args.address.context("an address")?, args.server_pid),
    };
    let parties = parties(&args, pid, postmaster(&db).await?);
    let idle = pid.and_then(resident_mb).map(|(now, _)| now);
    let pace = open_loop::Pace {
        rate: args.mix.rate(),
        warm_up: Duration::from_secs(args.warm_up),
        duration: Duration::from_secs(args.duration),
    };
    let meter = Meter::start(&parties);
    let record = drive(address, pace, &args, &scenario).await;
    let split = meter.stop();
    ensure!(record.measured() + record.warm_up == pace.total(), "requests were lost by the loader");
    let report = Report {
        asked: asked(&args),
        title: title(&args),
        record: &record,
        seconds: pace.duration.as_secs_f64(),
        split,
        memory: idle.zip(pid.and_then(resident_mb)).map(|(idle, (after, peak))| Memory { idle, peak, after }),
        started_ms: server.as_ref().map(|server| server.started_in.as_secs_f64() * 1000.0),
        repeats: scenario.repeats(),
    };
    print!("{}", report.table());
    std::fs::write(args.out.join("load.json"), serde_json::to_vec_pretty(&report.json())?)?;
    chart::draw(&args.out.join("load.svg"), &report)?;
    println!("{0}/load.json, {0}/load.svg", args.out.display());
    db.close().await?;
    if let Some(server) = server {
        server.stop()?;
    }
    Ok(())
}

async fn start(args: &Args) -> Result<Option<Server>> {
    if args.address.is_some() {
        return Ok(None);
    }
    let launch = Launch {
        program: program(args.program.as_deref())?,
        database_url: args.database.clone(),
        redis_url: args.redis.clone(),
        set: args.set.clone(),
        dir: args.out.join("server"),
    };
    Server::start(&launch).await.map(Some)
}

fn parties(args: &Args, server: Option<u32>, database: Option<u32>) -> Parties {
    let mut all = Vec::new();
    all.extend(server.map(|pid| ("server", pid)));
    all.extend(database.map(|pid| ("database", pid)));
    all.extend(args.redis.as_deref().and_then(redis).map(|pid| ("redis", pid)));
    all.push(("loader", std::process::id()));
    Parties(all)
}

async fn drive(address: SocketAddr, pace: open_loop::Pace, args: &Args, scenario: &Scenario<'_>) -> Record {
    let timeout = Duration::from_secs(args.timeout);
    let clients = (0..args.connections).map(|_| Client::new(address, timeout)).collect();
    open_loop::run(pace, &NAMES, clients, async |client: &mut Client, n| {
        let (operation, request) = scenario.request(n);
        (operation, client.send(&request).await)
    })
    .await
}

/// Keys of one run must not meet those of another on the same database.
fn seed() -> u64 {
    smallbatch::base::clock::Clock::System.now().timestamp_micros() as u64
}

fn title(args: &Args) -> String {
    let Args { mix, size, .. } = args;
    let database = if args.database.starts_with("sqlite") { "SQLite" } else { "PostgreSQL" };
    format!(
        "{} reads + {} picks + {} orders a second for {} s · {} brands, {} members · {database}{}",
        mix.reads,
        mix.picks,
        mix.orders,
        args.duration,
        size.brands,
        size.members,
        if args.redis.is_some() { " + Redis" } else { "" }
    )
}

fn asked(args: &Args) -> serde_json::Value {
    serde_json::json!({
        "mix": args.mix, "size": args.size, "warm_up": args.warm_up, "duration": args.duration,
        "connections": args.connections, "settings": args.set.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>(),
        "redis": args.redis.is_some(), "sqlite": args.database.starts_with("sqlite"),
    })
}
