//! Use cases: move the date, ask, answer, deal with silence.

pub mod answer;
pub mod ask;
pub mod change;
pub mod silence;

use entity::promise_question::{self, Column};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use super::rules::Event;
use crate::base::tx::{By, Move, Tx};
use crate::error::Result;

/// Moves a question by `event`, with its history and its event. `None`: it was answered or overtaken before.
async fn step(tx: &Tx, by: By, id: Uuid, event: Event, why: Option<&str>) -> Result<Option<promise_question::Model>> {
    let (from, to) = event.edge();
    let moved = promise_question::Entity::update_many()
        .col_expr(Column::Status, Expr::value(to))
        .col_expr(Column::AnsweredAt, Expr::value((event != Event::Overtake).then(|| tx.now())))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(from))
        .exec_with_returning(tx.conn())
        .await?;
    let Some(question) = moved.into_iter().next() else { return Ok(None) };
    let step = Move { kind: "promise_question", id, from: Some(from), to, event: event.name(), by, why };
    tx.moved(step, json!({ "order_id": question.order_id, "change_id": question.change_id })).await?;
    Ok(Some(question))
}
