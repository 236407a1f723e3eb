//! The one place where money that arrived meets its order.

use entity::payment_attempt::{self, PaymentAttemptStatus};
use entity::payment_leg::{self, PaymentLegKind, PaymentLegStatus};
use entity::refund::RefundReason;
use entity::{member, order};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::balance::CLOCKS;
use super::{ledger, problem, query, refund, rules, timers};
use crate::app::App;
use crate::base::once::Once;
use crate::base::tx::{By, Tx};
use crate::error::{Code, Error, Refusal, Result};
use crate::flow::order::query as orders;
use crate::flow::order::rules::pay_until;
use crate::flow::order::{LAPSE, lifecycle};
use crate::people::actor::Actor;
use crate::people::wechat::account;
use crate::wechat::Account;
use crate::wechat::pay::Transaction;

/// What a report about a payment led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It paid what was due of its order.
    Paid,
    /// The order did not need it any more: it is being refunded.
    Surplus,
    /// Known before.
    Repeat,
    /// Not paid.
    Unpaid,
    /// Cannot be believed or matched; a person has to look. Nothing was changed.
    Problem(String),
}

/// Applies what WeChat says about a payment of this account. Repeats change nothing.
pub async fn settle(app: &App, account: &Account, report: &Transaction) -> Result<Settled> {
    if !report.trade_state.is_paid() {
        return Ok(Settled::Unpaid);
    }
    let settled = if report.belongs_to(account) {
        app.write(account.brand_id, |tx| async move { settle_in(&tx, report).await }).await?
    } else {
        Settled::Problem("it belongs to another app or merchant account".to_owned())
    };
    if let Settled::Problem(problem) = &settled {
        tracing::error!(brand = account.slug, out_trade_no = report.out_trade_no, problem, "a payment does not fit");
    }
    Ok(settled)
}

async fn settle_in(tx: &Tx, report: &Transaction) -> Result<Settled> {
    let brand_id = tx.brand_id();
    let Some(attempt) = query::attempt_by_number(tx.conn(), brand_id, &report.out_trade_no).await? else {
        return Ok(Settled::Problem("nothing was ordered under this number".into()));
    };
    let order = orders::find(tx.conn(), brand_id, attempt.order_id).await?;
    let openid = openid_of(tx, &order).await?;
    if let Some(problem) = rules::mismatch(&attempt, &order.currency, &openid, report) {
        return Ok(Settled::Problem(problem));
    }
    if attempt.status == PaymentAttemptStatus::Paid && attempt.transaction_id != report.transaction_id {
        return Ok(Settled::Problem("the attempt was paid by another transaction".into()));
    }
    if !mark_paid(tx, &attempt, report).await? {
        return Ok(Settled::Repeat);
    }
    tx.cancel_timer(timers::POLL, attempt.id).await?;
    // Only what is due now is settled: an earlier leg that is paid again, or too late, moves nothing.
    let kind = query::leg(tx.conn(), brand_id, attempt.leg_id).await?.kind;
    let moved = match kind {
        PaymentLegKind::Full => lifecycle::paid(tx, By::WECHAT, order.id).await?,
        PaymentLegKind::Deposit => lifecycle::deposit_paid(tx, By::WECHAT, order.id).await?,
        PaymentLegKind::Balance => lifecycle::balance_paid(tx, By::WECHAT, order.id).await?,
    };
    if moved.is_none() {
        ledger::book::surplus(tx, By::WECHAT, &order, &attempt)?;
        refund::request(tx, By::WECHAT, &attempt, attempt.amount, &RefundReason::LatePayment.into()).await?;
        return Ok(Settled::Surplus);
    }
    mark_settled(tx, &attempt).await?;
    ledger::book::settled(tx, By::WECHAT, &order, &attempt, kind).await?;
    let clocks: &[&'static str] = if kind == PaymentLegKind::Balance { &CLOCKS } else { &[LAPSE] };
    for clock in clocks {
        tx.cancel_timer(clock, order.id).await?;
    }
    Ok(Settled::Paid)
}

async fn openid_of(tx: &Tx, order: &order::Model) -> Result<String> {
    let member = member::Entity::find_by_id((tx.brand_id(), order.member_id)).one(tx.conn()).await?;
    Ok(member.ok_or_else(|| Error::not_found("member"))?.openid)
}

/// Any attempt but a paid one: WeChat's word that it was paid outweighs ours that it was closed.
async fn mark_paid(tx: &Tx, attempt: &payment_attempt::Model, report: &Transaction) -> Result<bool> {
    let marked = payment_attempt::Entity::update_many()
        .col_expr(payment_attempt::Column::Status, Expr::value(PaymentAttemptStatus::Paid))
        .col_expr(payment_attempt::Column::TransactionId, Expr::value(report.transaction_id.clone()))
        .col_expr(payment_attempt::Column::PaidAt, Expr::value(report.success_time.unwrap_or(tx.now())))
        .filter(payment_attempt::Column::BrandId.eq(tx.brand_id()))
        .filter(payment_attempt::Column::Id.eq(attempt.id))
        .filter(payment_attempt::Column::Status.ne(PaymentAttemptStatus::Paid))
        .exec(tx.conn())
        .await?;
    Ok(marked.rows_affected == 1)
}

async fn mark_settled(tx: &Tx, attempt: &payment_attempt::Model) -> Result<()> {
    let leg = payment_leg::Entity::update_many()
        .col_expr(payment_leg::Column::Status, Expr::value(PaymentLegStatus::Paid))
        .col_expr(payment_leg::Column::PaidAt, Expr::value(tx.now()))
        .filter(payment_leg::Column::BrandId.eq(tx.brand_id()))
        .filter(payment_leg::Column::Id.eq(attempt.leg_id))
        .filter(payment_leg::Column::Status.eq(PaymentLegStatus::Due))
        .exec(tx.conn())
        .await?;
    if leg.rows_affected != 1 {
        return Err(anyhow::anyhow!("leg {} of an order that waits for it was not due", attempt.leg_id).into());
    }
    payment_attempt::Entity::update_many()
        .col_expr(payment_attempt::Column::Settles, Expr::value(true))
        .filter(payment_attempt::Column::BrandId.eq(tx.brand_id()))
        .filter(payment_attempt::Column::Id.eq(attempt.id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Asks WeChat about an attempt and applies the answer. An attempt WeChat never heard of is unpaid; what
/// does not fit is kept for people, since no notification may ever tell of it.
pub(super) async fn ask(app: &App, account: &Account, out_trade_no: &str) -> Result<Settled> {
    match app.wechat.query(account, out_trade_no).await {
        Ok(report) => {
            let settled = settle(app, account, &report).await?;
            if let Settled::Problem(problem) = &settled {
                problem::set_aside(app, account, &report, problem).await?;
            }
            Ok(settled)
        }
        Err(error) if error.is_not_found() => Ok(Settled::Unpaid),
        Err(error) => Err(unreachable(&error)),
    }
}

/// The member says she has paid: asks WeChat and gives the order back as it is then. Repeating it is
/// harmless under any key.
pub async fn confirm(app: &App, actor: &Actor, key: &str, order_id: Uuid) -> Result<order::Model> {
    let member = actor.member()?;
    Once::new(member.id, "confirmPayment", key, &order_id)?;
    let order = orders::find_own(app.db.read(), member.brand_id, member.id, order_id).await?;
    if pay_until(&order).is_none() {
        return Ok(order);
    }
    let attempts = query::open_attempts(app.db.read(), member.brand_id, order_id).await?;
    if attempts.is_empty() {
        return Ok(order);
    }
    let account = account(app, member.brand_id).await?;
    for attempt in attempts {
        ask(app, &account, &attempt.out_trade_no).await.map_err(|_| cannot_ask())?;
    }
    orders::find_own(app.db.read(), member.brand_id, member.id, order_id).await
}

fn cannot_ask() -> Error {
    Refusal::new(
        Code::PaymentUnavailable,
        "WeChat Pay does not answer just now. If you have paid, the order will show it in a moment.",
        "微信支付暂时没有响应。如您已付款，订单状态稍后会自动更新。",
    )
    .into()
}

/// A failed call to WeChat as a fault that lets its timer try again. Wrong settings ring the alarm.
pub(super) fn unreachable(error: &crate::wechat::Error) -> Error {
    if error.is_alarm() {
        tracing::error!(%error, "WeChat Pay refuses our settings");
    }
    crate::error::Fault::Unavailable(format!("WeChat Pay: {error}")).into()
}
