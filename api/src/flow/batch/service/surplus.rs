//! Pieces whose buyer leaves while they are being made.

use entity::allocation::{self, AllocationStatus};
use entity::batch;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::super::query;
use crate::base::tx::Tx;
use crate::error::Result;

/// Has the pieces of an order made for nobody: the factory goes on as it was told, and what it makes of them
/// stays with the brand. False, and nothing happened, when one of them has left the factory.
pub async fn make_for_nobody(tx: &Tx, order_id: Uuid) -> Result<bool> {
    let batches = query::batches_of_order(tx.conn(), tx.brand_id(), order_id).await?;
    // A ship notice takes the batch's row too: a piece that leaves has a buyer, or it has none, but not both.
    batch::Entity::update_many()
        .col_expr(batch::Column::Epoch, Expr::col(batch::Column::Epoch))
        .filter(batch::Column::BrandId.eq(tx.brand_id()))
        .filter(batch::Column::Id.is_in(batches))
        .exec(tx.conn())
        .await?;
    if query::has_left_the_factory(tx.conn(), tx.brand_id(), order_id).await? {
        return Ok(false);
    }
    allocation::Entity::update_many()
        .col_expr(allocation::Column::Status, Expr::value(AllocationStatus::Surplus))
        .filter(allocation::Column::BrandId.eq(tx.brand_id()))
        .filter(allocation::Column::Status.eq(AllocationStatus::Live))
        .filter(allocation::Column::OrderLineId.in_subquery(query::lines_of_order(tx.brand_id(), order_id)))
        .exec(tx.conn())
        .await?;
    Ok(true)
}
