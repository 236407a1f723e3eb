//! The brand's side after shipping: taking the goods in, closing the batch.

use entity::batch::{self, BatchStatus};
use entity::shipment;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::super::rules::feed::News;
use super::super::rules::refusal::wrong_state;
use super::super::rules::state::{BatchEvent, next};
use super::super::{policy, query};
use super::moved;
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::tx::{By, Tx};
use crate::error::{Error, Result};
use crate::people::actor::Actor;

/// The warehouse has everything the factory sent.
pub async fn confirm_received(app: &App, actor: &Actor, key: &str, batch_id: Uuid) -> Result<Done<batch::Model>> {
    let staff = policy::may_receive(actor)?;
    let once = &Once::new(staff.id, "confirmBatchReceived", key, &batch_id)?;
    app.write(staff.brand_id, |tx| async move {
        if once.begin(&tx, &batch_id).await?.is_some() {
            return Ok(Done::replay(query::find(tx.conn(), tx.brand_id(), batch_id).await?));
        }
        let received = step(&tx, actor.by(), batch_id, BatchEvent::Received).await?;
        shipment::Entity::update_many()
            .col_expr(shipment::Column::ReceivedAt, Expr::value(tx.now()))
            .filter(shipment::Column::BrandId.eq(tx.brand_id()))
            .filter(shipment::Column::BatchId.eq(batch_id))
            .filter(shipment::Column::ReceivedAt.is_null())
            .exec(tx.conn())
            .await?;
        Ok(Done::new(received))
    })
    .await
}

/// Everything about the batch is settled.
pub async fn close(app: &App, actor: &Actor, key: &str, batch_id: Uuid) -> Result<Done<batch::Model>> {
    let staff = policy::may_release(actor)?;
    let once = &Once::new(staff.id, "closeBatch", key, &batch_id)?;
    app.write(staff.brand_id, |tx| async move {
        if once.begin(&tx, &batch_id).await?.is_some() {
            return Ok(Done::replay(query::find(tx.conn(), tx.brand_id(), batch_id).await?));
        }
        Ok(Done::new(step(&tx, actor.by(), batch_id, BatchEvent::Closed).await?))
    })
    .await
}

async fn step(tx: &Tx, by: By, batch_id: Uuid, event: BatchEvent) -> Result<batch::Model> {
    let before = advance(tx, batch_id, event).await?;
    let news = News { epoch: before.epoch, holder: before.factory_id, offered: Vec::new() };
    moved(tx, by, &before, event, &news, None).await?;
    query::find(tx.conn(), tx.brand_id(), batch_id).await
}

/// Moves the batch as `event` says; the row as it was. A factory may act at the same time, so the
/// move is tried from each state the batch is found in until one holds.
pub(super) async fn advance(tx: &Tx, batch_id: Uuid, event: BatchEvent) -> Result<batch::Model> {
    for _ in 0..4 {
        let before = query::find(tx.conn(), tx.brand_id(), batch_id).await?;
        let to = next(before.status, event).ok_or_else(|| wrong_state(before.status))?;
        if compare_and_set(tx, &before, to).await? {
            return Ok(before);
        }
    }
    Err(Error::from(wrong_state(query::find(tx.conn(), tx.brand_id(), batch_id).await?.status)))
}

async fn compare_and_set(tx: &Tx, before: &batch::Model, to: BatchStatus) -> Result<bool> {
    let set = batch::Entity::update_many()
        .col_expr(batch::Column::Status, Expr::value(to))
        .filter(batch::Column::BrandId.eq(before.brand_id))
        .filter(batch::Column::Id.eq(before.id))
        .filter(batch::Column::Status.eq(before.status))
        .filter(batch::Column::Epoch.eq(before.epoch));
    Ok(set.exec(tx.conn()).await?.rows_affected == 1)
}
