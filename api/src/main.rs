//! The program: reads the subcommand and runs it.

use clap::Parser;
use smallbatch::cli::{Cli, run};

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
