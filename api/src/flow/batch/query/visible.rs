//! What of a list of ids the caller may see. A factory's reads begin with the brands in its feed.

use entity::{batch, batch_offer, factory, factory_feed, shipment, unit};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::error::Result;
use crate::people::actor::Actor;

/// Those of `ids` that are of the brand of staff.
pub async fn batches(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<batch::Model>> {
    let Ok(me) = actor.any_staff() else { return Ok(Vec::new()) };
    Ok(super::all(me.brand_id, None, None).filter(batch::Column::Id.is_in(ids.iter().copied())).all(db).await?)
}

/// Those of `ids` that a factory has heard of, each after its brand. Whether it may still see them is the policy's.
pub async fn heard_of(db: &impl ConnectionTrait, factory_id: Uuid, ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    let heard = factory_feed::Entity::find()
        .select_only()
        .column(factory_feed::Column::BrandId)
        .column(factory_feed::Column::BatchId)
        .distinct()
        .filter(factory_feed::Column::FactoryId.eq(factory_id))
        .filter(factory_feed::Column::BatchId.is_in(ids.iter().copied()));
    Ok(heard.into_tuple().all(db).await?)
}

/// Those of `ids` that are of the brand of staff, or of a brand in a factory's feed.
pub async fn shipments(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<shipment::Model>> {
    let Some(brands) = brands(actor, shipment::Column::BrandId) else { return Ok(Vec::new()) };
    let found = shipment::Entity::find().filter(brands).filter(shipment::Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(db).await?)
}

/// Those of `ids` that are made or to be made: of the brand of staff, or of a brand in a factory's feed.
pub async fn units(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<unit::Model>> {
    use entity::unit::UnitStatus;
    let Some(brands) = brands(actor, unit::Column::BrandId) else { return Ok(Vec::new()) };
    let found = unit::Entity::find()
        .filter(brands)
        .filter(unit::Column::Id.is_in(ids.iter().copied()))
        .filter(unit::Column::Status.is_not_in([UnitStatus::Void, UnitStatus::Scrapped]));
    Ok(found.all(db).await?)
}

fn brands(actor: &Actor, column: impl ColumnTrait) -> Option<Condition> {
    let scope = match actor {
        Actor::Staff(me) => column.eq(me.brand_id),
        Actor::Factory(me) => column.in_subquery(brands_in_feed(me.id)),
        Actor::Anonymous | Actor::Member(_) => return None,
    };
    Some(Condition::all().add(scope))
}

fn brands_in_feed(factory_id: Uuid) -> SelectStatement {
    Query::select()
        .column(factory_feed::Column::BrandId)
        .from(factory_feed::Entity)
        .and_where(factory_feed::Column::FactoryId.eq(factory_id))
        .take()
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
