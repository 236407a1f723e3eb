//! The program: reads the subcommand and runs it.

use clap::Parser;
use smallbatch::cli::{Cli, run};

/// The engine makes many small things for each field of an answer: the allocator of the C library took a fifth of its
/// time. Huge pages and the newer version of this one made an idle server half as large again; jemalloc is as fast and
/// as small, and wants make to be built.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("smallbatch: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
