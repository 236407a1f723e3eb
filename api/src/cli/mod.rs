//! Subcommands. Each loads the settings, wires an [`App`] and does one thing.

mod admin;
mod check;
pub mod log;
mod migrate;
mod serve;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Parser, Subcommand};

use crate::app::App;
use crate::base::clock::Clock;
use crate::config::{Config, WechatMode};

pub use serve::{Running, listen, signals, start, start_by};
#[cfg(feature = "standin")]
pub use serve::{introduce, standin_template};

/// GraphQL backend of a storefront that makes only what people asked for.
#[derive(Parser)]
#[command(name = "smallbatch", version)]
pub struct Cli {
    /// TOML file with settings; the environment wins over it.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API (and work off timers and events, unless told not to).
    Serve {
        /// Print the effective settings, secrets masked, and stop.
        #[arg(long)]
        print_config: bool,
        /// Leave timers and events to `smallbatch worker` processes.
        #[arg(long)]
        no_worker: bool,
    },
    /// Work off timers and events only.
    Worker,
    /// Change or show the state of the database schema.
    Migrate {
        #[command(subcommand)]
        direction: migrate::Direction,
    },
    /// Print the GraphQL schema.
    Schema,
    /// Replay the pilot through the API on an embedded database, report, and keep serving.
    Demo(DemoArgs),
    /// Verify on a live database what must always hold; exit non-zero on a breach.
    Check,
    /// Create brands, staff, factories and their keys; rotate keys.
    Admin {
        #[command(subcommand)]
        action: admin::Action,
    },
}

/// How the demo ends and reports.
#[derive(Args, Clone, Copy)]
pub struct DemoArgs {
    /// Stop after the report.
    #[arg(long)]
    pub exit: bool,
    /// Print the report as JSON and nothing else on standard output (implies --exit).
    #[arg(long)]
    pub json: bool,
}

// Starts the runtime here, since a future is compiled into the crate that polls it: the program's would hold much of this
// one a second time.
#[tokio::main]
pub async fn run(cli: Cli) -> Result<ExitCode> {
    let file = cli.config.as_deref();
    match cli.command {
        Command::Schema => {
            print!("{}", crate::schema::sdl());
            Ok(ExitCode::SUCCESS)
        }
        Command::Serve { print_config: true, .. } => {
            print!("{}", Config::load(file)?.printed());
            Ok(ExitCode::SUCCESS)
        }
        Command::Serve { no_worker, .. } => serve::serve(load(file)?, !no_worker).await,
        Command::Worker => serve::worker(load(file)?).await,
        Command::Migrate { direction } => migrate::run(load(file)?, direction).await,
        Command::Demo(args) => demo(file, args).await,
        Command::Check => check::run(load(file)?).await,
        Command::Admin { action } => admin::run(load(file)?, action).await,
    }
}

fn load(file: Option<&Path>) -> Result<Config> {
    let config = Config::load(file)?;
    log::start(&config);
    Ok(config)
}

/// The demo is the one place that turns the stand-in, GraphiQL and introspection on by itself.
async fn demo(file: Option<&Path>, args: DemoArgs) -> Result<ExitCode> {
    #[cfg(feature = "standin")]
    {
        let mut config = Config::load(file)?;
        config.wechat = WechatMode::Standin;
        config.standin_confirmed = true;
        config.graphiql = true;
        config.introspection = true;
        config.worker = true;
        // One address plays 205 phones, faster than people tap.
        config.rate_per_second = std::num::NonZeroU32::MAX;
        config.rate_burst = std::num::NonZeroU32::MAX;
        log::start_quiet(&config);
        crate::demo::run(config, args).await
    }
    #[cfg(not(feature = "standin"))]
    {
        let _ = (file, args, WechatMode::Standin);
        bail!("this program was built without the stand-in; build with `--features standin` for the demo")
    }
}

/// An app on the system's clock, for the commands that work on the database only.
async fn offline(config: Config) -> Result<App> {
    if config.wechat == WechatMode::Standin && !config.standin_confirmed {
        bail!(
            "SMALLBATCH_WECHAT=standin also needs SMALLBATCH_STANDIN_CONFIRMED={}",
            crate::config::STANDIN_CONFIRMATION
        );
    }
    App::start(config, Clock::System).await
}
