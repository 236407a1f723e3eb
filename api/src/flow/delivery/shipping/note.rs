//! Writing down what WeChat is to have.

use entity::payment_attempt;
use entity::shipping_record::{self, Column, Entity, Model, ShippingRecordProblem, ShippingRecordStatus as Status};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use super::rules::{self, Content};
use super::{UPLOAD, query, settle};
use crate::app::App;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::flow::order::lifecycle;
use crate::flow::payment::query as payments;

/// A payment, its record if there is one, and what WeChat is to have of it.
struct Change {
    attempt: payment_attempt::Model,
    record: Option<Model>,
    content: Content,
}

/// Brings the records of an order up to what of it has left. A repeat, and an event that is overtaken by a later
/// one, find nothing to do.
pub async fn note(app: &App, brand_id: Uuid, order_id: Uuid) -> Result<()> {
    if changes(app.db.read(), brand_id, order_id).await?.is_empty() {
        return Ok(());
    }
    app.write(brand_id, |tx| async move {
        lifecycle::touch(&tx, &[order_id]).await?;
        bring_up(&tx, order_id).await
    })
    .await
}

/// The same for whoever holds the order's row.
pub(super) async fn bring_up(tx: &Tx, order_id: Uuid) -> Result<()> {
    let (mut due, mut is_over) = (Vec::new(), false);
    for change in changes(tx.conn(), tx.brand_id(), order_id).await? {
        match write(tx, &change).await? {
            Status::Pending => due.push(change.attempt.id),
            status => is_over |= status == Status::Refunded,
        }
    }
    if !due.is_empty() {
        tx.set_timers(UPLOAD, &due, tx.now()).await?;
    }
    if is_over { settle::judge(tx, order_id).await } else { Ok(()) }
}

/// Records that do not say what has left.
async fn changes(db: &impl ConnectionTrait, brand_id: Uuid, order_id: Uuid) -> Result<Vec<Change>> {
    let mut records = query::of_order(db, brand_id, order_id).await?;
    let was_split = records.iter().any(|record| record.is_split);
    let Some(content) = query::content(db, brand_id, order_id, was_split).await? else { return Ok(Vec::new()) };
    let digest = content.digest();
    let attempts = payments::settling_attempts(db, brand_id, order_id).await?;
    let change = |attempt: payment_attempt::Model| {
        let place = records.iter().position(|record| record.attempt_id == attempt.id);
        let record = place.map(|place| records.swap_remove(place));
        let is_due =
            |record: &Model| record.content != digest && !matches!(record.status, Status::Settled | Status::Refunded);
        record.as_ref().is_none_or(is_due).then(|| Change { attempt, record, content: content.clone() })
    };
    Ok(attempts.into_iter().filter_map(change).collect())
}

/// Writes a change; the state of the record then.
async fn write(tx: &Tx, change: &Change) -> Result<Status> {
    let Change { attempt, record, content } = change;
    let digest = content.digest();
    let has_money = attempt.refunded < attempt.amount;
    let status = match record {
        _ if !has_money => Status::Refunded,
        Some(record) if record.taken.as_ref() == Some(&digest) && !record.in_doubt => Status::Uploaded,
        _ => Status::Pending,
    };
    match record {
        Some(record) => renew(tx, record, content, status).await?,
        None => insert(tx, attempt, content, status).await?,
    }
    Ok(status)
}

async fn renew(tx: &Tx, record: &Model, content: &Content, status: Status) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::Problem, Expr::value(None::<ShippingRecordProblem>))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::Content, Expr::value(content.digest()))
        .col_expr(Column::IsSplit, Expr::value(content.is_split))
        .col_expr(Column::IsComplete, Expr::value(content.is_complete))
        .col_expr(Column::Tries, Expr::value(0))
        .col_expr(Column::LastError, Expr::value(None::<String>))
        .col_expr(Column::ContentAt, Expr::value(rules::content_at(Some(record.content_at), tx.now())))
        .filter(Column::BrandId.eq(record.brand_id))
        .filter(Column::AttemptId.eq(record.attempt_id))
        .filter(Column::SettledAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

async fn insert(tx: &Tx, attempt: &payment_attempt::Model, content: &Content, status: Status) -> Result<()> {
    let row = shipping_record::ActiveModel {
        version: Set(1),
        content: Set(content.digest()),
        is_split: Set(content.is_split),
        is_complete: Set(content.is_complete),
        ..blank(tx, attempt, status)
    };
    Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// A record of a payment that says nothing yet.
pub(super) fn blank(tx: &Tx, attempt: &payment_attempt::Model, status: Status) -> shipping_record::ActiveModel {
    shipping_record::ActiveModel {
        brand_id: Set(tx.brand_id()),
        attempt_id: Set(attempt.id),
        order_id: Set(attempt.order_id),
        status: Set(status),
        problem: Set(None),
        version: Set(0),
        content: Set(String::new()),
        taken: Set(None),
        is_split: Set(false),
        is_complete: Set(false),
        completions: Set(0),
        in_doubt: Set(false),
        tries: Set(0),
        last_error: Set(None),
        content_at: Set(rules::content_at(None, tx.now())),
        uploaded_at: Set(None),
        estimated_settlement_at: Set(None),
        confirmed_at: Set(None),
        confirmed_by: Set(None),
        settled_at: Set(None),
        created_at: Set(tx.now()),
    }
}
