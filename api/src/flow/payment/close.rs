//! Making sure that an unpaid order can no longer be paid, before its pieces go back on sale.

use entity::payment_attempt::{self, PaymentAttemptStatus};
use entity::payment_leg::{self, PaymentLegStatus};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::settle::{Settled, ask, unreachable};
use super::{query, timers};
use crate::app::App;
use crate::base::tx::Tx;
use crate::error::{Error, Fault, Result};
use crate::people::wechat::account;
use crate::wechat::pay::CloseOutcome;
use crate::wechat::{Account, Error as WechatError};

/// What closing an order's attempts at WeChat came to.
pub(super) enum Closing {
    /// None of its attempts can be paid any more, which is written down.
    Closed,
    /// The buyer was faster; the payment has been settled.
    Paid,
}

/// Closes an order's open attempts at WeChat. An error means that nobody knows: keep the hold. Each
/// close is written down at once, whatever becomes of the order: paying it then takes a new attempt
/// rather than one that is dead at WeChat.
pub(super) async fn close_attempts(app: &App, brand_id: Uuid, order_id: Uuid) -> Result<Closing> {
    let attempts = query::open_attempts(app.db.read(), brand_id, order_id).await?;
    if attempts.is_empty() {
        return Ok(Closing::Closed);
    }
    let account = account(app, brand_id).await?;
    for attempt in attempts {
        if !close_one(app, &account, &attempt.out_trade_no).await? {
            return Ok(Closing::Paid);
        }
        write_down(app, &attempt).await?;
    }
    Ok(Closing::Closed)
}

/// Runs `work`, which is undone with `Unavailable` while the order is open for payment ([`owes_nothing`]): then closes it
/// at WeChat and runs `work` once more. Should the buyer have been faster, `work` finds what she paid.
pub async fn closing_first<T, F>(app: &App, brand_id: Uuid, order_id: Uuid, work: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    match work().await {
        Err(Error::Fault(Fault::Unavailable(_))) => {}
        outcome => return outcome,
    }
    close_attempts(app, brand_id, order_id).await?;
    work().await
}

async fn write_down(app: &App, attempt: &payment_attempt::Model) -> Result<()> {
    app.write(attempt.brand_id, |tx| async move {
        mark(&tx, attempt.id, PaymentAttemptStatus::Closed).await?;
        tx.cancel_timer(timers::POLL, attempt.id).await
    })
    .await
}

/// True when it can no longer be paid, false when it was paid and is settled now.
pub(super) async fn close_one(app: &App, account: &Account, out_trade_no: &str) -> Result<bool> {
    match app.wechat.close(account, out_trade_no).await {
        Ok(CloseOutcome::Closed) => Ok(true),
        Ok(CloseOutcome::AlreadyPaid) => match ask(app, account, out_trade_no).await? {
            Settled::Paid | Settled::Surplus | Settled::Repeat => Ok(false),
            Settled::Unpaid | Settled::Problem(_) => {
                Err(Fault::Unavailable(format!("WeChat Pay says {out_trade_no} is paid, but it does not settle"))
                    .into())
            }
        },
        // Never ordered: a prepay still under way finds its attempt closed and is not handed out.
        Err(error) if error.is_not_found() => Ok(true),
        Err(WechatError::Pay { code, .. }) if code == "ORDER_CLOSED" => Ok(true),
        Err(error) => Err(unreachable(&error)),
    }
}

/// Writes that the order owes nothing and stops its `clocks`. Call it after the order has left the state in
/// which something was due in the same transaction. An attempt that is open undoes the transaction with `Unavailable`: close it at WeChat
/// and come again.
pub(super) async fn owes_nothing(tx: &Tx, order_id: Uuid, clocks: &[&'static str]) -> Result<()> {
    payment_leg::Entity::update_many()
        .col_expr(payment_leg::Column::Status, Expr::value(PaymentLegStatus::Void))
        .filter(payment_leg::Column::BrandId.eq(tx.brand_id()))
        .filter(payment_leg::Column::OrderId.eq(order_id))
        .filter(payment_leg::Column::Status.eq(PaymentLegStatus::Due))
        .exec(tx.conn())
        .await?;
    for clock in clocks {
        tx.cancel_timer(clock, order_id).await?;
    }
    if query::open_attempts(tx.conn(), tx.brand_id(), order_id).await?.is_empty() {
        return Ok(());
    }
    Err(Fault::Unavailable(format!("order {order_id} is open for payment")).into())
}

/// An open attempt ends in `to`; one that ended otherwise stays.
pub(super) async fn mark(tx: &Tx, attempt_id: Uuid, to: PaymentAttemptStatus) -> Result<()> {
    payment_attempt::Entity::update_many()
        .col_expr(payment_attempt::Column::Status, Expr::value(to))
        .filter(payment_attempt::Column::BrandId.eq(tx.brand_id()))
        .filter(payment_attempt::Column::Id.eq(attempt_id))
        .filter(payment_attempt::Column::Status.is_in(query::OPEN))
        .exec(tx.conn())
        .await?;
    Ok(())
}
