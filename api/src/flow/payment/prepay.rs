//! Making an order payable: one open attempt, made at WeChat under a number that never changes until
//! its outcome is known.

use chrono::{DateTime, Utc};
use entity::order::{self, OrderStatus};
use entity::payment_attempt::{self, Column, PaymentAttemptStatus};
use entity::payment_leg::{self, PaymentLegStatus};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use super::close::{close_one, mark};
use super::settle::{Settled, ask};
use super::{notification, query, rules, timers};
use crate::app::App;
use crate::base::once::Once;
use crate::base::tx::Tx;
use crate::error::{Code, Detail, Error, Fault, Refusal, Result};
use crate::flow::order::query as orders;
use crate::flow::order::rules::pay_until;
use crate::flow::presale::query as presales;
use crate::people::actor::Actor;
use crate::people::query as people;
use crate::people::wechat::account;
use crate::wechat::pay::{PayParams, Prepay};
use crate::wechat::{Account, Error as WechatError};

/// Numbers tried for one request: the second when the first turns out to be spoilt.
const NUMBERS: u32 = 2;

/// An order and what `wx.requestPayment` needs to pay it.
#[derive(Debug)]
pub struct Payable {
    pub order: order::Model,
    pub params: PayParams,
}

/// Makes what is due now of the member's own order payable. Asking again gives fresh parameters for the same
/// payment, under any key; two parallel requests get the same payment.
pub async fn pay(app: &App, actor: &Actor, key: &str, order_id: Uuid) -> Result<Payable> {
    let member = actor.member()?;
    let (brand_id, member_id) = (member.brand_id, member.id);
    Once::new(member_id, "payOrder", key, &order_id)?;
    let account = account(app, brand_id).await?;
    for _ in 0..NUMBERS {
        let (order, attempt) = app.write(brand_id, |tx| async move { claim(&tx, member_id, order_id).await }).await?;
        match prepay(app, &account, &order, &attempt).await? {
            Outcome::Prepaid(prepay_id) => {
                let params = app.wechat.pay_params(&account, &prepay_id).map_err(|error| refused(&error))?;
                return Ok(Payable { order, params });
            }
            Outcome::Paid => return Err(already_paid().into()),
            Outcome::Spoilt => retire(app, brand_id, attempt.id).await?,
        }
    }
    Err(Fault::Unavailable(format!("WeChat Pay takes no number for order {order_id}")).into())
}

/// The order's open attempt, made now when there is none.
async fn claim(tx: &Tx, member_id: Uuid, order_id: Uuid) -> Result<(order::Model, payment_attempt::Model)> {
    let order = orders::find_own(tx.conn(), tx.brand_id(), member_id, order_id).await?;
    let until = must_be_payable(&order)?;
    let leg = touch_leg(tx, &order).await?;
    if let Some(open) = query::open_attempts(tx.conn(), tx.brand_id(), order_id).await?.into_iter().next() {
        return Ok((order, open));
    }
    if until - tx.now() < rules::MIN_TIME_TO_PAY {
        return Err(too_late(&order).into());
    }
    let id = tx.new_id();
    let attempt = payment_attempt::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(id),
        leg_id: Set(leg.id),
        order_id: Set(order_id),
        // 32 characters, unique for ever whoever else uses the merchant account.
        out_trade_no: Set(id.simple().to_string()),
        amount: Set(leg.amount),
        status: Set(PaymentAttemptStatus::Created),
        prepay_id: Set(None),
        prepay_expires_at: Set(None),
        // Not longer than its prepay id lives: a balance can be paid for days, with one attempt after another.
        expires_at: Set(until.min(tx.now() + rules::PREPAY_LIFE)),
        refunded: Set(0),
        transaction_id: Set(None),
        paid_at: Set(None),
        settles: Set(false),
        created_at: Set(tx.now()),
    };
    let open = attempt.insert(tx.conn()).await?;
    // A crash before WeChat's answer is written leaves the attempt as it is; polling finds out.
    tx.set_timer(timers::POLL, open.id, tx.now() + chrono::Duration::seconds(30)).await?;
    Ok((order, open))
}

/// Takes the leg that is due, and its row: an order that leaves at the same time either finds the
/// attempt made here or makes this find nothing due.
async fn touch_leg(tx: &Tx, order: &order::Model) -> Result<payment_leg::Model> {
    let legs = payment_leg::Entity::update_many()
        .col_expr(payment_leg::Column::Status, Expr::value(PaymentLegStatus::Due))
        .filter(payment_leg::Column::BrandId.eq(tx.brand_id()))
        .filter(payment_leg::Column::OrderId.eq(order.id))
        .filter(payment_leg::Column::Status.eq(PaymentLegStatus::Due))
        .exec_with_returning(tx.conn())
        .await?;
    match legs.into_iter().next() {
        Some(leg) => Ok(leg),
        None => {
            must_be_payable(&orders::find(tx.conn(), tx.brand_id(), order.id).await?)?;
            Err(anyhow::anyhow!("pending order {} has nothing due", order.id).into())
        }
    }
}

/// Until when what is due can be paid.
fn must_be_payable(order: &order::Model) -> Result<DateTime<Utc>, Refusal> {
    if let Some(until) = pay_until(order) {
        return Ok(until);
    }
    match order.status {
        OrderStatus::Expired | OrderStatus::Cancelled | OrderStatus::Forfeited => Err(too_late(order)),
        OrderStatus::DepositPaid => Err(not_due_yet()),
        _ => Err(already_paid()),
    }
}

/// Whether an attempt's time is over while its order's is not: it is closed, and another one is made.
fn is_over(order: &order::Model, attempt: &payment_attempt::Model, soon: DateTime<Utc>) -> bool {
    attempt.expires_at < soon && pay_until(order).is_some_and(|until| until >= soon)
}

enum Outcome {
    Prepaid(String),
    /// It had been paid; it is settled now.
    Paid,
    /// WeChat takes this number no more and nobody can pay it.
    Spoilt,
}

async fn prepay(
    app: &App,
    account: &Account,
    order: &order::Model,
    attempt: &payment_attempt::Model,
) -> Result<Outcome> {
    let soon = app.clock.now() + rules::MIN_TIME_TO_PAY;
    if is_over(order, attempt, soon) {
        return resolve_spoilt(app, account, attempt).await;
    }
    if let (Some(prepay_id), Some(end)) = (&attempt.prepay_id, attempt.prepay_expires_at)
        && end > soon
    {
        return Ok(Outcome::Prepaid(prepay_id.clone()));
    }
    let request = request(app, account, order, attempt).await?;
    let mut answer = app.wechat.prepay(account, &request).await;
    if answer.as_ref().is_err_and(WechatError::is_outcome_unknown) {
        answer = app.wechat.prepay(account, &request).await;
    }
    match answer {
        Ok(prepay_id) => store(app, attempt, prepay_id).await.map(Outcome::Prepaid),
        Err(WechatError::Pay { code, .. }) if code == "ORDERPAID" => {
            ask(app, account, &attempt.out_trade_no).await?;
            Ok(Outcome::Paid)
        }
        Err(WechatError::Pay { code, .. })
            if matches!(code.as_str(), "OUT_TRADE_NO_USED" | "INVALID_REQUEST" | "ORDER_CLOSED") =>
        {
            resolve_spoilt(app, account, attempt).await
        }
        Err(error) => Err(refused(&error)),
    }
}

async fn request(
    app: &App,
    account: &Account,
    order: &order::Model,
    attempt: &payment_attempt::Model,
) -> Result<Prepay> {
    let db = app.db.read();
    Ok(Prepay {
        out_trade_no: attempt.out_trade_no.clone(),
        description: presales::find(db, order.brand_id, order.presale_id).await?.title,
        amount_fen: attempt.amount,
        openid: people::member(db, order.brand_id, order.member_id).await?.openid,
        time_expire: attempt.expires_at,
        notify_url: notification::url(app, account),
        // Left out, since a repeat from another network must ask for exactly the same.
        attach: None,
        client_ip: None,
    })
}

/// The number was used with other parameters or closed. It may have been paid all the same.
async fn resolve_spoilt(app: &App, account: &Account, attempt: &payment_attempt::Model) -> Result<Outcome> {
    match ask(app, account, &attempt.out_trade_no).await? {
        Settled::Paid | Settled::Surplus | Settled::Repeat => return Ok(Outcome::Paid),
        Settled::Problem(problem) => return Err(anyhow::anyhow!("attempt {}: {problem}", attempt.id).into()),
        Settled::Unpaid => {}
    }
    let closed = close_one(app, account, &attempt.out_trade_no).await?;
    Ok(if closed { Outcome::Spoilt } else { Outcome::Paid })
}

async fn retire(app: &App, brand_id: Uuid, attempt_id: Uuid) -> Result<()> {
    app.write(brand_id, |tx| async move {
        mark(&tx, attempt_id, PaymentAttemptStatus::Failed).await?;
        tx.cancel_timer(timers::POLL, attempt_id).await
    })
    .await
}

/// Keeps the prepay id; an attempt that was closed or paid meanwhile is not handed out.
async fn store(app: &App, attempt: &payment_attempt::Model, prepay_id: String) -> Result<String> {
    let prepay = &prepay_id;
    let stored = app
        .write(attempt.brand_id, |tx| async move {
            let stored = payment_attempt::Entity::update_many()
                .col_expr(Column::Status, Expr::value(PaymentAttemptStatus::Prepaid))
                .col_expr(Column::PrepayId, Expr::value(prepay.clone()))
                .col_expr(Column::PrepayExpiresAt, Expr::value(tx.now() + rules::PREPAY_LIFE))
                .filter(Column::BrandId.eq(attempt.brand_id))
                .filter(Column::Id.eq(attempt.id))
                .filter(Column::Status.is_in(query::OPEN))
                .exec(tx.conn())
                .await?;
            if stored.rows_affected == 1
                && let Some(first) = rules::next_poll(tx.now(), tx.now())
            {
                tx.set_timer(timers::POLL, attempt.id, first).await?;
            }
            Ok(stored.rows_affected == 1)
        })
        .await?;
    if stored {
        return Ok(prepay_id);
    }
    let order = orders::find(app.db.read(), attempt.brand_id, attempt.order_id).await?;
    must_be_payable(&order)?;
    Err(Fault::Unavailable(format!("attempt {} ended while it was made", attempt.id)).into())
}

fn already_paid() -> Refusal {
    Refusal::new(Code::AlreadyPaid, "This order is paid; load it again.", "该订单已支付，请重新加载。")
}

fn not_due_yet() -> Refusal {
    Refusal::wrong_state(
        "deposit_paid",
        "The first part of this order is paid. The balance can be paid once the presale has succeeded; you will get a message.",
        "该订单首款已支付。预售成团后即可支付尾款，届时会通知您。",
    )
}

fn too_late(order: &order::Model) -> Refusal {
    Refusal::new(
        Code::Closed,
        "The time to pay this order is over; place a new one.",
        "该订单的支付时间已结束，请重新下单。",
    )
    .detail(Detail::Closed { at: Some(order.balance_due_at.unwrap_or(order.hold_expires_at)) })
}

/// WeChat refused or did not answer: nothing was charged, and the same request may be repeated.
fn refused(error: &WechatError) -> Error {
    if error.is_alarm() || !error.is_transient() {
        tracing::error!(%error, "WeChat Pay makes no order");
    }
    Refusal::new(
        Code::PaymentUnavailable,
        "WeChat Pay cannot take this payment just now; nothing was charged. Try again in a moment.",
        "微信支付暂时无法受理，未产生扣款，请稍后再试。",
    )
    .into()
}
