//! The program: reads the subcommand and runs it.

use clap::Parser;
use smallbatch::cli::{Cli, run};

/// An engine that resolves a field at a time allocates more than it computes: a sixth of a feed's time was the C
/// library's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("smallbatch: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
