//! Reads, brand first.

use entity::shipping_record::{Column, Entity, Model};
use entity::{brand_wechat, parcel};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::rules::{self, Content};
use crate::error::{Error, Result};
use crate::flow::delivery::query as parcels;
use crate::flow::delivery::rules::Arrived;

/// The record of a payment; `None` before any parcel of its order has left.
pub async fn record(db: &impl ConnectionTrait, brand_id: Uuid, attempt_id: Uuid) -> Result<Option<Model>> {
    Ok(Entity::find_by_id((brand_id, attempt_id)).one(db).await?)
}

/// The records of an order's payments, the first payment first.
pub async fn of_order(db: &impl ConnectionTrait, brand_id: Uuid, order_id: Uuid) -> Result<Vec<Model>> {
    let found = Entity::find()
        .filter(Column::BrandId.eq(brand_id))
        .filter(Column::OrderId.eq(order_id))
        .order_by_asc(Column::AttemptId);
    Ok(found.all(db).await?)
}

/// What WeChat is to have of an order whose payments were told of as `was_split` before. Three statements.
pub async fn content(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    order_id: Uuid,
    was_split: bool,
) -> Result<Option<Content>> {
    let list = parcels::of_order(db, brand_id, order_id).await?;
    let arrivals = parcels::arrivals(db, brand_id, &[order_id]).await?;
    let is_all = arrivals.get(&order_id).is_some_and(|arrived| *arrived >= Arrived::AllShipped);
    Ok(rules::content(&list, is_all, was_split))
}

/// A parcel of the brand; one of another brand is `NOT_FOUND` just as none.
pub async fn parcel(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<parcel::Model> {
    parcel::Entity::find_by_id((brand_id, id)).one(db).await?.ok_or_else(|| Error::not_found("parcel"))
}

/// The brand's merchant account at WeChat Pay.
pub async fn merchant(db: &impl ConnectionTrait, brand_id: Uuid) -> Result<String> {
    let account = brand_wechat::Entity::find_by_id(brand_id).one(db).await?;
    Ok(account.ok_or_else(|| Error::not_found("WeChat account"))?.mchid)
}
