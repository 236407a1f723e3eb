//! The first factory to claim an offered batch holds it, for a time; then it accepts or rejects.

use chrono::{DateTime, Utc};
use entity::batch::{self, BatchStatus};
use entity::batch_offer;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, UpdateMany};
use serde::Serialize;
use uuid::Uuid;

use super::super::rules::state::{BatchEvent, has_lapsed, is_held};
use super::super::rules::{feed::News, refusal};
use super::super::{LEASE_LAPSE, query};
use super::fence::{Hold, still_seen};
use super::{moved, news};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{By, Tx};
use crate::error::{Error, Refusal, Result};
use crate::people::actor::Actor;

/// Takes the lease of an offered batch under the next epoch. Of any number of factories that claim
/// together one gets it; the others are refused with the epoch in force.
pub async fn claim(app: &App, actor: &Actor, key: &str, batch_id: Uuid) -> Result<Done<batch::Model>> {
    let factory_id = actor.factory()?.id;
    let brand_id = query::brand_of(app.db.read(), factory_id, batch_id).await?;
    let brand_id = brand_id.ok_or_else(|| Error::not_found("batch"))?;
    let once = &Once::new(factory_id, "claimBatch", key, &batch_id)?;
    let lease = app.config.lease;
    app.write(brand_id, |tx| async move {
        if once.begin(&tx, &batch_id).await?.is_some() {
            return Ok(Done::replay(still_seen(&tx, batch_id, factory_id).await?));
        }
        let before = query::find(tx.conn(), brand_id, batch_id).await?;
        if !query::is_offered(tx.conn(), brand_id, batch_id, factory_id).await? {
            return Err(Error::not_found("batch"));
        }
        // The timer may be late; a lease that has run out holds nobody back.
        if has_lapsed(before.status, before.lease_expires_at, tx.now()) {
            end_lease(&tx, &before).await?;
        }
        let end = tx.now() + lease;
        let taken = batch::Entity::update_many()
            .col_expr(batch::Column::Status, Expr::value(BatchStatus::Leased))
            .col_expr(batch::Column::Epoch, Expr::col(batch::Column::Epoch).add(1))
            .col_expr(batch::Column::FactoryId, Expr::value(factory_id))
            .col_expr(batch::Column::LeaseExpiresAt, Expr::value(end))
            .filter(batch::Column::BrandId.eq(brand_id))
            .filter(batch::Column::Id.eq(batch_id))
            .filter(batch::Column::Status.eq(BatchStatus::Released))
            .exec(tx.conn())
            .await?;
        let after = query::find(tx.conn(), brand_id, batch_id).await?;
        if taken.rows_affected == 0 {
            return Err(not_claimable(&after, factory_id).into());
        }
        tx.set_timer(LEASE_LAPSE, batch_id, end).await?;
        let before = batch::Model { status: BatchStatus::Released, ..after.clone() };
        let news = news(&tx, batch_id, after.epoch, Some(factory_id)).await?;
        moved(&tx, actor.by(), &before, BatchEvent::Claimed, &news, None).await?;
        Ok(Done::new(after))
    })
    .await
}

fn not_claimable(batch: &batch::Model, factory_id: Uuid) -> Refusal {
    match batch.factory_id {
        Some(holder) if holder == factory_id && is_held(batch.status) => refusal::already_yours(batch.id),
        Some(_) if batch.status != BatchStatus::Cancelled => refusal::already_held(batch.epoch),
        _ => refusal::wrong_state(batch.status),
    }
}

/// Ends a lease that has run out, if it has: what the timer does, and any number of times.
pub async fn lapse(app: &App, brand_id: Uuid, batch_id: Uuid) -> Result<()> {
    app.write(brand_id, |tx| async move {
        let batch = query::find(tx.conn(), brand_id, batch_id).await?;
        if has_lapsed(batch.status, batch.lease_expires_at, tx.now()) {
            end_lease(&tx, &batch).await?;
        }
        Ok(())
    })
    .await
}

async fn end_lease(tx: &Tx, leased: &batch::Model) -> Result<()> {
    let lapsed = batch::Entity::update_many()
        .filter(batch::Column::BrandId.eq(leased.brand_id))
        .filter(batch::Column::Id.eq(leased.id))
        .filter(batch::Column::Epoch.eq(leased.epoch))
        .filter(batch::Column::Status.eq(BatchStatus::Leased))
        .filter(batch::Column::LeaseExpiresAt.lte(tx.now()));
    if freeing(lapsed).exec(tx.conn()).await?.rows_affected == 0 {
        return Ok(());
    }
    let news = news(tx, leased.id, leased.epoch, leased.factory_id).await?;
    moved(tx, By::SYSTEM, leased, BatchEvent::Lapsed, &news, None).await
}

/// Makes `leased` an update that puts the batch back on offer; the epoch stays, the next claim raises it.
fn freeing(leased: UpdateMany<batch::Entity>) -> UpdateMany<batch::Entity> {
    leased
        .col_expr(batch::Column::Status, Expr::value(BatchStatus::Released))
        .col_expr(batch::Column::FactoryId, Expr::value(Option::<Uuid>::None))
        .col_expr(batch::Column::LeaseExpiresAt, Expr::value(Option::<DateTime<Utc>>::None))
}

/// Turns the lease into a commitment: the batch is the factory's until it has shipped.
pub async fn accept(app: &App, actor: &Actor, key: &str, batch_id: Uuid, epoch: i32) -> Result<Done<batch::Model>> {
    let hold = Hold::claimed_by(app, actor, batch_id, epoch).await?;
    let once = &Once::new(hold.factory_id, "acceptBatch", key, &(batch_id, epoch))?;
    app.write(hold.brand_id, |tx| async move {
        if once.begin(&tx, &batch_id).await?.is_some() {
            return Ok(Done::replay(still_seen(&tx, batch_id, hold.factory_id).await?));
        }
        let accept = hold
            .update(&tx, &[BatchStatus::Leased])
            .col_expr(batch::Column::Status, Expr::value(BatchStatus::Accepted))
            .col_expr(batch::Column::LeaseExpiresAt, Expr::value(Option::<DateTime<Utc>>::None));
        hold.apply(&tx, accept).await?;
        tx.cancel_timer(LEASE_LAPSE, batch_id).await?;
        let after = query::find(tx.conn(), hold.brand_id, batch_id).await?;
        let before = batch::Model { status: BatchStatus::Leased, ..after.clone() };
        let news = News { epoch, holder: Some(hold.factory_id), offered: Vec::new() };
        moved(&tx, actor.by(), &before, BatchEvent::Accepted, &news, None).await?;
        Ok(Done::new(after))
    })
    .await
}

#[derive(Serialize)]
pub struct Reject {
    pub batch_id: Uuid,
    pub epoch: i32,
    /// Told to the brand.
    pub reason: String,
}

/// Gives the batch back. It stays on offer to the other factories and no longer to this one.
pub async fn reject(app: &App, actor: &Actor, key: &str, input: &Reject) -> Result<Done<Uuid>> {
    let reason = &text::required("reason", &input.reason, 400)?;
    let hold = Hold::claimed_by(app, actor, input.batch_id, input.epoch).await?;
    let once = &Once::new(hold.factory_id, "rejectBatch", key, input)?;
    app.write(hold.brand_id, |tx| async move {
        if let Some(batch_id) = once.begin(&tx, &hold.batch_id).await? {
            return Ok(Done::replay(batch_id));
        }
        hold.apply(&tx, freeing(hold.update(&tx, &[BatchStatus::Leased]))).await?;
        batch_offer::Entity::delete_by_id((hold.brand_id, hold.batch_id, hold.factory_id)).exec(tx.conn()).await?;
        tx.cancel_timer(LEASE_LAPSE, hold.batch_id).await?;
        let after = query::find(tx.conn(), hold.brand_id, hold.batch_id).await?;
        let before = batch::Model { status: BatchStatus::Leased, ..after };
        let news = news(&tx, hold.batch_id, hold.epoch, Some(hold.factory_id)).await?;
        moved(&tx, actor.by(), &before, BatchEvent::Rejected, &news, Some(reason)).await?;
        Ok(Done::new(hold.batch_id))
    })
    .await
}
