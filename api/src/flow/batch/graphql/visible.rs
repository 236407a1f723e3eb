//! Batches, ship notices and units by id, for whoever may see them.

use async_graphql::Context;
use futures_util::future::try_join_all;
use uuid::Uuid;

use super::super::query::visible as query;
use super::{Batch, FactoryBatch, Shipment, Unit};
use crate::app::App;
use crate::error::Result;
use crate::people::actor::Actor;

/// For staff.
pub async fn batches(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, Batch)>> {
    let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
    let rows = query::batches(app.db.read(), actor, ids).await?;
    Ok(rows.into_iter().map(|row| (row.id, Batch(row))).collect())
}

/// For a factory.
pub async fn factory_batches(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, FactoryBatch)>> {
    let app = ctx.data_unchecked::<App>();
    let Ok(me) = ctx.data_unchecked::<Actor>().factory() else { return Ok(Vec::new()) };
    let heard = query::heard_of(app.db.read(), me.id, ids).await?;
    let loading = heard.iter().map(|(brand_id, id)| FactoryBatch::load(ctx, me.id, *brand_id, *id));
    Ok(try_join_all(loading).await?.into_iter().flatten().map(|batch| (batch.0.id, batch)).collect())
}

pub async fn shipments(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, Shipment)>> {
    let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
    let rows = query::shipments(app.db.read(), actor, ids).await?;
    let seen = try_join_all(rows.iter().map(|row| sees(ctx, row.brand_id, row.batch_id))).await?;
    let both = rows.into_iter().zip(seen).filter(|(_, seen)| *seen);
    Ok(both.map(|(row, _)| (row.id, Shipment(row))).collect())
}

pub async fn units(ctx: &Context<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, Unit)>> {
    let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
    let rows = query::units(app.db.read(), actor, ids).await?;
    let seen = try_join_all(rows.iter().map(|row| sees(ctx, row.brand_id, row.batch_id))).await?;
    let both = rows.into_iter().zip(seen).filter(|(_, seen)| *seen);
    Ok(both.map(|(row, _)| (row.id, Unit(row))).collect())
}

/// Staff see whatever the query gave them; a factory what it holds or is offered.
async fn sees(ctx: &Context<'_>, brand_id: Uuid, batch_id: Uuid) -> Result<bool> {
    match ctx.data_unchecked::<Actor>() {
        Actor::Staff(me) => Ok(me.brand_id == brand_id),
        Actor::Factory(me) => Ok(FactoryBatch::load(ctx, me.id, brand_id, batch_id).await?.is_some()),
        Actor::Anonymous | Actor::Member(_) => Ok(false),
    }
}
