//! Asking WeChat how far a payment's money is, because a push may be late or lost.

use entity::shipping_record::{Column, Model, ShippingRecordStatus as Status};
use sea_orm::sea_query::Expr;
use uuid::Uuid;

use super::settle::{self, How};
use super::{POLL, outcome, query, rules};
use crate::app::App;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::flow::payment::query as payments;
use crate::people::wechat::{account, failed};
use crate::wechat::shipping::{OrderKey, OrderState, TradeOrderState};

/// Timer `shipping.poll`: asks every day until the money has settled or gone back. A dispute may hold it for long.
pub async fn poll(app: &App, brand_id: Uuid, attempt_id: Uuid) -> Result<()> {
    let found = query::record(app.db.read(), brand_id, attempt_id).await?;
    let is_over = |record: &Model| matches!(record.status, Status::Settled | Status::Refunded);
    let Some(record) = found.filter(|record| !is_over(record)) else { return Ok(()) };
    let attempt = payments::attempt(app.db.read(), brand_id, attempt_id).await?;
    let account = account(app, brand_id).await?;
    let key = OrderKey::OutTradeNo(attempt.out_trade_no);
    let known = app.wechat.shipping_record(&account, &key).await.map_err(failed)?;
    let (record, known) = (&record, &known);
    app.write(brand_id, |tx| async move {
        let Some(known) = known else { return again(&tx, attempt_id).await };
        note_completions(&tx, record, known).await?;
        match known.state {
            TradeOrderState::Done => settle::settled(&tx, record, &How::unknown(tx.now())).await,
            TradeOrderState::Refunded => settle::refunded(&tx, record).await,
            TradeOrderState::Received | TradeOrderState::AwaitingSettlement => {
                settle::confirmed(&tx, record).await?;
                again(&tx, attempt_id).await
            }
            TradeOrderState::ToShip | TradeOrderState::Shipped | TradeOrderState::Unknown => {
                again(&tx, attempt_id).await
            }
        }
    })
    .await
}

async fn again(tx: &Tx, attempt_id: Uuid) -> Result<()> {
    tx.set_timer(POLL, attempt_id, tx.now() + rules::POLL_EVERY).await
}

/// WeChat's count of corrections is the one that counts.
async fn note_completions(tx: &Tx, record: &Model, known: &OrderState) -> Result<()> {
    let Some(completions) = outcome::completions(known).filter(|count| *count != record.completions) else {
        return Ok(());
    };
    settle::unsettled(record).col_expr(Column::Completions, Expr::value(completions)).exec(tx.conn()).await?;
    Ok(())
}
