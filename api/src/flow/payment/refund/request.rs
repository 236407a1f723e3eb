//! Writing down that money goes back. It is sent after the commit.

use entity::audit::AuditAction;
use entity::order;
use entity::payment_attempt::{self, Column, PaymentAttemptStatus};
use entity::refund::{self, RefundReason, RefundStatus};
use entity::staff::StaffRole;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{By, Tx};
use crate::error::{Refusal, Result};
use crate::flow::order::lifecycle;
use crate::flow::payment::{audit, ledger, query, timers};
use crate::people::actor::Actor;

/// Returns `amount` fen of a paid attempt. More than was paid and not returned yet is impossible:
/// the attempt counts what goes back. Call it holding the order's row, but for a payment that settles
/// nothing.
pub async fn request(
    tx: &Tx,
    by: By,
    attempt: &payment_attempt::Model,
    amount: i64,
    reason: RefundReason,
) -> Result<refund::Model> {
    request_as(tx, by, Number { id: tx.new_id(), replaces: None }, attempt, amount, reason).await
}

/// Under which id, and in place of which refund that WeChat closed.
pub(super) struct Number {
    pub id: Uuid,
    pub replaces: Option<Uuid>,
}

/// The same under a given id.
pub(super) async fn request_as(
    tx: &Tx,
    by: By,
    Number { id, replaces }: Number,
    attempt: &payment_attempt::Model,
    amount: i64,
    reason: RefundReason,
) -> Result<refund::Model> {
    let counted = payment_attempt::Entity::update_many()
        .col_expr(Column::Refunded, Expr::col(Column::Refunded).add(amount))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(attempt.id))
        .filter(Column::Status.eq(PaymentAttemptStatus::Paid))
        .filter(Expr::col(Column::Refunded).add(amount).lte(Expr::col(Column::Amount)))
        .exec(tx.conn())
        .await?;
    if counted.rows_affected != 1 {
        return Err(anyhow::anyhow!("payment {} does not cover a refund of {amount} fen", attempt.id).into());
    }
    let refund = refund::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(id),
        order_id: Set(attempt.order_id),
        attempt_id: Set(attempt.id),
        out_refund_no: Set(id.simple().to_string()),
        amount: Set(amount),
        reason: Set(reason),
        status: Set(RefundStatus::Pending),
        refund_id: Set(None),
        attempts: Set(0),
        last_error: Set(None),
        replaces: Set(replaces),
        created_at: Set(tx.now()),
        finished_at: Set(None),
    }
    .insert(tx.conn())
    .await?;
    tx.set_timer(timers::REFUND_SEND, id, tx.now()).await?;
    tx.emit("refund", id, "requested", json!({ "order_id": refund.order_id, "amount": amount })).await?;
    ledger::book::refund_requested(tx, by, &refund).await?;
    Ok(refund)
}

/// paid → refund_pending with a refund of everything that was paid. `None` when the order is not
/// paid, or not only paid, by now.
pub async fn whole_order(
    tx: &Tx,
    by: By,
    order_id: Uuid,
    reason: RefundReason,
    why: &str,
) -> Result<Option<order::Model>> {
    let Some(order) = lifecycle::refund_started(tx, by, order_id, why).await? else { return Ok(None) };
    for attempt in query::settling_attempts(tx.conn(), tx.brand_id(), order_id).await? {
        let left = attempt.amount - attempt.refunded;
        if left > 0 {
            request(tx, by, &attempt, left, reason).await?;
        }
    }
    Ok(Some(order))
}

/// Sends a refund that WeChat closed once more, under a new number.
pub async fn again(
    app: &App,
    actor: &Actor,
    key: &str,
    refund_id: Uuid,
    why: Option<&str>,
) -> Result<Done<refund::Model>> {
    let staff = actor.staff(&[StaffRole::Finance])?;
    let brand_id = staff.brand_id;
    let why = &text::optional("why", why, audit::MAX_WHY)?;
    let once = &Once::new(staff.id, "retryRefund", key, &(refund_id, why))?;
    app.write(brand_id, |tx| async move {
        let id = tx.new_id();
        if let Some(id) = once.begin(&tx, &id).await? {
            return Ok(Done::replay(query::refund(tx.conn(), brand_id, id).await?));
        }
        let closed = query::refund(tx.conn(), brand_id, refund_id).await?;
        lifecycle::touch(&tx, &[closed.order_id]).await?;
        let replaced = query::is_replaced(tx.conn(), brand_id, refund_id).await?;
        let attempt = query::attempt(tx.conn(), brand_id, closed.attempt_id).await?;
        if closed.status != RefundStatus::Closed || replaced || attempt.refunded + closed.amount > attempt.amount {
            return Err(not_closed(&closed).into());
        }
        let number = Number { id, replaces: Some(closed.id) };
        let refund = request_as(&tx, actor.by(), number, &attempt, closed.amount, closed.reason).await?;
        audit::note(&tx, actor.by(), audit::Deed::on_refund(AuditAction::RefundRetried, &refund, why.as_deref()))
            .await?;
        Ok(Done::new(refund))
    })
    .await
}

fn not_closed(refund: &refund::Model) -> Refusal {
    let state = sea_orm::ActiveEnum::to_value(&refund.status);
    Refusal::wrong_state(
        state,
        "Only a refund that WeChat Pay closed, and that nothing else has replaced, can be sent again.",
        "只有被微信支付关闭且尚未重新发起的退款才能再次发起。",
    )
}
