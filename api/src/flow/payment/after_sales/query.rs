//! Reads, brand first.

use std::collections::HashMap;

use entity::after_sales::{self, AfterSalesStatus, Column};
use entity::after_sales_line;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::flow::order::query as orders;
use crate::people::actor::Actor;

/// The case, or `NOT_FOUND` for one of another brand just as for none. Not scoped to its buyer.
pub async fn find(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<after_sales::Model> {
    after_sales::Entity::find_by_id((brand_id, id)).one(db).await?.ok_or_else(|| Error::not_found("after-sales case"))
}

/// What `actor` may see: cases about her own orders for a member, all of the brand for staff.
pub fn visible_to(actor: &Actor) -> Result<Select<after_sales::Entity>> {
    let orders = orders::visible_to(actor)?.select_only().column(entity::order::Column::Id);
    Ok(after_sales::Entity::find()
        .filter(Column::BrandId.eq(actor.brand_id()?))
        .filter(Column::OrderId.in_subquery(QueryTrait::into_query(orders))))
}

/// Those of `ids` that `actor` may see.
pub async fn visible_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<after_sales::Model>> {
    let Ok(visible) = visible_to(actor) else { return Ok(Vec::new()) };
    Ok(visible.filter(Column::Id.is_in(ids.iter().copied())).all(db).await?)
}

/// Whether a case about the order waits for its decision.
pub(super) async fn waits(db: &impl ConnectionTrait, brand_id: Uuid, order_id: Uuid) -> Result<bool> {
    let found = after_sales::Entity::find()
        .filter(Column::BrandId.eq(brand_id))
        .filter(Column::OrderId.eq(order_id))
        .filter(Column::Status.eq(AfterSalesStatus::Requested));
    Ok(found.one(db).await?.is_some())
}

/// Pieces by order line of a case.
pub(super) async fn lines(db: &impl ConnectionTrait, brand_id: Uuid, case_id: Uuid) -> Result<Vec<(Uuid, i32)>> {
    let found = lines_of_all(db, brand_id, &[case_id]).await?;
    Ok(found.into_values().flatten().map(|line| (line.order_line_id, line.pieces)).collect())
}

/// Lines of many cases, by case.
pub async fn lines_of_all(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    cases: &[Uuid],
) -> Result<HashMap<Uuid, Vec<after_sales_line::Model>>, sea_orm::DbErr> {
    let rows = after_sales_line::Entity::find()
        .filter(after_sales_line::Column::BrandId.eq(brand_id))
        .filter(after_sales_line::Column::CaseId.is_in(cases.iter().copied()))
        .all(db)
        .await?;
    let mut found = HashMap::<Uuid, Vec<_>>::new();
    for row in rows {
        found.entry(row.case_id).or_default().push(row);
    }
    Ok(found)
}
