//! Returning everyone's money when a presale came to nothing, each order in a transaction of its own,
//! so that it can be resumed anywhere: what is left to do is what is still paid.

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
use crate::flow::order;
use crate::flow::presale;

/// Orders of one event.
const CHUNK: u64 = 50;
const WHY: &str = "the presale came to nothing";

/// Starts the refund of a chunk of paid orders and announces the next one when there may be more.
/// Unpaid orders are let go without waiting for their hold to end.
///
/// An order that cannot be refunded is left paid for the next try and holds up nobody: the events of
/// a presale are handled one after the other, so from then on all others are refunded in this run.
pub(super) async fn refund_presale(app: &App, brand_id: Uuid, presale_id: Uuid) -> Result<()> {
    let presale = presale::query::find(app.db.read(), brand_id, presale_id).await?;
    if !came_to_nothing(presale.status) {
        return Ok(());
    }
    app.write(brand_id, |tx| async move { lapse_now(&tx, presale_id).await }).await?;
    let (mut after, mut failed) = (Uuid::nil(), 0);
    loop {
        let paid = order::query::some_in(app.db.read(), &presale, OrderStatus::Paid, after, CHUNK).await?;
        for id in &paid {
            if let Err(error) = refund_one(app, brand_id, *id).await {
                tracing::error!(order = %id, presale = %presale_id, %error, "an order cannot be refunded");
                failed += 1;
            }
        }
        match paid.last() {
            Some(last) if paid.len() as u64 == CHUNK => after = *last,
            _ if failed == 0 => return Ok(()),
            _ => return Err(anyhow::anyhow!("{failed} orders of presale {presale_id} cannot be refunded").into()),
        }
        if failed == 0 {
            let next = |tx: Tx| async move { tx.emit("presale", presale_id, "refunds_due", json!({})).await };
            return app.write(brand_id, next).await;
        }
    }
}

async fn refund_one(app: &App, brand_id: Uuid, order_id: Uuid) -> Result<()> {
    app.write(brand_id, |tx| async move {
        refund::whole_order(&tx, By::SYSTEM, order_id, RefundReason::PresaleFailed, WHY).await.map(drop)
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
    refund_one(app, brand_id, order_id).await
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
