//! Writes a [`Plan`] into a migrated, empty database: many rows a statement, whole brands at a time.
//! Deterministic but for sealed values, whose nonces are random. Afterwards every invariant holds.

mod making;
mod people;
mod selling;
mod table;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, EntityTrait, PaginatorTrait};
use smallbatch::base::crypto::Keyring;

pub use people::openid;

use crate::plan::{KEYS, Plan};
use table::Tables;

/// Rows held before they are written.
const ENOUGH: usize = 20_000;

/// How many rows of all kinds were written.
pub struct Seeded {
    pub rows: usize,
}

/// What every row maker needs.
struct Makes<'a> {
    plan: &'a Plan,
    keyring: Keyring,
    now: DateTime<Utc>,
    brand: usize,
}

/// Fills an empty, migrated database. `told` hears how many brands are done.
pub async fn seed(db: &DatabaseConnection, plan: &Plan, now: DateTime<Utc>, told: impl Fn(usize)) -> Result<Seeded> {
    let there = entity::brand::Entity::find().count(db).await.context("is the database migrated?")?;
    ensure!(there == 0, "the database has {there} brands already; seed an empty one");
    let mut makes = Makes { plan, keyring: keyring()?, now, brand: 0 };
    let (mut tables, mut rows) = (Tables::default(), 0);
    people::factories(&makes, &mut tables);
    for brand in 0..plan.brands() {
        makes.brand = brand;
        people::brand(&makes, &mut tables)?;
        making::designs(&makes, &mut tables);
        making::rounds(&makes, &mut tables);
        making::posts(&makes, &mut tables);
        selling::presales(&makes, &mut tables);
        selling::orders(&makes, &mut tables)?;
        if tables.rows() > ENOUGH {
            rows += tables.write(db).await?;
            told(brand + 1);
        }
    }
    rows += tables.write(db).await?;
    told(plan.brands());
    // Plans are made from statistics; without them the first minutes measure sequential scans.
    if db.get_database_backend() == DatabaseBackend::Postgres {
        db.execute_unprepared("vacuum analyze").await?;
    } else {
        db.execute_unprepared("analyze").await?;
    }
    Ok(Seeded { rows })
}

/// The keys of [`KEYS`].
fn keyring() -> Result<Keyring> {
    use base64::Engine;
    let (id, key) = KEYS.split_once(':').context("id:key")?;
    let key = base64::engine::general_purpose::STANDARD.decode(key)?;
    Ok(Keyring::new(id, &[(id.to_owned(), key)].into())?)
}
