//! Telling WeChat to send money back, and asking how far it is.

use entity::payment_attempt;
use entity::refund::{self, Column, RefundReason, RefundStatus};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use super::apply;
use crate::app::App;
use crate::error::Result;
use crate::flow::payment::settle::unreachable;
use crate::flow::payment::{notification, query, rules, timers};
use crate::people::wechat::account;
use crate::wechat::pay::{self, Refund, RefundOf, RefundState};
use crate::wechat::{Account, Error as WechatError};

/// Timer `refund.send`: asks for the refund, under the same number each time. After a try whose
/// outcome nobody knows it first asks what became of it.
pub(in crate::flow::payment) async fn send(app: &App, brand_id: Uuid, id: Uuid) -> Result<()> {
    let refund = query::refund(app.db.read(), brand_id, id).await?;
    if refund.status != RefundStatus::Pending {
        return Ok(());
    }
    let attempt = query::attempt(app.db.read(), brand_id, refund.attempt_id).await?;
    let account = account(app, brand_id).await?;
    match ask_then_send(app, &account, &refund, &attempt).await {
        Ok(state) => match apply(app, &account, &state).await? {
            None => Ok(()),
            Some(problem) => Err(anyhow::anyhow!("what WeChat says of refund {id} does not fit: {problem}").into()),
        },
        Err(error) => {
            note(app, &refund, Some(&error)).await?;
            Err(failed(&refund, &error))
        }
    }
}

async fn ask_then_send(
    app: &App,
    account: &Account,
    refund: &refund::Model,
    attempt: &payment_attempt::Model,
) -> Result<RefundState, WechatError> {
    if refund.attempts > 0
        && let Some(state) = app.wechat.query_refund(account, &refund.out_refund_no).await?
    {
        return Ok(state);
    }
    let order = Refund {
        of: RefundOf::OutTradeNo(attempt.out_trade_no.clone()),
        out_refund_no: refund.out_refund_no.clone(),
        refund_fen: refund.amount,
        total_fen: attempt.amount,
        reason: Some(words(refund.reason).to_owned()),
        notify_url: notification::url(app, account),
    };
    app.wechat.refund(account, &order).await
}

/// What the buyer reads in WeChat.
fn words(reason: RefundReason) -> &'static str {
    match reason {
        RefundReason::PresaleFailed => "预售未成团，全额退款",
        RefundReason::Cancelled => "订单已取消，全额退款",
        RefundReason::LatePayment => "订单已失效，付款退回",
        RefundReason::ShortYield => "部分商品无法交付，退款",
        RefundReason::PriceTier => "已达阶梯价，退还差价",
        RefundReason::BalanceUnpaid => "尾款未支付，订金退回",
        RefundReason::Agreed => "商家退款",
        RefundReason::AfterSales => "售后退款",
        RefundReason::PromiseRefused => "买家不接受延期发货，退款",
    }
}

/// Timer `refund.poll`: asks how far a refund is. An abnormal one is asked about after it was sent elsewhere: while
/// WeChat works on it, it is on its way again.
pub(in crate::flow::payment) async fn poll(app: &App, brand_id: Uuid, id: Uuid) -> Result<()> {
    let refund = query::refund(app.db.read(), brand_id, id).await?;
    if !matches!(refund.status, RefundStatus::Processing | RefundStatus::Abnormal) {
        return Ok(());
    }
    let account = account(app, brand_id).await?;
    match app.wechat.query_refund(&account, &refund.out_refund_no).await {
        Ok(Some(state)) => {
            if state.status == pay::RefundStatus::Processing {
                on_its_way_again(app, &refund).await?;
            }
            apply(app, &account, &state).await?;
            note(app, &refund, None).await?;
            look_again(app, &refund).await
        }
        Ok(None) => Err(anyhow::anyhow!("WeChat Pay accepted refund {id} and does not know it now").into()),
        Err(error) => {
            note(app, &refund, Some(&error)).await?;
            Err(failed(&refund, &error))
        }
    }
}

/// An abnormal refund that WeChat has taken up again; any other stays as it is.
pub(super) async fn on_its_way_again(app: &App, refund: &refund::Model) -> Result<()> {
    let (brand_id, id) = (refund.brand_id, refund.id);
    app.write(brand_id, |tx| async move {
        let moved = refund::Entity::update_many()
            .col_expr(Column::Status, Expr::value(RefundStatus::Processing))
            .filter(Column::BrandId.eq(brand_id))
            .filter(Column::Id.eq(id))
            .filter(Column::Status.eq(RefundStatus::Abnormal))
            .exec(tx.conn())
            .await?;
        if moved.rows_affected == 1 {
            tx.emit("refund", id, "processing", json!({ "order_id": refund.order_id, "amount": refund.amount }))
                .await?;
            tx.set_timer(timers::REFUND_POLL, id, rules::next_refund_poll(0, tx.now())).await?;
        }
        Ok(())
    })
    .await
}

async fn look_again(app: &App, refund: &refund::Model) -> Result<()> {
    let (brand_id, id) = (refund.brand_id, refund.id);
    let attempts = refund.attempts;
    app.write(brand_id, |tx| async move {
        if query::refund(tx.conn(), brand_id, id).await?.status == RefundStatus::Processing {
            tx.set_timer(timers::REFUND_POLL, id, rules::next_refund_poll(attempts, tx.now())).await?;
        }
        Ok(())
    })
    .await
}

/// Counts a call and keeps its error for people to read.
async fn note(app: &App, refund: &refund::Model, error: Option<&WechatError>) -> Result<()> {
    let (brand_id, id) = (refund.brand_id, refund.id);
    let text = &error.map(ToString::to_string);
    app.write(brand_id, |tx| async move {
        refund::Entity::update_many()
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .col_expr(Column::LastError, Expr::value(text.clone()))
            .filter(Column::BrandId.eq(brand_id))
            .filter(Column::Id.eq(id))
            .exec(tx.conn())
            .await?;
        Ok(())
    })
    .await
}

/// Every failure is tried again under the same number, ever more seldom; one that will not pass by
/// itself rings the alarm.
fn failed(refund: &refund::Model, error: &WechatError) -> crate::error::Error {
    if !error.is_transient() {
        tracing::error!(refund = %refund.id, %error, "WeChat Pay refuses a refund");
    }
    unreachable(error)
}
