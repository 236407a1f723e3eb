//! Returning everyone's money when a presale came to nothing, in chunks that can be resumed anywhere:
//! what is left to do is what is still paid.

use entity::order::OrderStatus;
use entity::presale::PresaleStatus;
use entity::refund::RefundReason;
use sea_orm::ConnectionTrait;
use serde_json::json;
use uuid::Uuid;

use super::refund;
use crate::app::App;
use crate::base::db::sql;
use crate::base::tx::{By, Tx};
use crate::error::Result;
use crate::flow::order::{self, lifecycle};
use crate::flow::presale;

/// Orders of one transaction.
const CHUNK: u64 = 50;
const WHY: &str = "the presale came to nothing";

/// Starts the refund of a chunk of paid orders and announces the next one when there may be more.
/// Unpaid orders are let go without waiting for their hold to end.
pub(super) async fn refund_presale(app: &App, brand_id: Uuid, presale_id: Uuid) -> Result<()> {
    app.write(brand_id, |tx| async move {
        let presale = presale::query::find(tx.conn(), brand_id, presale_id).await?;
        if !came_to_nothing(presale.status) {
            return Ok(());
        }
        lapse_now(&tx, presale_id).await?;
        let paid = lifecycle::some_in(&tx, &presale, OrderStatus::Paid, CHUNK).await?;
        for id in &paid {
            refund::whole_order(&tx, By::SYSTEM, *id, RefundReason::PresaleFailed, WHY).await?;
        }
        if paid.len() as u64 == CHUNK {
            tx.emit("presale", presale_id, "refunds_due", json!({})).await?;
        }
        Ok(())
    })
    .await
}

/// Refunds an order that became paid when its presale had already come to nothing.
pub(super) async fn refund_straggler(app: &App, brand_id: Uuid, order_id: Uuid) -> Result<()> {
    let order = order::query::find(app.db.read(), brand_id, order_id).await?;
    let presale = presale::query::find(app.db.read(), brand_id, order.presale_id).await?;
    if order.status != OrderStatus::Paid || !came_to_nothing(presale.status) {
        return Ok(());
    }
    app.write(brand_id, |tx| async move {
        refund::whole_order(&tx, By::SYSTEM, order_id, RefundReason::PresaleFailed, WHY).await.map(drop)
    })
    .await
}

fn came_to_nothing(status: PresaleStatus) -> bool {
    matches!(status, PresaleStatus::Failed | PresaleStatus::Cancelled)
}

/// Brings the lapse of the presale's unpaid orders forward to now.
async fn lapse_now(tx: &Tx, presale_id: Uuid) -> Result<()> {
    let statement = sql(
        tx.conn().get_database_backend(),
        "update timer set due_at = $1 where brand_id = $2 and kind = $3 and done_at is null and due_at > $1 \
         and subject_id in (select id from orders where brand_id = $2 and presale_id = $4 and status = 'pending_payment')",
        [tx.now().into(), tx.brand_id().into(), order::LAPSE.into(), presale_id.into()],
    );
    tx.conn().execute_raw(statement).await?;
    Ok(())
}
