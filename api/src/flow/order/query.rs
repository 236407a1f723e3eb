//! Reads, brand first.

use std::collections::HashMap;

use entity::order::{self, OrderStatus};
use entity::{order_line, presale};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

use super::rules::price::Terms;
use crate::error::{Error, Result};
use crate::flow::presale::query as presales;
use crate::people::actor::Actor;

/// Ids in one `in (…)`: both databases take many more, but plans get slow.
pub(super) const CHUNK: usize = 1_000;

/// The order, or `NOT_FOUND` for one of another brand just as for none. Not scoped to its buyer.
pub async fn find(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<order::Model> {
    order::Entity::find_by_id((brand_id, id)).one(db).await?.ok_or_else(|| Error::not_found("order"))
}

/// What `actor` may see: her own orders for a member, all of the brand for staff.
pub fn visible_to(actor: &Actor) -> Result<Select<order::Entity>> {
    let all = order::Entity::find().filter(order::Column::BrandId.eq(actor.brand_id()?));
    Ok(match actor {
        Actor::Member(member) => all.filter(order::Column::MemberId.eq(member.id)),
        _ => all,
    })
}

/// The order if `actor` may see it; someone else's is `NOT_FOUND` just as none.
pub async fn find_visible(db: &impl ConnectionTrait, actor: &Actor, id: Uuid) -> Result<order::Model> {
    let found = visible_to(actor)?.filter(order::Column::Id.eq(id)).one(db).await?;
    found.ok_or_else(|| Error::not_found("order"))
}

/// A member's own order; anyone else's is `NOT_FOUND` just as none.
pub async fn find_own(db: &impl ConnectionTrait, brand_id: Uuid, member_id: Uuid, id: Uuid) -> Result<order::Model> {
    let found = order::Entity::find_by_id((brand_id, id)).filter(order::Column::MemberId.eq(member_id)).one(db).await?;
    found.ok_or_else(|| Error::not_found("order"))
}

/// States in which all of an order is paid.
pub const PAID: [OrderStatus; 5] =
    [OrderStatus::Paid, OrderStatus::InBatch, OrderStatus::Shipped, OrderStatus::Received, OrderStatus::Completed];

/// States in which something is paid and nothing has arrived: its buyer waits for her goods.
pub const WAITING: [OrderStatus; 4] =
    [OrderStatus::DepositPaid, OrderStatus::BalanceDue, OrderStatus::Paid, OrderStatus::InBatch];

/// Ids of at most `limit` orders of a presale in one of `status` that come after `after`, in their order.
pub async fn some_in(
    db: &impl ConnectionTrait,
    presale: &presale::Model,
    status: &[OrderStatus],
    after: Uuid,
    limit: u64,
) -> Result<Vec<Uuid>> {
    Ok(ids_in(presale, status, after, limit).into_tuple().all(db).await?)
}

/// Of those, the ones that no price tier was applied to.
pub async fn some_without_tier(
    db: &impl ConnectionTrait,
    presale: &presale::Model,
    status: &[OrderStatus],
    after: Uuid,
    limit: u64,
) -> Result<Vec<Uuid>> {
    let found = ids_in(presale, status, after, limit).filter(order::Column::ReachedPieces.is_null());
    Ok(found.into_tuple().all(db).await?)
}

fn ids_in(presale: &presale::Model, status: &[OrderStatus], after: Uuid, limit: u64) -> Select<order::Entity> {
    order::Entity::find()
        .select_only()
        .column(order::Column::Id)
        .filter(order::Column::BrandId.eq(presale.brand_id))
        .filter(order::Column::PresaleId.eq(presale.id))
        .filter(order::Column::Status.is_in(status.iter().copied()))
        .filter(order::Column::Id.gt(after))
        .order_by_asc(order::Column::Id)
        .limit(limit)
}

/// What an order costs by: its own terms, and the tiers of its presale, which never change once it is open.
/// Two statements.
pub async fn terms(db: &impl ConnectionTrait, order: &order::Model) -> Result<Terms> {
    let lines = lines_of(db, order.brand_id, order.id).await?;
    let first = lines.first().ok_or_else(|| anyhow::anyhow!("order {} has no line", order.id))?;
    Ok(Terms {
        plan: order.plan,
        unit_price: first.unit_price,
        first_leg: order.first_leg,
        tiers: presales::tiers_of(db, order.brand_id, order.presale_id).await?,
        pieces: lines.iter().map(|line| line.quantity - line.refunded - line.returned).sum(),
    })
}

/// Lines of an order in their order.
pub async fn lines_of(db: &impl ConnectionTrait, brand_id: Uuid, order_id: Uuid) -> Result<Vec<order_line::Model>> {
    let found = order_line::Entity::find()
        .filter(order_line::Column::BrandId.eq(brand_id))
        .filter(order_line::Column::OrderId.eq(order_id))
        .order_by_asc(order_line::Column::Position);
    Ok(found.all(db).await?)
}

/// Lines of many orders, by order.
pub async fn lines_of_all(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    orders: &[Uuid],
) -> Result<HashMap<Uuid, Vec<order_line::Model>>> {
    let mut found = HashMap::<Uuid, Vec<order_line::Model>>::with_capacity(orders.len());
    for orders in orders.chunks(CHUNK) {
        let lines = order_line::Entity::find()
            .filter(order_line::Column::BrandId.eq(brand_id))
            .filter(order_line::Column::OrderId.is_in(orders.iter().copied()))
            .order_by_asc(order_line::Column::OrderId)
            .order_by_asc(order_line::Column::Position)
            .all(db)
            .await?;
        for line in lines {
            found.entry(line.order_id).or_default().push(line);
        }
    }
    Ok(found)
}

/// Those of `ids` that `actor` may see.
pub async fn visible_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<order::Model>> {
    let Ok(visible) = visible_to(actor) else { return Ok(Vec::new()) };
    Ok(visible.filter(order::Column::Id.is_in(ids.iter().copied())).all(db).await?)
}

/// Those of `ids` that are of an order which `actor` may see, each with its order.
pub async fn lines_among(
    db: &impl ConnectionTrait,
    actor: &Actor,
    ids: &[Uuid],
) -> Result<Vec<(order_line::Model, order::Model)>> {
    let (Ok(brand_id), Ok(visible)) = (actor.brand_id(), visible_to(actor)) else { return Ok(Vec::new()) };
    let orders = QueryTrait::into_query(visible.select_only().column(order::Column::Id));
    let of_order = order_line::Entity::belongs_to(order::Entity)
        .from((order_line::Column::BrandId, order_line::Column::OrderId))
        .to((order::Column::BrandId, order::Column::Id));
    let found = order_line::Entity::find()
        .join(JoinType::InnerJoin, of_order.into())
        .select_also(order::Entity)
        .filter(order_line::Column::BrandId.eq(brand_id))
        .filter(order_line::Column::Id.is_in(ids.iter().copied()))
        .filter(order_line::Column::OrderId.in_subquery(orders));
    Ok(found.all(db).await?.into_iter().filter_map(|(line, order)| Some((line, order?))).collect())
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;

    use super::*;
    use crate::flow::order::rules::bound;
    use crate::flow::presale::capacity::Bound;

    #[test]
    fn those_wait_who_have_paid_and_got_nothing_yet() {
        for status in OrderStatus::iter() {
            let arrives = matches!(status, OrderStatus::Shipped | OrderStatus::Received | OrderStatus::Completed);
            let paid = bound(status) == Some(Bound::Paid);
            assert_eq!(WAITING.contains(&status), paid && !arrives, "{status:?}");
        }
    }
}
