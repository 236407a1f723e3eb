//! The pilot, replayed through the public API.

pub mod pictures;

use std::process::ExitCode;

use crate::cli::DemoArgs;
use crate::config::Config;

pub async fn run(_config: Config, _args: DemoArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("being built")
}
