//! Taking a batch back before production: the pieces become free for the next release.

use entity::allocation::{self, AllocationStatus};
use entity::batch;
use entity::unit::{self, UnitStatus};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::super::rules::state::BatchEvent;
use super::super::{LEASE_LAPSE, policy, query};
use super::receive::advance;
use super::{moved, news};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::flow::order::lifecycle;
use crate::people::actor::Actor;

/// Cancels the batch; its orders wait for the next release. What was allocated stays as history.
pub async fn cancel(app: &App, actor: &Actor, key: &str, batch_id: Uuid, reason: &str) -> Result<Done<batch::Model>> {
    let staff = policy::may_release(actor)?;
    let reason = &text::required("reason", reason, 400)?;
    let once = &Once::new(staff.id, "cancelBatch", key, &(batch_id, reason))?;
    app.write(staff.brand_id, |tx| async move {
        if once.begin(&tx, &batch_id).await?.is_some() {
            return Ok(Done::replay(query::find(tx.conn(), tx.brand_id(), batch_id).await?));
        }
        let before = advance(&tx, batch_id, BatchEvent::Cancelled).await?;
        // An order that also has pieces in another batch stays in production for them.
        let orders = query::orders_only_in(tx.conn(), tx.brand_id(), batch_id).await?;
        end_allocations(&tx, batch_id).await?;
        lifecycle::out_of_batch(&tx, actor.by(), &orders).await?;
        tx.cancel_timer(LEASE_LAPSE, batch_id).await?;
        let news = news(&tx, batch_id, before.epoch, before.factory_id).await?;
        moved(&tx, actor.by(), &before, BatchEvent::Cancelled, &news, Some(reason)).await?;
        Ok(Done::new(query::find(tx.conn(), tx.brand_id(), batch_id).await?))
    })
    .await
}

async fn end_allocations(tx: &Tx, batch_id: Uuid) -> Result<()> {
    allocation::Entity::update_many()
        .col_expr(allocation::Column::Status, Expr::value(AllocationStatus::Ended))
        .col_expr(allocation::Column::EndedAt, Expr::value(tx.now()))
        .filter(allocation::Column::BrandId.eq(tx.brand_id()))
        .filter(allocation::Column::BatchId.eq(batch_id))
        .filter(allocation::Column::Status.ne(AllocationStatus::Ended))
        .exec(tx.conn())
        .await?;
    unit::Entity::update_many()
        .col_expr(unit::Column::Status, Expr::value(UnitStatus::Void))
        .filter(unit::Column::BrandId.eq(tx.brand_id()))
        .filter(unit::Column::BatchId.eq(batch_id))
        .exec(tx.conn())
        .await?;
    Ok(())
}
