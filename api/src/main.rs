//! The program: reads the subcommand and runs it.

use clap::Parser;
use smallbatch::cli::{Cli, run};

fn main() -> std::process::ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("smallbatch: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
