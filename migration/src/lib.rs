//! One explicit schema history for both databases.
//!
//! Each step is SQL text that SQLite and PostgreSQL read alike: the column types are PostgreSQL's
//! (`uuid`, `timestamptz`, `bytea`, `jsonb`), which SQLite takes as affinities. Statements end with
//! a `;` at the end of a line. Steps run in a transaction, so a failed one leaves nothing behind.
//! Later steps expand, backfill, then contract: never edit a step that has been released.

pub use sea_orm_migration::prelude::*;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        STEPS.iter().map(|step| Box::new(*step) as Box<dyn MigrationTrait>).collect()
    }
}

macro_rules! steps {
    ($($folder:literal / $name:literal),* $(,)?) => {
        &[$(Step {
            name: concat!($folder, "_", $name),
            up: include_str!(concat!($folder, "/", $name, ".up.sql")),
            down: include_str!(concat!($folder, "/", $name, ".down.sql")),
        }),*]
    };
}

const STEPS: &[Step] = steps![
    "m0001" / "01_people",
    "m0001" / "02_base",
    "m0001" / "03_community_design_round",
    "m0001" / "04_tryon_presale_order",
    "m0001" / "05_batch_delivery",
    "m0002" / "01_ledger",
    "m0002" / "02_plans",
    "m0002" / "03_shipping",
    "m0002" / "04_payout",
    "m0002" / "05_reconciliation",
    "m0002" / "06_promise",
    "m0002" / "07_subscribe",
];

#[derive(Clone, Copy)]
struct Step {
    name: &'static str,
    up: &'static str,
    down: &'static str,
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    /// Without this SQLite would run a step statement by statement and stop half way.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, self.up).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, self.down).await
    }
}

async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let without_comments: String = sql
        .lines()
        .map(|line| line.split_once("--").map_or(line, |(code, _)| code).trim_end())
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n");
    for statement in without_comments.split(";\n").map(|s| s.trim_end_matches(';').trim()) {
        if !statement.is_empty() {
            manager.get_connection().execute_unprepared(statement).await?;
        }
    }
    Ok(())
}
