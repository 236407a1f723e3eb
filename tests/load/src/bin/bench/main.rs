//! Each hot path as a ratio to its yardstick, taken in turns (A B A B …) in the same run, since the
//! speed of a shared machine drifts. Makes its own databases on the given PostgreSQL and drops them.
//!
//! ```text
//! bench paths     hot paths, closed loop, against pgbench or the server's own hello
//! bench flash     20,000 buyers on 500 pieces, and what a neighbour brand notices
//! bench noisy     a thousand members of one brand flood, here or on another server; what a neighbour brand notices
//! bench tenants   latency with 10,000 brands over latency with 10, at the same rate
//! bench start     from the start of the process to its first answer; idle memory
//! ```

mod beside;
mod flash;
mod noisy;
mod paths;
mod place;
mod start;
mod table;
mod tenants;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};
use load::server::setting;

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Args, Clone)]
pub struct Shared {
    /// postgres://… of a PostgreSQL on this machine, with the right to create databases; durable (fsync on).
    #[arg(long)]
    postgres: String,
    /// redis://… for the servers; without it they keep cache and limits in memory.
    #[arg(long)]
    redis: Option<String>,
    /// The server to measure; the one built beside this program when missing.
    #[arg(long)]
    program: Option<PathBuf>,
    /// A setting of the servers, as name=value of the configuration file; repeatable.
    #[arg(long, value_parser = setting)]
    set: Vec<(String, String)>,
    /// Where the programs of PostgreSQL are.
    #[arg(long, default_value = "/usr/lib/postgresql/15/bin")]
    pg_bin: PathBuf,
    /// Rounds of A and B.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of each A and of each B.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Where reports go, as <what>.json.
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
}

#[derive(Subcommand)]
enum What {
    Paths(paths::Args),
    Flash(flash::Args),
    Noisy(noisy::Args),
    Tenants(tenants::Args),
    Start,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let Args { shared, what } = Args::parse();
    std::fs::create_dir_all(&shared.out)?;
    match what {
        What::Paths(args) => paths::run(&shared, &args).await,
        What::Flash(args) => flash::run(&shared, &args).await,
        What::Noisy(args) => noisy::run(&shared, &args).await,
        What::Tenants(args) => tenants::run(&shared, &args).await,
        What::Start => start::run(&shared).await,
    }
}
