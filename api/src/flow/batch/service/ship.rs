//! Ship notices: what left the factory. Pieces go to buyers in order of payment.

use entity::allocation::{self, AllocationStatus};
use entity::batch::{self, BatchStatus};
use entity::unit::{self, UnitStatus};
use entity::{batch_cell, shipment, shipment_cell};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set, SqlErr};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::super::query;
use super::super::rules::feed::News;
use super::super::rules::progress::check_shipment;
use super::super::rules::refusal;
use super::super::rules::state::BatchEvent;
use super::fence::{Hold, still_seen};
use super::moved;
use crate::app::App;
use crate::base::db::sql;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::Tx;
use crate::error::{Error, Refusal, Result};
use crate::flow::order::lifecycle;
use crate::people::actor::Actor;

#[derive(Serialize)]
pub struct Ship {
    pub batch_id: Uuid,
    pub epoch: i32,
    pub carrier: String,
    pub tracking_no: String,
    pub cartons: i32,
    /// (SKU, pieces in this shipment).
    pub cells: Vec<(Uuid, i32)>,
    /// Nothing more will come, even when pieces are missing.
    pub is_final: bool,
}

const MAX_CARTONS: i32 = 1_000;

/// Records a ship notice. The batch is shipped when its last piece is, or when the notice is final.
pub async fn ship(app: &App, actor: &Actor, key: &str, input: &Ship) -> Result<Done<batch::Model>> {
    let carrier = &text::required("carrier", &input.carrier, 40)?;
    let tracking_no = &text::tracking_no("trackingNo", &input.tracking_no)?;
    check_cartons(input.cartons)?;
    let hold = Hold::claimed_by(app, actor, input.batch_id, input.epoch).await?;
    let once = &Once::new(hold.factory_id, "shipBatch", key, input)?;
    app.write(hold.brand_id, |tx| async move {
        if once.begin(&tx, &input.batch_id).await?.is_some() {
            return Ok(Done::replay(still_seen(&tx, input.batch_id, hold.factory_id).await?));
        }
        // Writing the row first makes two notices of one batch follow each other, so that the counts
        // read below are those this notice comes after.
        let fence =
            hold.update(&tx, &[BatchStatus::InProduction]).col_expr(batch::Column::Epoch, Expr::value(hold.epoch));
        hold.apply(&tx, fence).await?;
        let counts = query::counts(tx.conn(), hold.brand_id, hold.batch_id).await?;
        check_shipment(&counts, &input.cells)?;
        let shipment_id = insert(&tx, &hold, input, carrier, tracking_no).await?;
        for (sku_id, pieces) in &input.cells {
            ship_cell(&tx, &hold, shipment_id, *sku_id, *pieces).await?;
        }
        count(&tx, &hold, input.cells.iter().map(|(_, pieces)| pieces).sum()).await?;
        tx.emit("batch", hold.batch_id, "shipment_sent", json!({ "shipment_id": shipment_id })).await?;
        let batch = query::find(tx.conn(), hold.brand_id, hold.batch_id).await?;
        if input.is_final || batch.shipped_pieces == batch.pieces {
            return Ok(Done::new(finish(&tx, actor, &hold, batch, None).await?));
        }
        Ok(Done::new(batch))
    })
    .await
}

fn check_cartons(cartons: i32) -> Result<()> {
    if (1..=MAX_CARTONS).contains(&cartons) {
        return Ok(());
    }
    Err(Refusal::invalid(
        "cartons",
        format!("A shipment has 1 to {MAX_CARTONS} cartons."),
        format!("每次发货的箱数须为 1 至 {MAX_CARTONS}。"),
    )
    .into())
}

async fn insert(tx: &Tx, hold: &Hold, input: &Ship, carrier: &str, tracking_no: &str) -> Result<Uuid> {
    let id = tx.new_id();
    let row = shipment::ActiveModel {
        brand_id: Set(hold.brand_id),
        id: Set(id),
        batch_id: Set(hold.batch_id),
        factory_id: Set(hold.factory_id),
        epoch: Set(hold.epoch),
        carrier: Set(carrier.to_owned()),
        tracking_no: Set(tracking_no.to_owned()),
        cartons: Set(input.cartons),
        pieces: Set(input.cells.iter().map(|(_, pieces)| pieces).sum()),
        shipped_at: Set(tx.now()),
        received_at: Set(None),
    };
    shipment::Entity::insert(row).exec_without_returning(tx.conn()).await.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::from(refusal::tracking_used()),
        _ => Error::from(error),
    })?;
    let cells = input.cells.iter().map(|(sku_id, pieces)| shipment_cell::ActiveModel {
        brand_id: Set(hold.brand_id),
        shipment_id: Set(id),
        batch_id: Set(hold.batch_id),
        sku_id: Set(*sku_id),
        pieces: Set(*pieces),
    });
    shipment_cell::Entity::insert_many(cells).exec_without_returning(tx.conn()).await?;
    Ok(id)
}

async fn count(tx: &Tx, hold: &Hold, pieces: i32) -> Result<()> {
    let counted = hold
        .update(tx, &[BatchStatus::InProduction])
        .col_expr(batch::Column::ShippedPieces, Expr::col(batch::Column::ShippedPieces).add(pieces));
    hold.apply(tx, counted).await
}

/// Counts the cell and gives its pieces to the buyers who paid first; what nobody waits for comes last.
async fn ship_cell(tx: &Tx, hold: &Hold, shipment_id: Uuid, sku_id: Uuid, pieces: i32) -> Result<()> {
    let counted = batch_cell::Entity::update_many()
        .col_expr(batch_cell::Column::Shipped, Expr::col(batch_cell::Column::Shipped).add(pieces))
        .filter(batch_cell::Column::BrandId.eq(hold.brand_id))
        .filter(batch_cell::Column::BatchId.eq(hold.batch_id))
        .filter(batch_cell::Column::SkuId.eq(sku_id))
        .filter(Expr::col(batch_cell::Column::Shipped).add(pieces).lte(Expr::col(batch_cell::Column::Pieces)))
        .exec(tx.conn())
        .await?;
    let assigned = tx.conn().execute_raw(sql(
        tx.conn().get_database_backend(),
        "update unit set status = 'shipped', shipment_id = $1 where brand_id = $2 and id in (\
         select u.id from unit u \
         join allocation a on a.brand_id = u.brand_id and a.id = u.allocation_id \
         join order_line l on l.brand_id = a.brand_id and l.id = a.order_line_id \
         join orders o on o.brand_id = l.brand_id and o.id = l.order_id \
         where u.brand_id = $2 and u.batch_id = $3 and u.sku_id = $4 \
         and u.status not in ('shipped', 'void', 'scrapped') \
         order by case when a.status = 'surplus' then 1 else 0 end, o.paid_at, o.id, l.position, a.piece_no limit $5)",
        [shipment_id.into(), hold.brand_id.into(), hold.batch_id.into(), sku_id.into(), i64::from(pieces).into()],
    ));
    let assigned = assigned.await?.rows_affected();
    if counted.rows_affected == 1 && assigned == u64::from(pieces.unsigned_abs()) {
        return Ok(());
    }
    // Checked before in this transaction: a difference is a bug or a conflict, never the client's fault.
    Err(anyhow::anyhow!("batch {}: {assigned} of {pieces} pieces had a unit", hold.batch_id).into())
}

/// Ends production. What is missing is scrapped and its allocations end, so that the pieces are in
/// the next batch that is released. An order of which nothing was made is only paid again, so that
/// its buyer may wait or cancel.
async fn finish(tx: &Tx, actor: &Actor, hold: &Hold, made: batch::Model, reason: Option<&str>) -> Result<batch::Model> {
    let shipped = hold
        .update(tx, &[BatchStatus::InProduction])
        .col_expr(batch::Column::Status, Expr::value(BatchStatus::Shipped));
    hold.apply(tx, shipped).await?;
    let missing = made.pieces - made.shipped_pieces;
    let mut why = None;
    if missing > 0 {
        scrap_missing(tx, hold).await?;
        let orders = query::orders_of_nothing_made(tx.conn(), hold.brand_id, hold.batch_id).await?;
        lifecycle::out_of_batch(tx, actor.by(), &orders).await?;
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        why = Some(format!("short yield, {missing} of {} pieces missing{reason}", made.pieces));
    }
    let news = News { epoch: hold.epoch, holder: Some(hold.factory_id), offered: Vec::new() };
    moved(tx, actor.by(), &made, BatchEvent::Shipped, &news, why.as_deref()).await?;
    Ok(batch::Model { status: BatchStatus::Shipped, ..made })
}

async fn scrap_missing(tx: &Tx, hold: &Hold) -> Result<()> {
    unit::Entity::update_many()
        .col_expr(unit::Column::Status, Expr::value(UnitStatus::Scrapped))
        .filter(unit::Column::BrandId.eq(hold.brand_id))
        .filter(unit::Column::BatchId.eq(hold.batch_id))
        .filter(unit::Column::Status.ne(UnitStatus::Shipped))
        .exec(tx.conn())
        .await?;
    let scrapped = Query::select()
        .column(unit::Column::AllocationId)
        .from(unit::Entity)
        .and_where(unit::Column::BrandId.eq(hold.brand_id))
        .and_where(unit::Column::BatchId.eq(hold.batch_id))
        .and_where(unit::Column::Status.eq(UnitStatus::Scrapped))
        .to_owned();
    allocation::Entity::update_many()
        .col_expr(allocation::Column::Status, Expr::value(AllocationStatus::Ended))
        .col_expr(allocation::Column::EndedAt, Expr::value(tx.now()))
        .filter(allocation::Column::BrandId.eq(hold.brand_id))
        .filter(allocation::Column::BatchId.eq(hold.batch_id))
        .filter(allocation::Column::Id.in_subquery(scrapped))
        .exec(tx.conn())
        .await?;
    Ok(())
}

#[derive(Serialize)]
pub struct FinishShort {
    pub batch_id: Uuid,
    pub epoch: i32,
    /// Why pieces are missing; told to the brand.
    pub reason: String,
}

/// Ends production when no more pieces will come, after the last shipment or without any.
pub async fn finish_short(app: &App, actor: &Actor, key: &str, input: &FinishShort) -> Result<Done<batch::Model>> {
    let reason = &text::required("reason", &input.reason, 400)?;
    let hold = Hold::claimed_by(app, actor, input.batch_id, input.epoch).await?;
    let once = &Once::new(hold.factory_id, "finishBatchShort", key, input)?;
    app.write(hold.brand_id, |tx| async move {
        if once.begin(&tx, &input.batch_id).await?.is_some() {
            return Ok(Done::replay(still_seen(&tx, input.batch_id, hold.factory_id).await?));
        }
        let made = query::find(tx.conn(), hold.brand_id, hold.batch_id).await?;
        Ok(Done::new(finish(&tx, actor, &hold, made, Some(reason)).await?))
    })
    .await
}
