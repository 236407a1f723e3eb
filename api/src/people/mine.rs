//! What every change of a member's own data starts with.

use entity::member::{self, MemberStatus};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::base::tx::Tx;
use crate::error::{Fault, Result};

/// Lets one change of a member's data in at a time, and none once she is banned or deleted. The
/// update changes nothing; what counts is that another one has to wait for this transaction.
pub(crate) async fn enter(tx: &Tx, member_id: Uuid) -> Result<()> {
    let entered = member::Entity::update_many()
        .col_expr(member::Column::Status, Expr::value(MemberStatus::Active))
        .filter(member::Column::BrandId.eq(tx.brand_id()))
        .filter(member::Column::Id.eq(member_id))
        .filter(member::Column::Status.eq(MemberStatus::Active))
        .exec(tx.conn())
        .await?;
    if entered.rows_affected == 1 { Ok(()) } else { Err(Fault::Unauthenticated.into()) }
}
