//! Reads, brand first.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use entity::journal_line::{self, Column as Line, LedgerAccount};
use entity::{brand, journal, ledger_head};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Select};
use uuid::Uuid;

use crate::base::db::sql;
use crate::error::{Error, Result};
use crate::people::authenticate::Zone;

/// The brand's currency and the clock on its wall, which a day of the books follows.
pub async fn brand(db: &impl ConnectionTrait, brand_id: Uuid) -> Result<(String, chrono_tz::Tz)> {
    let brand = brand::Entity::find_by_id(brand_id).one(db).await?.ok_or_else(|| Error::not_found("brand"))?;
    Ok((brand.currency, Zone::of(brand_id, &brand.time_zone)?.zone))
}

/// Where the brand's chain ends; `None` before its first journal.
pub async fn head(db: &impl ConnectionTrait, brand_id: Uuid) -> Result<Option<ledger_head::Model>> {
    Ok(ledger_head::Entity::find_by_id(brand_id).one(db).await?)
}

/// What stands on each account, debits positive; an account without lines is missing.
pub async fn balances(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    currency: &str,
) -> Result<HashMap<LedgerAccount, i64>> {
    let statement = sql(
        db.get_database_backend(),
        "select account, cast(sum(amount) as bigint) as balance from journal_line \
         where brand_id = $1 and currency = $2 group by account",
        [brand_id.into(), currency.into()],
    );
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((row.try_get("", "account")?, row.try_get("", "balance")?))).collect()
}

/// What stood on an account before an instant, debits positive.
pub async fn balance_before(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    account: LedgerAccount,
    currency: &str,
    before: DateTime<Utc>,
) -> Result<i64> {
    let statement = sql(
        db.get_database_backend(),
        "select cast(coalesce(sum(amount), 0) as bigint) as balance from journal_line \
         where brand_id = $1 and account = $2 and currency = $3 and posted_at < $4",
        [brand_id.into(), account.to_value().into(), currency.into(), before.into()],
    );
    let row = db.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| anyhow::anyhow!("a sum returned no row"))?;
    Ok(row.try_get("", "balance")?)
}

/// Which journals to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    pub from: Option<DateTime<Utc>>,
    /// Not included.
    pub until: Option<DateTime<Utc>>,
    pub account: Option<LedgerAccount>,
    pub order_id: Option<Uuid>,
}

/// No transaction takes this long, and no server's clock is this wrong: a journal's id, which is made
/// when it is posted, tells its time to within it, and the primary key finds a range of days.
const SLACK: Duration = Duration::hours(1);

/// The brand's journals, narrowed.
pub fn journals(brand_id: Uuid, wanted: Wanted) -> Select<journal::Entity> {
    let mut found = journal::Entity::find().filter(journal::Column::BrandId.eq(brand_id));
    if let Some(from) = wanted.from {
        found = found.filter(journal::Column::Id.gte(first_id(from - SLACK)));
        found = found.filter(journal::Column::PostedAt.gte(from));
    }
    if let Some(until) = wanted.until {
        found = found.filter(journal::Column::Id.lt(first_id(until + SLACK)));
        found = found.filter(journal::Column::PostedAt.lt(until));
    }
    if let Some(order_id) = wanted.order_id {
        found = found.filter(journal::Column::OrderId.eq(order_id));
    }
    if let Some(account) = wanted.account {
        let mut line = Query::select();
        line.expr(Expr::value(1))
            .from(journal_line::Entity)
            .and_where(Line::BrandId.eq(brand_id))
            .and_where(
                Expr::col((journal_line::Entity, Line::JournalId)).equals((journal::Entity, journal::Column::Id)),
            )
            .and_where(Line::Account.eq(account));
        found = found.filter(Expr::exists(line));
    }
    found
}

/// The least id that could be made at this instant.
fn first_id(at: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

/// Lines of many journals, by journal and in their order.
pub async fn lines_of(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    journals: &[Uuid],
) -> Result<HashMap<Uuid, Vec<journal_line::Model>>, sea_orm::DbErr> {
    let lines = journal_line::Entity::find()
        .filter(Line::BrandId.eq(brand_id))
        .filter(Line::JournalId.is_in(journals.iter().copied()))
        .order_by_asc(Line::JournalId)
        .order_by_asc(Line::Position)
        .all(db)
        .await?;
    let mut found = HashMap::<Uuid, Vec<_>>::new();
    for line in lines {
        found.entry(line.journal_id).or_default().push(line);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_an_instant_come_after_its_least() {
        let at = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
        let id = crate::base::id::Ids::new(crate::base::clock::Clock::fake(at)).next();
        assert!(first_id(at) <= id && id < first_id(at + Duration::milliseconds(1)));
    }
}
