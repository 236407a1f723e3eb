//! Writing down that money goes back. It is sent after the commit.

use chrono::{DateTime, Utc};
use entity::audit::AuditAction;
use entity::brand;
use entity::order::{self, OrderStatus};
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
use crate::error::{Error, Refusal, Result};
use crate::flow::order::lifecycle;
use crate::flow::payment::balance::CLOCKS;
use crate::flow::payment::close::owes_nothing;
use crate::flow::payment::{after_sales, audit, ledger, query, rules, timers};
use crate::people::actor::Actor;

/// Why money goes back.
#[derive(Clone, Copy, Debug)]
pub struct Why<'a> {
    pub reason: RefundReason,
    /// Words of the person who decided it.
    pub note: Option<&'a str>,
    /// By when the law wants it to be with the buyer.
    pub due_at: Option<DateTime<Utc>>,
}

impl From<RefundReason> for Why<'_> {
    fn from(reason: RefundReason) -> Self {
        Why { reason, note: None, due_at: None }
    }
}

/// Returns `amount` fen of a paid attempt. More than was paid and not returned yet is impossible:
/// the attempt counts what goes back. Call it holding the order's row, but for a payment that settles
/// nothing.
pub async fn request(
    tx: &Tx,
    by: By,
    attempt: &payment_attempt::Model,
    amount: i64,
    why: &Why<'_>,
) -> Result<refund::Model> {
    request_as(tx, by, Number { id: tx.new_id(), replaces: None }, attempt, amount, why).await
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
    why: &Why<'_>,
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
    let late_interest_bp = rate(tx, why, replaces).await?;
    let refund = refund::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(id),
        order_id: Set(attempt.order_id),
        attempt_id: Set(attempt.id),
        out_refund_no: Set(id.simple().to_string()),
        amount: Set(amount),
        reason: Set(why.reason),
        note: Set(why.note.map(str::to_owned)),
        due_at: Set(why.due_at),
        late_interest_bp: Set(late_interest_bp),
        interest: Set(0),
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

/// What a refund bears when it comes late: what the brand says now, and for a closed one what it was to bear.
async fn rate(tx: &Tx, why: &Why<'_>, replaces: Option<Uuid>) -> Result<Option<i32>> {
    if why.due_at.is_none() {
        return Ok(None);
    }
    if let Some(closed) = replaces {
        return Ok(query::refund(tx.conn(), tx.brand_id(), closed).await?.late_interest_bp);
    }
    let brand = brand::Entity::find_by_id(tx.brand_id()).one(tx.conn()).await?;
    Ok(Some(brand.ok_or_else(|| Error::not_found("brand"))?.late_interest_bp))
}

/// What of an order's money could still go back.
pub async fn left(tx: &Tx, order_id: Uuid) -> Result<i64> {
    let attempts = query::settling_attempts(tx.conn(), tx.brand_id(), order_id).await?;
    Ok(attempts.iter().map(|attempt| attempt.amount - attempt.refunded).sum())
}

/// `amount`, or what is left of the order's money when some of it went back before.
pub async fn within(tx: &Tx, order_id: Uuid, amount: i64) -> Result<i64> {
    Ok(Ord::min(amount, left(tx, order_id).await?))
}

/// Returns `amount` fen of an order: of what was paid last first, so a deposit last.
pub async fn part(tx: &Tx, by: By, order_id: Uuid, amount: i64, why: &Why<'_>) -> Result<Vec<refund::Model>> {
    part_as(tx, by, tx.new_id(), order_id, amount, why).await
}

/// The same, the first refund under a given id.
pub(super) async fn part_as(
    tx: &Tx,
    by: By,
    first: Uuid,
    order_id: Uuid,
    amount: i64,
    why: &Why<'_>,
) -> Result<Vec<refund::Model>> {
    let attempts = query::settling_attempts(tx.conn(), tx.brand_id(), order_id).await?;
    let left: Vec<_> = attempts.iter().map(|attempt| attempt.amount - attempt.refunded).collect();
    let Some(shares) = rules::shares(&left, amount) else {
        return Err(anyhow::anyhow!("no payment of order {order_id} covers {amount} fen").into());
    };
    let mut refunds = Vec::new();
    for (attempt, share) in attempts.iter().zip(shares).rev().filter(|(_, share)| *share > 0) {
        let id = if refunds.is_empty() { first } else { tx.new_id() };
        refunds.push(request_as(tx, by, Number { id, replaces: None }, attempt, share, why).await?);
    }
    Ok(refunds)
}

/// paid, deposit_paid or balance_due → refund_pending with a refund of everything that was paid. `None` when
/// nothing is paid, or it is in production by now. `Unavailable` undoes it while its balance is open for
/// payment: close it at WeChat and come again.
pub async fn whole_order(tx: &Tx, by: By, order_id: Uuid, why: &Why<'_>, words: &str) -> Result<Option<order::Model>> {
    let Some((order, from)) = lifecycle::refund_started(tx, by, order_id, words).await? else { return Ok(None) };
    if from == OrderStatus::BalanceDue {
        owes_nothing(tx, order_id, &CLOCKS).await?;
    }
    return_all(tx, by, order, why).await.map(Some)
}

/// in_batch → refund_pending with a refund of everything that was paid. `None` when it is not in a batch by
/// now. Its pieces are the caller's to free.
pub async fn whole_order_in_batch(
    tx: &Tx,
    by: By,
    order_id: Uuid,
    why: &Why<'_>,
    words: &str,
) -> Result<Option<order::Model>> {
    match lifecycle::refund_started_in_batch(tx, by, order_id, words).await? {
        Some(order) => return_all(tx, by, order, why).await.map(Some),
        None => Ok(None),
    }
}

/// Returns what is left of the money of an order that is leaving.
async fn return_all(tx: &Tx, by: By, order: order::Model, why: &Why<'_>) -> Result<order::Model> {
    let left = left(tx, order.id).await?;
    if left > 0 {
        part(tx, by, order.id, left, why).await?;
    } else if !query::owes_money_back(tx.conn(), tx.brand_id(), order.id).await? {
        // Everything is back already, bit by bit; otherwise the last bit ends it.
        return Ok(lifecycle::refunded(tx, by, order.id).await?.unwrap_or(order));
    }
    Ok(order)
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
    let words = &text::optional("why", why, audit::MAX_WHY)?;
    let once = &Once::new(staff.id, "retryRefund", key, &(refund_id, words))?;
    app.write(brand_id, |tx| async move {
        let id = tx.new_id();
        if let Some(id) = once.begin(&tx, &id).await? {
            return Ok(Done::replay(query::refund(tx.conn(), brand_id, id).await?));
        }
        let closed = query::refund(tx.conn(), brand_id, refund_id).await?;
        lifecycle::touch(&tx, &[closed.order_id]).await?;
        let replaced = query::is_replaced(tx.conn(), brand_id, refund_id).await?;
        let attempt = query::attempt(tx.conn(), brand_id, closed.attempt_id).await?;
        // What has gone back in another way since, or is on its way, is not sent twice; the rest of it still is.
        let amount = Ord::min(closed.amount, attempt.amount - attempt.refunded);
        if closed.status != RefundStatus::Closed || replaced || amount == 0 {
            return Err(not_closed(&closed).into());
        }
        let why = Why { reason: closed.reason, note: closed.note.as_deref(), due_at: closed.due_at };
        let number = Number { id, replaces: Some(closed.id) };
        let refund = request_as(&tx, actor.by(), number, &attempt, amount, &why).await?;
        after_sales::succeed_refund(&tx, &closed, &refund).await?;
        audit::note(&tx, actor.by(), audit::Deed::on_refund(AuditAction::RefundRetried, &refund, words.as_deref()))
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
