//! What WeChat says about a refund meets its row and its order.

use chrono::{DateTime, Utc};
use entity::compensation::CompensationReason;
use entity::refund::{self, Column, RefundStatus};
use entity::{order, payment_attempt};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::owed::owe;
use crate::app::App;
use crate::base::tx::{By, Tx};
use crate::error::Result;
use crate::flow::order::lifecycle;
use crate::flow::order::query as orders;
use crate::flow::payment::{after_sales, ledger, query, rules, timers};
use crate::wechat::Account;
use crate::wechat::pay::RefundState;

/// Applies WeChat's word about a refund of this account; repeats and late news change nothing.
/// `Some` tells why it cannot be matched, for a person to look at.
pub async fn apply(app: &App, account: &Account, state: &RefundState) -> Result<Option<String>> {
    let other_merchant = state.mchid.as_ref().is_some_and(|mchid| *mchid != account.mchid);
    let problem = if other_merchant {
        Some("it belongs to another merchant account".to_owned())
    } else {
        app.write(account.brand_id, |tx| async move { apply_in(&tx, state).await }).await?
    };
    if let Some(problem) = &problem {
        tracing::error!(brand = account.slug, out_refund_no = state.out_refund_no, problem, "a refund does not fit");
    }
    Ok(problem)
}

async fn apply_in(tx: &Tx, state: &RefundState) -> Result<Option<String>> {
    // The answer to our request and the notification may arrive together: whoever finds the row moved
    // under it looks again, or the later news would be lost with the earlier one's state.
    loop {
        if let Applied::Done(problem) = apply_once(tx, state).await? {
            return Ok(problem);
        }
    }
}

enum Applied {
    /// Applied, nothing new, or a problem for a person to look at.
    Done(Option<String>),
    /// Someone else moved the refund in between.
    Moved,
}

async fn apply_once(tx: &Tx, state: &RefundState) -> Result<Applied> {
    let Some(refund) = query::refund_by_number(tx.conn(), tx.brand_id(), &state.out_refund_no).await? else {
        return Ok(Applied::Done(Some("nothing is refunded under this number".to_owned())));
    };
    if state.refund_fen != refund.amount {
        return Ok(Applied::Done(Some(format!("it is over {} fen, ours over {}", state.refund_fen, refund.amount))));
    }
    let Some(to) = rules::next_refund(refund.status, state.status) else { return Ok(Applied::Done(None)) };
    if !advance(tx, &refund, to, state).await? {
        return Ok(Applied::Moved);
    }
    tx.emit("refund", refund.id, event(to), json!({ "order_id": refund.order_id, "amount": refund.amount })).await?;
    match to {
        RefundStatus::Succeeded => {
            note_interest(tx, &refund, state.success_time.unwrap_or(tx.now())).await?;
            finish_order(tx, &refund).await?;
        }
        RefundStatus::Closed => {
            lifecycle::touch(tx, &[refund.order_id]).await?;
            give_number_up(tx, &refund).await?;
            ledger::book::refund_closed(tx, By::WECHAT, &refund).await?;
        }
        RefundStatus::Processing => {
            tx.set_timer(timers::REFUND_POLL, refund.id, rules::next_refund_poll(0, tx.now())).await?;
        }
        RefundStatus::Abnormal => {
            tracing::error!(refund = %refund.id, "the buyer's account takes no refund: send it to another card or to the merchant");
        }
        RefundStatus::Pending => {}
    }
    Ok(Applied::Done(None))
}

fn event(status: RefundStatus) -> &'static str {
    match status {
        RefundStatus::Pending => "requested",
        RefundStatus::Processing => "processing",
        RefundStatus::Succeeded => "succeeded",
        RefundStatus::Abnormal => "abnormal",
        RefundStatus::Closed => "closed",
    }
}

async fn advance(tx: &Tx, refund: &refund::Model, to: RefundStatus, state: &RefundState) -> Result<bool> {
    let mut update = refund::Entity::update_many()
        .col_expr(Column::Status, Expr::value(to))
        .col_expr(Column::RefundId, Expr::value(state.refund_id.clone()));
    if matches!(to, RefundStatus::Succeeded | RefundStatus::Closed) {
        update = update.col_expr(Column::FinishedAt, Expr::value(state.success_time.unwrap_or(tx.now())));
    }
    let moved = update
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(refund.id))
        .filter(Column::Status.eq(refund.status))
        .exec(tx.conn())
        .await?;
    Ok(moved.rows_affected == 1)
}

/// Books it; refund_pending → refunded once all of the order's money is back. Its row is taken first: of two
/// refunds that end at the same time, the later one sees the other, and whoever gives the order up just now sees
/// that this one has ended or is seen by it.
async fn finish_order(tx: &Tx, refund: &refund::Model) -> Result<()> {
    lifecycle::touch(tx, &[refund.order_id]).await?;
    after_sales::refunded(tx, refund).await?;
    let order = orders::find(tx.conn(), tx.brand_id(), refund.order_id).await?;
    ledger::book::refund_succeeded(tx, By::WECHAT, &order, refund)?;
    if order.status != order::OrderStatus::RefundPending {
        return Ok(());
    }
    if !query::owes_money_back(tx.conn(), tx.brand_id(), order.id).await? {
        lifecycle::refunded(tx, By::WECHAT, order.id).await?;
    }
    Ok(())
}

/// Writes and books what the buyer is owed on top when her money came later than the law wants.
async fn note_interest(tx: &Tx, refund: &refund::Model, back_at: DateTime<Utc>) -> Result<()> {
    let (Some(due_at), Some(rate)) = (refund.due_at, refund.late_interest_bp) else { return Ok(()) };
    if back_at <= due_at {
        return Ok(());
    }
    let interest = rules::interest(refund.amount, rate, due_at, back_at);
    refund::Entity::update_many()
        .col_expr(Column::Interest, Expr::value(interest))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(refund.id))
        .exec(tx.conn())
        .await?;
    if interest == 0 {
        return Ok(());
    }
    let order = orders::find(tx.conn(), tx.brand_id(), refund.order_id).await?;
    owe(tx, By::WECHAT, &order, CompensationReason::LateInterest, Some(refund.id), interest).await
}

/// The money did not leave: it may be sent again under a new number.
async fn give_number_up(tx: &Tx, refund: &refund::Model) -> Result<()> {
    payment_attempt::Entity::update_many()
        .col_expr(payment_attempt::Column::Refunded, Expr::col(payment_attempt::Column::Refunded).sub(refund.amount))
        .filter(payment_attempt::Column::BrandId.eq(tx.brand_id()))
        .filter(payment_attempt::Column::Id.eq(refund.attempt_id))
        .filter(payment_attempt::Column::Refunded.gte(refund.amount))
        .exec(tx.conn())
        .await?;
    tracing::error!(refund = %refund.id, "WeChat Pay closed a refund: send it again once the cause is gone");
    Ok(())
}
