//! What of a list of ids the caller may see: of its brand for staff, of [`super::super::policy::factory_sees`] for a
//! factory. One statement, whatever is hidden.

use entity::batch::BatchStatus;
use entity::unit::UnitStatus;
use entity::{batch, batch_offer, design_picture, factory, factory_feed, media, shipment, unit};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::error::Result;
use crate::people::actor::Actor;

/// Those of `ids` that `actor` may see.
pub async fn batches(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<batch::Model>> {
    let Some(visible) = visible(actor) else { return Ok(Vec::new()) };
    Ok(batch::Entity::find().filter(batch::Column::Id.is_in(ids.iter().copied())).filter(visible).all(db).await?)
}

/// Those of `ids` that are of a batch which `actor` may see.
pub async fn shipments(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<shipment::Model>> {
    let Some(visible) = visible(actor) else { return Ok(Vec::new()) };
    let of_visible = of_batch(shipment::Column::BrandId, shipment::Column::BatchId).cond_where(visible).take();
    let found = shipment::Entity::find()
        .filter(shipment::Column::Id.is_in(ids.iter().copied()))
        .filter(Expr::exists(of_visible));
    Ok(found.all(db).await?)
}

/// Those of `ids` that are made or to be made and of a batch which `actor` may see.
pub async fn units(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<unit::Model>> {
    let Some(visible) = visible(actor) else { return Ok(Vec::new()) };
    let of_visible = of_batch(unit::Column::BrandId, unit::Column::BatchId).cond_where(visible).take();
    let found = unit::Entity::find()
        .filter(unit::Column::Id.is_in(ids.iter().copied()))
        .filter(unit::Column::Status.is_not_in([UnitStatus::Void, UnitStatus::Scrapped]))
        .filter(Expr::exists(of_visible));
    Ok(found.all(db).await?)
}

/// Those of `ids` that show the design of a batch which `actor` may see. Nothing that was taken back.
pub async fn pictures(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<media::Model>> {
    let Some(visible) = visible(actor) else { return Ok(Vec::new()) };
    let shown = Query::select()
        .expr(Expr::val(1))
        .from(design_picture::Entity)
        .inner_join(
            batch::Entity,
            same(batch::Column::BrandId, design_picture::Column::BrandId)
                .and(same(batch::Column::DesignVersionId, design_picture::Column::DesignVersionId)),
        )
        .and_where(same(design_picture::Column::BrandId, media::Column::BrandId))
        .and_where(same(design_picture::Column::MediaId, media::Column::Id))
        .cond_where(visible)
        .take();
    let found = media::Entity::find()
        .filter(media::Column::Id.is_in(ids.iter().copied()))
        .filter(media::Column::ErasedAt.is_null())
        .filter(Expr::exists(shown));
    Ok(found.all(db).await?)
}

/// The batch of a row.
fn of_batch(brand_id: impl ColumnTrait, batch_id: impl ColumnTrait) -> SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from(batch::Entity)
        .and_where(same(batch::Column::BrandId, brand_id))
        .and_where(same(batch::Column::Id, batch_id))
        .take()
}

/// What `actor` may see of batches; none at all for members.
fn visible(actor: &Actor) -> Option<Condition> {
    match actor {
        Actor::Staff(me) => Some(Condition::all().add(batch::Column::BrandId.eq(me.brand_id))),
        Actor::Factory(me) => Some(shown_to(me.id)),
        Actor::Anonymous | Actor::Member(_) => None,
    }
}

/// Batches in the factory's feed that it holds or held last, or that are offered to it and held by nobody.
fn shown_to(factory_id: Uuid) -> Condition {
    let heard_of = Query::select()
        .expr(Expr::val(1))
        .from(factory_feed::Entity)
        .and_where(factory_feed::Column::FactoryId.eq(factory_id))
        .and_where(same(factory_feed::Column::BrandId, batch::Column::BrandId))
        .and_where(same(factory_feed::Column::BatchId, batch::Column::Id))
        .take();
    let offered = Query::select()
        .expr(Expr::val(1))
        .from(batch_offer::Entity)
        .and_where(batch_offer::Column::FactoryId.eq(factory_id))
        .and_where(same(batch_offer::Column::BrandId, batch::Column::BrandId))
        .and_where(same(batch_offer::Column::BatchId, batch::Column::Id))
        .take();
    let free = Condition::all()
        .add(batch::Column::FactoryId.is_null())
        .add(batch::Column::Status.eq(BatchStatus::Released))
        .add(Expr::exists(offered));
    Condition::all()
        .add(Expr::exists(heard_of))
        .add(Condition::any().add(batch::Column::FactoryId.eq(factory_id)).add(free))
}

fn same(left: impl ColumnTrait, right: impl ColumnTrait) -> SimpleExpr {
    Expr::col(left.as_column_ref()).equals(right.as_column_ref())
}

/// Those of `ids` that `actor` may see: itself, or for staff those that a batch of the brand is with or
/// was offered to.
pub async fn factories(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<factory::Model>> {
    let found = factory::Entity::find().filter(factory::Column::Id.is_in(ids.iter().copied()));
    let found = match actor {
        Actor::Factory(me) => found.filter(factory::Column::Id.eq(me.id)),
        Actor::Staff(me) => {
            let offered = Query::select()
                .column(batch_offer::Column::FactoryId)
                .from(batch_offer::Entity)
                .and_where(batch_offer::Column::BrandId.eq(me.brand_id))
                .take();
            let making = Query::select()
                .column(batch::Column::FactoryId)
                .from(batch::Entity)
                .and_where(batch::Column::BrandId.eq(me.brand_id))
                .and_where(batch::Column::FactoryId.is_not_null())
                .take();
            let known = Condition::any()
                .add(factory::Column::Id.in_subquery(offered))
                .add(factory::Column::Id.in_subquery(making));
            found.filter(known)
        }
        Actor::Anonymous | Actor::Member(_) => return Ok(Vec::new()),
    };
    Ok(found.all(db).await?)
}
