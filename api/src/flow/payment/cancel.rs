//! The buyer cancels: an unpaid order is closed at WeChat first, a paid one is refunded in full.

use entity::order::{self, OrderStatus};
use entity::refund::RefundReason;
use uuid::Uuid;

use super::close::{Closing, close_attempts, write_closed};
use super::refund;
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::tx::{By, Tx};
use crate::error::{Code, Error, Refusal, Result};
use crate::flow::order::{lifecycle, query, rules};
use crate::people::actor::Actor;

/// Cancels the member's own order, before it is in a batch.
pub async fn cancel(app: &App, actor: &Actor, key: &str, order_id: Uuid) -> Result<Done<order::Model>> {
    let member = actor.member()?;
    let (brand_id, member_id) = (member.brand_id, member.id);
    let once = &Once::new(member_id, "cancelOrder", key, &order_id)?;
    let order = query::find_own(app.db.read(), brand_id, member_id, order_id).await?;
    let closed = match order.status {
        // Should the buyer have been faster, the order is paid now and the money goes back.
        OrderStatus::PendingPayment => match close_attempts(app, brand_id, order_id).await.map_err(cannot_close)? {
            Closing::Closed(closed) => closed,
            Closing::Paid => Vec::new(),
        },
        _ => Vec::new(),
    };
    let closed = &closed;
    app.write(brand_id, |tx| async move {
        if once.begin(&tx, &order_id).await?.is_some() {
            return Ok(Done::replay(query::find_own(tx.conn(), brand_id, member_id, order_id).await?));
        }
        Ok(Done::new(leave(&tx, actor.by(), order_id, closed).await?))
    })
    .await
}

async fn leave(tx: &Tx, by: By, order_id: Uuid, closed: &[Uuid]) -> Result<order::Model> {
    if let Some(order) = lifecycle::cancelled(tx, by, order_id).await? {
        write_closed(tx, order_id, closed).await?;
        return Ok(order);
    }
    if let Some(order) = refund::whole_order(tx, by, order_id, RefundReason::Cancelled, "the buyer cancelled").await? {
        return Ok(order);
    }
    let order = query::find(tx.conn(), tx.brand_id(), order_id).await?;
    Err(rules::not_changeable(order.status).into())
}

fn cannot_close(error: Error) -> Error {
    match error {
        Error::Fault(crate::error::Fault::Unavailable(_)) => Refusal::new(
            Code::PaymentUnavailable,
            "WeChat Pay does not answer, so the order cannot be closed safely. Try again in a moment.",
            "微信支付暂时没有响应，无法安全关闭订单，请稍后再试。",
        )
        .into(),
        other => other,
    }
}
