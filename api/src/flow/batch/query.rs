//! Reads, brand first; a factory's reads go through its own feed first, which names the brand.

pub mod visible;

use std::collections::HashSet;

use entity::allocation::{self, AllocationStatus};
use entity::batch::{self, BatchStatus};
use entity::batch_progress::BatchProgressStage;
use entity::factory_feed::{self, FactoryFeedKind};
use entity::unit::{self, UnitStatus};
use entity::{batch_cell, batch_offer, batch_progress, order_line, state_change};
use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select,
};
use uuid::Uuid;

use super::rules::pieces::PaidLine;
use super::rules::progress::{Counts, Reached, index_of};
use crate::base::db::{columns, sql};
use crate::error::{Error, Result};

/// The batch, or `NOT_FOUND` for one of another brand just as for none.
pub async fn find(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<batch::Model> {
    batch::Entity::find_by_id((brand_id, id)).one(db).await?.ok_or_else(|| Error::not_found("batch"))
}

/// The brand's batches; `None` filters nothing.
pub fn all(brand_id: Uuid, presale_id: Option<Uuid>, status: Option<BatchStatus>) -> Select<batch::Entity> {
    let mut all = batch::Entity::find().filter(batch::Column::BrandId.eq(brand_id));
    if let Some(presale_id) = presale_id {
        all = all.filter(batch::Column::PresaleId.eq(presale_id));
    }
    if let Some(status) = status {
        all = all.filter(batch::Column::Status.eq(status));
    }
    all
}

/// Factories the batch is offered to, in the order of their ids.
pub async fn offered(db: &impl ConnectionTrait, brand_id: Uuid, batch_id: Uuid) -> Result<Vec<Uuid>> {
    let offers = batch_offer::Entity::find()
        .filter(batch_offer::Column::BrandId.eq(brand_id))
        .filter(batch_offer::Column::BatchId.eq(batch_id))
        .order_by_asc(batch_offer::Column::FactoryId);
    Ok(offers.all(db).await?.into_iter().map(|offer| offer.factory_id).collect())
}

pub async fn is_offered(db: &impl ConnectionTrait, brand_id: Uuid, batch_id: Uuid, factory_id: Uuid) -> Result<bool> {
    Ok(batch_offer::Entity::find_by_id((brand_id, batch_id, factory_id)).one(db).await?.is_some())
}

#[derive(FromQueryResult)]
struct StageCount {
    stage: BatchProgressStage,
    sku_id: Uuid,
    pieces: i32,
}

/// What each SKU of the batch has reached. Two statements.
pub async fn counts(db: &impl ConnectionTrait, brand_id: Uuid, batch_id: Uuid) -> Result<Counts> {
    let cells = batch_cell::Entity::find()
        .filter(batch_cell::Column::BrandId.eq(brand_id))
        .filter(batch_cell::Column::BatchId.eq(batch_id))
        .all(db)
        .await?;
    let stages = batch_progress::Entity::find()
        .select_only()
        .column(batch_progress::Column::Stage)
        .column(batch_progress::Column::SkuId)
        .column_as(batch_progress::Column::Pieces.max(), "pieces")
        .filter(batch_progress::Column::BrandId.eq(brand_id))
        .filter(batch_progress::Column::BatchId.eq(batch_id))
        .group_by(batch_progress::Column::Stage)
        .group_by(batch_progress::Column::SkuId)
        .into_model::<StageCount>()
        .all(db)
        .await?;
    let mut counts: Counts = cells
        .into_iter()
        .map(|cell| (cell.sku_id, Reached { ordered: cell.pieces, shipped: cell.shipped, ..Reached::default() }))
        .collect();
    for count in stages {
        if let Some(reached) = counts.get_mut(&count.sku_id) {
            reached.stages[index_of(count.stage)] = count.pieces;
        }
    }
    Ok(counts)
}

/// Lines of the presale's orders that are in production, in order of payment. Joined by brand.
pub async fn paid_lines(db: &impl ConnectionTrait, brand_id: Uuid, presale_id: Uuid) -> Result<Vec<PaidLine>> {
    let statement = sql(
        db.get_database_backend(),
        "select l.id, l.sku_id, l.quantity, l.refunded from orders o \
         join order_line l on l.brand_id = o.brand_id and l.order_id = o.id \
         where o.brand_id = $1 and o.presale_id = $2 and o.status = 'in_batch' and l.refunded < l.quantity \
         order by o.paid_at, o.id, l.position",
        [brand_id.into(), presale_id.into()],
    );
    let rows = db.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| {
            Ok(PaidLine {
                id: row.try_get("", "id")?,
                sku_id: row.try_get("", "sku_id")?,
                quantity: row.try_get("", "quantity")?,
                refunded: row.try_get("", "refunded")?,
            })
        })
        .collect()
}

/// The (line, piece) pairs of the presale that are in a live batch.
pub async fn live_pieces(db: &impl ConnectionTrait, brand_id: Uuid, presale_id: Uuid) -> Result<HashSet<(Uuid, i32)>> {
    let statement = sql(
        db.get_database_backend(),
        "select a.order_line_id, a.piece_no from batch b \
         join allocation a on a.brand_id = b.brand_id and a.batch_id = b.id and a.status = 'live' \
         where b.brand_id = $1 and b.presale_id = $2",
        [brand_id.into(), presale_id.into()],
    );
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((row.try_get("", "order_line_id")?, row.try_get("", "piece_no")?))).collect()
}

/// Orders with a live piece in the batch and in no other.
pub async fn orders_only_in(db: &impl ConnectionTrait, brand_id: Uuid, batch_id: Uuid) -> Result<Vec<Uuid>> {
    let statement = sql(
        db.get_database_backend(),
        "select l.order_id from allocation a \
         join order_line l on l.brand_id = a.brand_id and l.id = a.order_line_id \
         join order_line s on s.brand_id = l.brand_id and s.order_id = l.order_id \
         join allocation e on e.brand_id = s.brand_id and e.order_line_id = s.id and e.status = 'live' \
         where a.brand_id = $1 and a.batch_id = $2 and a.status = 'live' \
         group by l.order_id having sum(case when e.batch_id = $2 then 0 else 1 end) = 0 order by l.order_id",
        [brand_id.into(), batch_id.into()],
    );
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok(row.try_get("", "order_id")?)).collect()
}

/// Orders with a scrapped piece in the batch and no live piece anywhere.
pub async fn orders_of_nothing_made(db: &impl ConnectionTrait, brand_id: Uuid, batch_id: Uuid) -> Result<Vec<Uuid>> {
    let statement = sql(
        db.get_database_backend(),
        "select distinct l.order_id from unit u \
         join allocation a on a.brand_id = u.brand_id and a.id = u.allocation_id \
         join order_line l on l.brand_id = a.brand_id and l.id = a.order_line_id \
         where u.brand_id = $1 and u.batch_id = $2 and u.status = 'scrapped' and not exists (\
         select 1 from order_line s join allocation e on e.brand_id = s.brand_id and e.order_line_id = s.id \
         where s.brand_id = l.brand_id and s.order_id = l.order_id and e.status = 'live') order by l.order_id",
        [brand_id.into(), batch_id.into()],
    );
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok(row.try_get("", "order_id")?)).collect()
}

/// Selects the ids of an order's lines.
pub fn lines_of_order(brand_id: Uuid, order_id: Uuid) -> SelectStatement {
    let lines = order_line::Entity::find()
        .select_only()
        .column(order_line::Column::Id)
        .filter(order_line::Column::BrandId.eq(brand_id))
        .filter(order_line::Column::OrderId.eq(order_id));
    QueryTrait::into_query(lines)
}

/// Batches that make pieces of the order.
pub async fn batches_of_order(db: &impl ConnectionTrait, brand_id: Uuid, order_id: Uuid) -> Result<Vec<Uuid>> {
    let live = allocation::Entity::find()
        .select_only()
        .column(allocation::Column::BatchId)
        .distinct()
        .filter(allocation::Column::BrandId.eq(brand_id))
        .filter(allocation::Column::Status.eq(AllocationStatus::Live))
        .filter(allocation::Column::OrderLineId.in_subquery(lines_of_order(brand_id, order_id)));
    Ok(live.into_tuple().all(db).await?)
}

/// Whether a piece of the order that it still gets is in a ship notice.
pub async fn has_left_the_factory(db: &impl ConnectionTrait, brand_id: Uuid, order_id: Uuid) -> Result<bool> {
    let statement = sql(
        db.get_database_backend(),
        "select count(*) as gone from unit u \
         join allocation a on a.brand_id = u.brand_id and a.id = u.allocation_id and a.status = 'live' \
         join order_line l on l.brand_id = a.brand_id and l.id = a.order_line_id \
         where u.brand_id = $1 and l.order_id = $2 and u.status = 'shipped'",
        [brand_id.into(), order_id.into()],
    );
    let row = db.query_one_raw(statement).await?.ok_or_else(|| anyhow::anyhow!("a count returned no row"))?;
    Ok(row.try_get::<i64>("", "gone")? > 0)
}

/// The brand of a batch that this factory has heard of; `None` for any other.
pub async fn brand_of(db: &impl ConnectionTrait, factory_id: Uuid, batch_id: Uuid) -> Result<Option<Uuid>> {
    let heard = factory_feed::Entity::find()
        .filter(factory_feed::Column::FactoryId.eq(factory_id))
        .filter(factory_feed::Column::BatchId.eq(batch_id))
        .limit(1);
    Ok(heard.one(db).await?.map(|entry| entry.brand_id))
}

/// The factory's feed after `sequence`, oldest first.
pub async fn feed_after(
    db: &impl ConnectionTrait,
    factory_id: Uuid,
    sequence: i64,
    limit: u64,
) -> Result<Vec<factory_feed::Model>> {
    let entries = factory_feed::Entity::find()
        .filter(factory_feed::Column::FactoryId.eq(factory_id))
        .filter(factory_feed::Column::Sequence.gt(sequence))
        .order_by_asc(factory_feed::Column::Sequence)
        .limit(limit);
    Ok(entries.all(db).await?)
}

/// The same, each with its batch and whether that is offered to the factory. One statement.
pub async fn feed_with_batches(
    db: &impl ConnectionTrait,
    factory_id: Uuid,
    sequence: i64,
    limit: u64,
) -> Result<Vec<(factory_feed::Model, Option<(batch::Model, bool)>)>> {
    let text = format!(
        "select {}, {}, exists (select 1 from batch_offer o where o.brand_id = f.brand_id and o.batch_id = f.batch_id \
         and o.factory_id = f.factory_id) as offered \
         from factory_feed f left join batch b on b.brand_id = f.brand_id and b.id = f.batch_id \
         where f.factory_id = $1 and f.sequence > $2 order by f.sequence limit $3",
        columns::<factory_feed::Entity>("f", "f_"),
        columns::<batch::Entity>("b", "b_")
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let statement = sql(db.get_database_backend(), &text, [factory_id.into(), sequence.into(), limit.into()]);
    let rows = db.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| {
            let offered: bool = row.try_get("", "offered")?;
            let batch = batch::Model::from_query_result_optional(row, "b_")?;
            Ok((factory_feed::Model::from_query_result(row, "f_")?, batch.map(|batch| (batch, offered))))
        })
        .collect()
}

/// The newest feed entry of each batch whose kind is one of `kinds`: what the factory can work on.
pub fn newest_entries(factory_id: Uuid, kinds: Vec<FactoryFeedKind>) -> Select<factory_feed::Entity> {
    use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
    let (feed, later) = (factory_feed::Entity, Alias::new("later"));
    let column = |column| Expr::col((Alias::new("later"), column));
    let newer = Query::select()
        .expr(Expr::val(1))
        .from_as(feed, later)
        .and_where(column(factory_feed::Column::FactoryId).eq(factory_id))
        .and_where(column(factory_feed::Column::BatchId).equals((feed, factory_feed::Column::BatchId)))
        .and_where(column(factory_feed::Column::Sequence).gt(Expr::col((feed, factory_feed::Column::Sequence))))
        .to_owned();
    factory_feed::Entity::find()
        .filter(factory_feed::Column::FactoryId.eq(factory_id))
        .filter(factory_feed::Column::Kind.is_in(kinds))
        .filter(Expr::exists(newer).not())
}

/// The units of the batch that are made or to be made.
pub fn units(brand_id: Uuid, batch_id: Uuid) -> Select<unit::Entity> {
    unit::Entity::find()
        .filter(unit::Column::BrandId.eq(brand_id))
        .filter(unit::Column::BatchId.eq(batch_id))
        .filter(unit::Column::Status.is_not_in([UnitStatus::Void, UnitStatus::Scrapped]))
}

/// What happened to the batch.
pub fn history(brand_id: Uuid, batch_id: Uuid) -> Select<state_change::Entity> {
    state_change::Entity::find()
        .filter(state_change::Column::BrandId.eq(brand_id))
        .filter(state_change::Column::SubjectId.eq(batch_id))
        .filter(state_change::Column::SubjectKind.eq("batch"))
}

/// The progress reports from `newest` back, at most `count` of them: revisions have no gaps. Rows of
/// one report stand together.
pub async fn reports(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    batch_id: Uuid,
    newest: i32,
    count: i32,
) -> Result<Vec<batch_progress::Model>> {
    let rows = batch_progress::Entity::find()
        .filter(batch_progress::Column::BrandId.eq(brand_id))
        .filter(batch_progress::Column::BatchId.eq(batch_id))
        .filter(batch_progress::Column::Revision.lte(newest))
        .filter(batch_progress::Column::Revision.gt(newest.saturating_sub(count)))
        .order_by_desc(batch_progress::Column::Revision)
        .order_by_asc(batch_progress::Column::SkuId);
    Ok(rows.all(db).await?)
}
