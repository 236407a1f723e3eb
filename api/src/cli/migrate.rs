//! `migrate up|down|status`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use migration::{Migrator, MigratorTrait};

use crate::base::db::Db;
use crate::config::Config;

#[derive(Subcommand, Clone, Copy)]
pub enum Direction {
    /// Apply all steps that are not applied yet.
    Up,
    /// Take back the last applied steps. Drops their tables with all rows.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1)]
        steps: u32,
    },
    /// Say which steps are applied.
    Status,
}

pub async fn run(config: Config, direction: Direction) -> Result<ExitCode> {
    let db = Db::connect(&config.database_url, 1).await?;
    match direction {
        Direction::Up => Migrator::up(db.read(), None).await?,
        Direction::Down { steps } => Migrator::down(db.read(), Some(steps)).await?,
        Direction::Status => {}
    }
    for step in Migrator::get_migration_with_status(db.read()).await? {
        println!("{:<8} {}", step.status().to_string().to_lowercase(), step.name());
    }
    db.close().await?;
    Ok(ExitCode::SUCCESS)
}
