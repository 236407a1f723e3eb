//! The buyer cancels: what is open for payment is closed at WeChat first, what was paid is refunded in full.
//! A deposit binds her until she has paid the rest.

use entity::order;
use entity::refund::RefundReason;
use uuid::Uuid;

use super::close::{close_attempts, owes_nothing};
use super::refund;
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::tx::{By, Tx};
use crate::error::{Code, Error, Fault, Refusal, Result};
use crate::flow::order::{LAPSE, lifecycle, query, rules};
use crate::people::actor::Actor;

/// Cancels the member's own order, before it is in a batch.
pub async fn cancel(app: &App, actor: &Actor, key: &str, order_id: Uuid) -> Result<Done<order::Model>> {
    let member = actor.member()?;
    let (brand_id, member_id) = (member.brand_id, member.id);
    let once = &Once::new(member_id, "cancelOrder", key, &order_id)?;
    let try_now = || {
        app.write(brand_id, |tx| async move {
            let order = query::find_own(tx.conn(), brand_id, member_id, order_id).await?;
            if once.begin(&tx, &order_id).await?.is_some() {
                return Ok(Done::replay(order));
            }
            Ok(Done::new(leave(&tx, actor.by(), order_id).await?))
        })
    };
    // WeChat is asked to close only what is open for payment, and only once the key has been looked at.
    match try_now().await {
        Err(Error::Fault(Fault::Unavailable(_))) => {}
        outcome => return outcome,
    }
    // Should the buyer have been faster, the order is paid now and the money goes back.
    close_attempts(app, brand_id, order_id).await.map_err(cannot_close)?;
    try_now().await
}

async fn leave(tx: &Tx, by: By, order_id: Uuid) -> Result<order::Model> {
    if let Some(order) = lifecycle::cancelled(tx, by, order_id).await? {
        owes_nothing(tx, order_id, &[LAPSE]).await?;
        return Ok(order);
    }
    let order = query::find(tx.conn(), tx.brand_id(), order_id).await?;
    if let Some(order) = refund::withdrawn::if_so(tx, by, &order).await? {
        return Ok(order);
    }
    let why = RefundReason::Cancelled.into();
    if rules::is_cancellable(order.status, order.plan)
        && let Some(order) = refund::whole_order(tx, by, order_id, &why, "the buyer cancelled").await?
    {
        return Ok(order);
    }
    let order = query::find(tx.conn(), tx.brand_id(), order_id).await?;
    Err(rules::not_changeable(order.status).into())
}

fn cannot_close(error: Error) -> Error {
    match error {
        Error::Fault(Fault::Unavailable(_)) => Refusal::new(
            Code::PaymentUnavailable,
            "WeChat Pay does not answer, so the order cannot be closed safely. Try again in a moment.",
            "微信支付暂时没有响应，无法安全关闭订单，请稍后再试。",
        )
        .into(),
        other => other,
    }
}
