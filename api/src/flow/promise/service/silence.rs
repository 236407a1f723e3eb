//! Those who do not answer: reminded once, then dealt with as the change says.

use entity::promise_change::{self, PromiseSilence};
use entity::promise_question::{self, Column};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use super::super::rules::Event;
use super::super::{ANSWER_DUE, query};
use super::answer::refuse;
use super::{ask, step};
use crate::app::App;
use crate::base::tx::{By, Tx};
use crate::error::{Error, Result};
use crate::flow::payment::closing_first;

/// Questions of one turn of a timer.
const CHUNK: u64 = 50;

/// Timer `promise.remind`: has everyone told once more who has not answered. A crash on the way repeats nothing.
pub async fn remind(app: &App, brand_id: Uuid, change_id: Uuid) -> Result<()> {
    let mut after = Uuid::nil();
    loop {
        let some = query::unanswered(app.db.read(), brand_id, change_id, after, CHUNK).await?;
        let Some(last) = some.last() else { return Ok(()) };
        after = last.id;
        let some = &some;
        app.write(brand_id, |tx| async move {
            for question in some {
                if !reminded(&tx, question.id).await? {
                    continue;
                }
                tx.emit("promise_question", question.id, "unanswered", json!({ "order_id": question.order_id }))
                    .await?;
            }
            Ok(())
        })
        .await?;
    }
}

/// Notes that the buyer is reminded; false when she was before.
async fn reminded(tx: &Tx, id: Uuid) -> Result<bool> {
    let noted = promise_question::Entity::update_many()
        .col_expr(Column::RemindedAt, Expr::value(tx.now()))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(id))
        .filter(Column::RemindedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(noted.rows_affected == 1)
}

/// Timer `promise.answer_due`: returns the money of those who have not answered, where the change says so. An
/// order that fails is left for the next turn and holds up nobody.
pub async fn refund(app: &App, brand_id: Uuid, change_id: Uuid) -> Result<()> {
    let change = query::change(app.db.read(), brand_id, change_id).await?;
    if change.silence == PromiseSilence::Wait {
        return Ok(());
    }
    let (mut after, mut failed, mut next) = (Uuid::nil(), 0, None);
    loop {
        let some = query::unanswered(app.db.read(), brand_id, change_id, after, CHUNK).await?;
        let Some(last) = some.last() else { break };
        after = last.id;
        for question in &some {
            let until = ask::answer_by(&change, question);
            if app.clock.now() < until {
                next = Some(next.map_or(until, |next| until.min(next)));
                continue;
            }
            if let Err(error) = one(app, &change, question).await {
                tracing::error!(question = %question.id, order = %question.order_id, %error, "a silent buyer's money cannot be returned");
                failed += 1;
            }
        }
    }
    if failed > 0 {
        return Err(anyhow::anyhow!("{failed} questions of change {change_id} fail").into());
    }
    match next {
        Some(at) => app.write(brand_id, |tx| async move { tx.set_timer(ANSWER_DUE, change_id, at).await }).await,
        None => Ok(()),
    }
}

async fn one(app: &App, change: &promise_change::Model, question: &promise_question::Model) -> Result<()> {
    let brand_id = change.brand_id;
    let try_now = || {
        app.write(brand_id, |tx| async move {
            refuse(&tx, By::SYSTEM, question, "the buyer did not answer in time").await.map(drop)
        })
    };
    match closing_first(app, brand_id, question.order_id, try_now).await {
        // Its pieces have left the factory: there is nothing to wait for any more.
        Err(Error::Refused(_)) => {
            app.write(brand_id, |tx| async move {
                step(&tx, By::SYSTEM, question.id, Event::Overtake, Some("its pieces are on their way")).await.map(drop)
            })
            .await
        }
        other => other,
    }
}
