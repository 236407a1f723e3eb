//! Seeds a data set: `data --database postgres://… --brands 10000`. Migrates first; wants no brands there.

use anyhow::Result;
use clap::Parser;
use load::plan::{Plan, Size};
use load::server;

#[derive(Parser)]
struct Args {
    /// postgres://… or sqlite://…
    #[arg(long, required_unless_present = "print_keys")]
    database: Option<String>,
    /// Only prints the SMALLBATCH_ENCRYPTION_KEYS that the data are sealed with.
    #[arg(long)]
    print_keys: bool,
    #[command(flatten)]
    size: Size,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args = Args::parse();
    match args.database {
        Some(database) if !args.print_keys => server::prepare(&database, &Plan::new(args.size)).await,
        _ => {
            println!("{}", load::plan::KEYS);
            Ok(())
        }
    }
}
