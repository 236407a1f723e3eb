//! What WeChat's pushes say of a payment's goods and money. They come before the answer to our upload, late, twice, or
//! for what was never ours.

use entity::payment_attempt::{self, PaymentAttemptStatus};
use entity::shipping_record::{Column, Entity, Model, ShippingRecordConfirmedBy, ShippingRecordStatus as Status};
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, Set};

use super::settle::{self, How};
use super::{POLL, note, query, rules};
use crate::base::tx::Tx;
use crate::error::Result;
use crate::flow::order::lifecycle;
use crate::flow::payment::query as payments;
use crate::wechat::push::{SettlementMoment, TradeOrder};

const UNKNOWN: &str = "nothing was ordered under this number";

/// WeChat tells of a payment's money. `Some` tells why it fits nothing of ours, for a person to look at.
pub async fn told(tx: &Tx, order: &TradeOrder, moment: &SettlementMoment) -> Result<Option<String>> {
    let attempt = match payment_of(tx, order).await? {
        Ok(attempt) => attempt,
        Err(problem) => return Ok(Some(problem)),
    };
    let record = record_of(tx, &attempt).await?;
    match *moment {
        SettlementMoment::Shipped { estimated_at, .. } => {
            settle::unsettled(&record)
                .col_expr(Column::EstimatedSettlementAt, Expr::value(estimated_at))
                .exec(tx.conn())
                .await?;
            // It may have been shipped in WeChat's console: then nobody has begun to ask.
            tx.set_timer(POLL, attempt.id, tx.now() + rules::POLL_EVERY).await?;
        }
        SettlementMoment::Settled { confirmed_at, automatic, settled_at } => {
            let by = if automatic { ShippingRecordConfirmedBy::Time } else { ShippingRecordConfirmedBy::Buyer };
            settle::settled(tx, &record, &How { confirmed_at, by: Some(by), settled_at }).await?;
        }
    }
    Ok(None)
}

/// WeChat says that a payment has waited for its goods for two days. `None` when that is no longer so.
pub async fn reminded(tx: &Tx, order: &TradeOrder) -> Result<Option<String>> {
    let attempt = match payment_of(tx, order).await? {
        Ok(attempt) => attempt,
        Err(problem) => return Ok(Some(problem)),
    };
    let record = query::record(tx.conn(), tx.brand_id(), attempt.id).await?;
    let is_told = record.is_some_and(|record| record.is_complete && record.status != Status::Stuck);
    if is_told || attempt.refunded >= attempt.amount {
        return Ok(None);
    }
    Ok(Some("WeChat reminds the brand to ship what was paid, or to declare when it comes".to_owned()))
}

/// The payment that settled a leg under this number, or why there is none.
async fn payment_of(tx: &Tx, order: &TradeOrder) -> Result<Result<payment_attempt::Model, String>> {
    let found = payments::attempt_by_number(tx.conn(), tx.brand_id(), &order.out_trade_no).await?;
    let Some(attempt) = found else { return Ok(Err(UNKNOWN.to_owned())) };
    if attempt.transaction_id.as_ref().is_some_and(|id| *id != order.transaction_id) {
        return Ok(Err("it was paid by another transaction".to_owned()));
    }
    if attempt.status != PaymentAttemptStatus::Paid || !attempt.settles {
        return Ok(Err("this payment settled nothing of an order".to_owned()));
    }
    Ok(Ok(attempt))
}

/// The record of a payment. One that was shipped in WeChat's console has none before WeChat tells of it.
async fn record_of(tx: &Tx, attempt: &payment_attempt::Model) -> Result<Model> {
    if let Some(record) = query::record(tx.conn(), tx.brand_id(), attempt.id).await? {
        return Ok(record);
    }
    // Whoever notes what has left holds the order's row too.
    lifecycle::touch(tx, &[attempt.order_id]).await?;
    if query::record(tx.conn(), tx.brand_id(), attempt.id).await?.is_none() {
        let mut row = note::blank(tx, attempt, Status::Uploaded);
        (row.is_complete, row.completions, row.uploaded_at) = (Set(true), Set(1), Set(Some(tx.now())));
        Entity::insert(row).exec_without_returning(tx.conn()).await?;
        tx.set_timer(POLL, attempt.id, tx.now() + rules::POLL_EVERY).await?;
    }
    let record = query::record(tx.conn(), tx.brand_id(), attempt.id).await?;
    record.ok_or_else(|| anyhow::anyhow!("the shipping record of payment {} vanished", attempt.id).into())
}
