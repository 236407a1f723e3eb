//! Declaring once more what WeChat refused.

use entity::presale_declaration::{Column, Entity, PresaleDeclarationStatus as Status};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::DECLARE;
use crate::base::tx::Tx;
use crate::error::Result;

/// Declares the order's payments again that WeChat refused, and at once those that it has not taken yet; how many.
pub async fn retry(tx: &Tx, order_id: Uuid) -> Result<usize> {
    let waiting = Condition::all().add(Column::Status.eq(Status::Pending)).add(Column::LastError.is_not_null());
    let again = Entity::update_many()
        .col_expr(Column::Status, Expr::value(Status::Pending))
        .col_expr(Column::Tries, Expr::value(0))
        .col_expr(Column::LastError, Expr::value(None::<String>))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::OrderId.eq(order_id))
        .filter(Condition::any().add(Column::Status.eq(Status::Refused)).add(waiting))
        .exec_with_returning(tx.conn())
        .await?;
    let ids: Vec<_> = again.iter().map(|declaration| declaration.attempt_id).collect();
    if !ids.is_empty() {
        tx.set_timers(DECLARE, &ids, tx.now()).await?;
    }
    Ok(ids.len())
}
