//! Reads, brand first.

use std::collections::HashMap;

use entity::parcel::{self, ParcelStatus};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select,
};
use uuid::Uuid;

use super::rules::{Arrived, arrived};
use crate::base::db::sql;
use crate::error::Result;
use crate::flow::order::query as orders;
use crate::people::actor::Actor;

/// Parcels of a batch, in one state or in any.
pub fn of_batch(brand_id: Uuid, batch_id: Uuid, status: Option<ParcelStatus>) -> Select<parcel::Entity> {
    let all = parcel::Entity::find()
        .filter(parcel::Column::BrandId.eq(brand_id))
        .filter(parcel::Column::BatchId.eq(batch_id));
    match status {
        Some(status) => all.filter(parcel::Column::Status.eq(status)),
        None => all,
    }
}

/// Parcels of one order, oldest first.
pub async fn of_order(db: &impl ConnectionTrait, brand_id: Uuid, order_id: Uuid) -> Result<Vec<parcel::Model>> {
    let found = parcel::Entity::find()
        .filter(parcel::Column::BrandId.eq(brand_id))
        .filter(parcel::Column::OrderId.eq(order_id))
        .order_by_asc(parcel::Column::Id);
    Ok(found.all(db).await?)
}

/// These parcels of a batch; fewer than asked for when some are not of it.
pub async fn these(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    batch_id: Uuid,
    ids: &[Uuid],
) -> Result<Vec<parcel::Model>> {
    let found = of_batch(brand_id, batch_id, None)
        .filter(parcel::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(parcel::Column::Id);
    Ok(found.all(db).await?)
}

/// An order with pieces in a shipment that are in no parcel yet, and how many.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct ToPack {
    pub order_id: Uuid,
    pub batch_id: Uuid,
    pub pieces: i64,
}

/// What a shipment still has to be packed for. Pieces that were made for nobody stay in the warehouse.
pub async fn to_pack(db: &impl ConnectionTrait, brand_id: Uuid, shipment_id: Uuid) -> Result<Vec<ToPack>> {
    let statement = sql(
        db.get_database_backend(),
        "select l.order_id, u.batch_id, count(*) as pieces from unit u \
         join allocation a on a.brand_id = u.brand_id and a.id = u.allocation_id and a.status = 'live' \
         join order_line l on l.brand_id = a.brand_id and l.id = a.order_line_id \
         where u.brand_id = $1 and u.shipment_id = $2 and u.parcel_id is null \
         group by l.order_id, u.batch_id order by l.order_id",
        [brand_id.into(), shipment_id.into()],
    );
    Ok(ToPack::find_by_statement(statement).all(db).await?)
}

#[derive(FromQueryResult)]
struct Wanted {
    order_id: Uuid,
    pieces: i64,
}

#[derive(FromQueryResult)]
struct Packed {
    order_id: Uuid,
    status: ParcelStatus,
    pieces: i32,
}

/// How far each of the orders has come. Two statements.
pub async fn arrivals(db: &impl ConnectionTrait, brand_id: Uuid, orders: &[Uuid]) -> Result<HashMap<Uuid, Arrived>> {
    use entity::order_line::{Column as Line, Entity as Lines};
    use sea_orm::sea_query::{Expr, ExprTrait};
    let wanted = Lines::find()
        .select_only()
        .column(Line::OrderId)
        .column_as(Expr::col(Line::Quantity).sub(Expr::col(Line::Refunded)).sum(), "pieces")
        .filter(Line::BrandId.eq(brand_id))
        .filter(Line::OrderId.is_in(orders.iter().copied()))
        .group_by(Line::OrderId)
        .into_model::<Wanted>()
        .all(db)
        .await?;
    let packed = parcel::Entity::find()
        .select_only()
        .columns([parcel::Column::OrderId, parcel::Column::Status, parcel::Column::Pieces])
        .filter(parcel::Column::BrandId.eq(brand_id))
        .filter(parcel::Column::OrderId.is_in(orders.iter().copied()))
        .into_model::<Packed>()
        .all(db)
        .await?;
    let mut parcels = HashMap::<Uuid, Vec<_>>::new();
    for one in packed {
        parcels.entry(one.order_id).or_default().push((one.status, one.pieces));
    }
    let judge = |wanted: Wanted| {
        let pieces = i32::try_from(wanted.pieces).unwrap_or(i32::MAX);
        (wanted.order_id, arrived(pieces, parcels.get(&wanted.order_id).map_or(&[], Vec::as_slice)))
    };
    Ok(wanted.into_iter().map(judge).collect())
}

/// Those of `ids` that are of an order which `actor` may see.
pub async fn visible_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<parcel::Model>> {
    let (Ok(brand_id), Ok(visible)) = (actor.brand_id(), orders::visible_to(actor)) else { return Ok(Vec::new()) };
    let orders = QueryTrait::into_query(visible.select_only().column(entity::order::Column::Id));
    let found = parcel::Entity::find()
        .filter(parcel::Column::BrandId.eq(brand_id))
        .filter(parcel::Column::Id.is_in(ids.iter().copied()))
        .filter(parcel::Column::OrderId.in_subquery(orders));
    Ok(found.all(db).await?)
}
