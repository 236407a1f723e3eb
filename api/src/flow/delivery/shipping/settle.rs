//! A payment's money settles, and with the last one its order's.

use chrono::{DateTime, Utc};
use entity::shipping_record::{
    Column, Entity, Model, ShippingRecordConfirmedBy, ShippingRecordProblem, ShippingRecordStatus as Status,
};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, UpdateMany};
use uuid::Uuid;

use super::{POLL, UPLOAD, query};
use crate::base::tx::{By, Tx};
use crate::error::Result;
use crate::flow::delivery::service::receive;
use crate::flow::order::lifecycle;
use crate::flow::payment::query as payments;

/// Who confirmed the receipt and when, as far as WeChat said, and when the money settled.
#[derive(Clone, Debug)]
pub struct How {
    pub confirmed_at: Option<DateTime<Utc>>,
    pub by: Option<ShippingRecordConfirmedBy>,
    pub settled_at: DateTime<Utc>,
}

impl How {
    /// It was found out by asking, which tells only that it is so.
    pub fn unknown(now: DateTime<Utc>) -> Self {
        How { confirmed_at: None, by: None, settled_at: now }
    }
}

/// The money of a payment has settled: its goods count as received, and its order as settled once every payment is.
/// A repeat changes nothing.
pub async fn settled(tx: &Tx, record: &Model, how: &How) -> Result<()> {
    let confirmed_at = how.confirmed_at.or(record.confirmed_at).unwrap_or(how.settled_at);
    let noted = unsettled(record)
        .col_expr(Column::Status, Expr::value(Status::Settled))
        .col_expr(Column::Problem, Expr::value(None::<ShippingRecordProblem>))
        .col_expr(Column::ConfirmedAt, Expr::value(confirmed_at))
        .col_expr(Column::ConfirmedBy, Expr::value(how.by))
        .col_expr(Column::SettledAt, Expr::value(how.settled_at))
        .exec(tx.conn())
        .await?;
    if noted.rows_affected != 1 {
        return Ok(());
    }
    for timer in [UPLOAD, POLL] {
        tx.cancel_timer(timer, record.attempt_id).await?;
    }
    receive(tx, record.order_id, how.by).await?;
    judge(tx, record.order_id).await
}

/// The receipt is confirmed, the money not settled yet.
pub async fn confirmed(tx: &Tx, record: &Model) -> Result<()> {
    unsettled(record)
        .col_expr(Column::ConfirmedAt, Expr::value(tx.now()))
        .filter(Column::ConfirmedAt.is_null())
        .exec(tx.conn())
        .await?;
    receive(tx, record.order_id, None).await
}

async fn receive(tx: &Tx, order_id: Uuid, by: Option<ShippingRecordConfirmedBy>) -> Result<()> {
    let why = match by {
        Some(ShippingRecordConfirmedBy::Buyer) => "the buyer confirmed in WeChat",
        Some(ShippingRecordConfirmedBy::Time) => "nobody objected in WeChat in time",
        None => "WeChat says that it was received",
    };
    receive::shipped_order(tx, By::WECHAT, order_id, why).await
}

/// The money of a payment went back before it settled: nothing more is told of it or waited for.
pub async fn refunded(tx: &Tx, record: &Model) -> Result<()> {
    let noted = unsettled(record)
        .col_expr(Column::Status, Expr::value(Status::Refunded))
        .col_expr(Column::Problem, Expr::value(None::<ShippingRecordProblem>))
        .col_expr(Column::LastError, Expr::value(None::<String>))
        .exec(tx.conn())
        .await?;
    if noted.rows_affected != 1 {
        return Ok(());
    }
    for timer in [UPLOAD, POLL] {
        tx.cancel_timer(timer, record.attempt_id).await?;
    }
    judge(tx, record.order_id).await
}

/// The order is settled when each payment that settled a leg of it is, or went back. Its row is taken first: of two
/// payments that settle at the same time, the later one sees the other.
pub async fn judge(tx: &Tx, order_id: Uuid) -> Result<()> {
    lifecycle::touch(tx, &[order_id]).await?;
    let records = query::of_order(tx.conn(), tx.brand_id(), order_id).await?;
    let attempts = payments::settling_attempts(tx.conn(), tx.brand_id(), order_id).await?;
    let is_over = |id: Uuid| {
        let record = records.iter().find(|record| record.attempt_id == id);
        record.is_some_and(|record| matches!(record.status, Status::Settled | Status::Refunded))
    };
    let last = records.iter().filter_map(|record| record.settled_at).max();
    match last.filter(|_| attempts.iter().all(|attempt| is_over(attempt.id))) {
        Some(at) => lifecycle::settled(tx, order_id, at).await.map(drop),
        None => Ok(()),
    }
}

pub(super) fn unsettled(record: &Model) -> UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::BrandId.eq(record.brand_id))
        .filter(Column::AttemptId.eq(record.attempt_id))
        .filter(Column::SettledAt.is_null())
}
