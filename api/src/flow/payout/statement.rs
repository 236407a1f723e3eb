//! A factory's account with a brand over a month of the brand's calendar. What is recorded later stands in a later
//! month, so that a month that is over never changes.

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use entity::{factory_payable, factory_payment};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::query;
use crate::base::db::{columns, sql};
use crate::error::Result;
use crate::flow::payment::ledger::query::brand;
use crate::flow::payment::ledger::statement::Span;

/// The account over a month.
#[derive(Clone, Debug)]
pub struct Statement {
    pub brand_id: Uuid,
    pub factory_id: Uuid,
    pub currency: String,
    /// First and last day.
    pub span: Span,
    /// Fen owed before the first day.
    pub opening: i64,
    /// With the number of the batch.
    pub payables: Vec<(factory_payable::Model, String)>,
    pub payments: Vec<factory_payment::Model>,
}

impl Statement {
    /// Fen owed when the last day was over.
    pub fn closing(&self) -> i64 {
        let owed: i64 = self.payables.iter().map(|(row, _)| row.amount).sum();
        let paid: i64 = self.payments.iter().map(|row| row.amount).sum();
        self.opening + owed - paid
    }
}

/// The month that `day` is of. `NOT_FOUND` when the brand never owed the factory anything.
pub async fn read(db: &impl ConnectionTrait, brand_id: Uuid, factory_id: Uuid, day: NaiveDate) -> Result<Statement> {
    let account = query::factory_account(db, brand_id, factory_id).await?;
    let (_, zone) = brand(db, brand_id).await?;
    let first = day.with_day(1).unwrap_or(day);
    let last = first.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()).unwrap_or(first);
    let span = Span::new(first, last, zone)?;
    let (from, until) = (span.starts(), span.ends());
    Ok(Statement {
        brand_id,
        factory_id,
        currency: account.currency,
        span,
        opening: owed_before(db, brand_id, factory_id, from).await?,
        payables: payables(db, brand_id, factory_id, from, until).await?,
        payments: payments(db, brand_id, factory_id, from, until).await?,
    })
}

async fn owed_before(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    factory_id: Uuid,
    before: DateTime<Utc>,
) -> Result<i64> {
    let statement = sql(
        db.get_database_backend(),
        "select cast((select coalesce(sum(p.amount), 0) from factory_payable p where p.brand_id = $1 and p.factory_id = $2 and p.created_at < $3) \
         - (select coalesce(sum(p.amount), 0) from factory_payment p where p.brand_id = $1 and p.factory_id = $2 and p.created_at < $3) as bigint) as owed",
        [brand_id.into(), factory_id.into(), before.into()],
    );
    let row = db.query_one_raw(statement).await?.ok_or_else(|| anyhow::anyhow!("a sum returned no row"))?;
    Ok(row.try_get("", "owed")?)
}

async fn payables(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    factory_id: Uuid,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<(factory_payable::Model, String)>> {
    let text = format!(
        "select {}, b.batch_no from factory_payable p join batch b on b.brand_id = p.brand_id and b.id = p.batch_id \
         where p.brand_id = $1 and p.factory_id = $2 and p.created_at >= $3 and p.created_at < $4 order by p.created_at, p.id",
        columns::<factory_payable::Entity>("p", "p_")
    );
    let values = [brand_id.into(), factory_id.into(), from.into(), until.into()];
    let rows = db.query_all_raw(sql(db.get_database_backend(), &text, values)).await?;
    rows.iter()
        .map(|row| Ok((factory_payable::Model::from_query_result(row, "p_")?, row.try_get("", "batch_no")?)))
        .collect()
}

async fn payments(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    factory_id: Uuid,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<factory_payment::Model>> {
    use factory_payment::Column;
    let found = factory_payment::Entity::find()
        .filter(Column::BrandId.eq(brand_id))
        .filter(Column::FactoryId.eq(factory_id))
        .filter(Column::CreatedAt.gte(from))
        .filter(Column::CreatedAt.lt(until))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id);
    Ok(found.all(db).await?)
}
