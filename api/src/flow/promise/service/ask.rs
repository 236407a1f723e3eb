//! Putting a change to those who wait. What is left to ask is what the rows say, so that it can be resumed.

use chrono::{DateTime, Utc};
use entity::promise_change::{self, PromiseSilence};
use entity::promise_question::{self, Column, PromiseQuestionStatus};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};
use serde_json::json;
use uuid::Uuid;

use super::super::{ANSWER_DUE, query, rules};
use super::step;
use crate::app::App;
use crate::base::tx::{By, Moves, Tx};
use crate::error::Result;
use crate::flow::order;
use crate::flow::order::rules::{LEAST_TO_ANSWER, answered_by};
use crate::flow::presale;

/// Orders asked in one transaction.
const CHUNK: u64 = 100;

/// Asks a chunk of the presale's buyers about its newest change, and announces the next chunk.
pub async fn everyone(app: &App, brand_id: Uuid, presale_id: Uuid) -> Result<()> {
    let Some(change) = query::newest(app.db.read(), brand_id, presale_id).await? else { return Ok(()) };
    let change = &change;
    app.write(brand_id, |tx| async move {
        // Orders that are paid meanwhile come by themselves.
        presale::service::touch(&tx, presale_id).await?;
        let some = query::to_ask(tx.conn(), change, None, CHUNK).await?;
        put(&tx, change, &some).await?;
        if some.len() as u64 == CHUNK {
            tx.emit("presale", presale_id, "promise_questions_due", json!({})).await?;
        }
        Ok(())
    })
    .await
}

/// Asks the buyer of an order that was placed under an older promise and paid since.
pub async fn newcomer(app: &App, brand_id: Uuid, presale_id: Uuid, order_id: Uuid) -> Result<()> {
    if query::newest(app.db.read(), brand_id, presale_id).await?.is_none() {
        return Ok(());
    }
    app.write(brand_id, |tx| async move {
        // A change that comes just now is the one to ask about.
        presale::service::touch(&tx, presale_id).await?;
        let Some(change) = query::newest(tx.conn(), brand_id, presale_id).await? else { return Ok(()) };
        let some = query::to_ask(tx.conn(), &change, Some(order_id), 1).await?;
        put(&tx, &change, &some).await
    })
    .await
}

/// Writes the questions; an order that was asked about an older change is asked about this one only.
async fn put(tx: &Tx, change: &promise_change::Model, some: &[(Uuid, Uuid)]) -> Result<()> {
    if some.is_empty() {
        return Ok(());
    }
    let orders: Vec<Uuid> = some.iter().map(|(order_id, _)| *order_id).collect();
    order::lifecycle::touch(tx, &orders).await?;
    for older in open_of(tx.conn(), tx.brand_id(), &orders).await? {
        step(tx, By::SYSTEM, older, rules::Event::Overtake, Some("a newer date is asked about")).await?;
    }
    let ids: Vec<Uuid> = orders.iter().map(|_| tx.new_id()).collect();
    let rows = ids.iter().zip(&orders).map(|(id, order_id)| promise_question::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(*id),
        change_id: Set(change.id),
        order_id: Set(*order_id),
        status: Set(PromiseQuestionStatus::Asked),
        reminded_at: Set(None),
        answered_at: Set(None),
        created_at: Set(tx.now()),
    });
    promise_question::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    if change.silence == PromiseSilence::Refund && change.answer_by < tx.now() + LEAST_TO_ANSWER {
        // The timer may have gone off before anybody was asked; it finds out by itself when it has to come back.
        tx.set_timer(ANSWER_DUE, change.id, tx.now()).await?;
    }
    let step = Moves {
        kind: "promise_question",
        from: None,
        to: PromiseQuestionStatus::Asked,
        event: "asked",
        by: By::SYSTEM,
        why: None,
    };
    let items: Vec<_> = ids
        .iter()
        .zip(some)
        .map(|(id, (order_id, member_id))| (*id, json!({ "order_id": order_id, "member_id": member_id })))
        .collect();
    tx.moved_all(step, &items).await
}

async fn open_of(db: &impl ConnectionTrait, brand_id: Uuid, orders: &[Uuid]) -> Result<Vec<Uuid>> {
    let open = promise_question::Entity::find()
        .filter(Column::BrandId.eq(brand_id))
        .filter(Column::OrderId.is_in(orders.iter().copied()))
        .filter(Column::Status.eq(PromiseQuestionStatus::Asked));
    Ok(open.all(db).await?.into_iter().map(|question| question.id).collect())
}

/// Ends the open question about an order that is on its way or has left.
pub async fn overtaken(app: &App, brand_id: Uuid, order_id: Uuid) -> Result<()> {
    if open_of(app.db.read(), brand_id, &[order_id]).await?.is_empty() {
        return Ok(());
    }
    app.write(brand_id, |tx| async move {
        let order = order::query::find(tx.conn(), brand_id, order_id).await?;
        if order::query::WAITING.contains(&order.status) {
            return Ok(());
        }
        for id in open_of(tx.conn(), brand_id, &[order_id]).await? {
            step(&tx, By::SYSTEM, id, rules::Event::Overtake, Some("the order has moved on")).await?;
        }
        Ok(())
    })
    .await
}

/// Until when a question can be left open before silence counts.
pub fn answer_by(change: &promise_change::Model, question: &promise_question::Model) -> DateTime<Utc> {
    answered_by(change.answer_by, question.created_at)
}
