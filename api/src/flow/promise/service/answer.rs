//! The buyer answers.

use entity::order::OrderStatus;
use entity::presale::PresalePlan;
use entity::promise_question;
use entity::refund::RefundReason;
use serde::Serialize;
use uuid::Uuid;

use super::super::query;
use super::super::rules::{self, Event};
use super::step;
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::tx::{By, Tx};
use crate::error::Result;
use crate::flow::batch::service::surplus;
use crate::flow::order::{lifecycle, query as orders};
use crate::flow::payment::closing_first;
use crate::flow::payment::refund::{self, Why};
use crate::flow::presale::{self, service::refund_due_at};
use crate::people::actor::Actor;

#[derive(Serialize)]
pub struct Answer {
    pub question_id: Uuid,
    /// Takes the new date; otherwise the money goes back.
    pub accept: bool,
}

/// Takes the new date, or leaves with all the money.
pub async fn answer(app: &App, actor: &Actor, key: &str, input: &Answer) -> Result<Done<promise_question::Model>> {
    let member = actor.member()?;
    let brand_id = member.brand_id;
    let once = &Once::new(member.id, "answerPromiseChange", key, input)?;
    let order_id = query::find_own(app.db.read(), actor, input.question_id).await?.order_id;
    let try_now = || {
        app.write(brand_id, |tx| async move {
            let question = query::find_own(tx.conn(), actor, input.question_id).await?;
            if once.begin(&tx, &question.id).await?.is_some() {
                return Ok(Done::replay(question));
            }
            let answered = match input.accept {
                true => accept(&tx, actor.by(), &question).await?,
                false => refuse(&tx, actor.by(), &question, "the buyer did not accept a later date").await?,
            };
            Ok(Done::new(answered))
        })
    };
    // Her balance may be open for payment.
    closing_first(app, brand_id, order_id, try_now).await
}

async fn accept(tx: &Tx, by: By, question: &promise_question::Model) -> Result<promise_question::Model> {
    lifecycle::touch(tx, &[question.order_id]).await?;
    let order = orders::find(tx.conn(), tx.brand_id(), question.order_id).await?;
    let answered = answered(tx, by, question, Event::Accept, None).await?;
    if !orders::WAITING.contains(&order.status) {
        return Err(rules::overtaken().into());
    }
    let change = query::change(tx.conn(), tx.brand_id(), question.change_id).await?;
    lifecycle::promise_agreed(tx, order.id, change.promise_date).await?;
    Ok(answered)
}

/// Returns everything; a 定金 goes back double, since the brand does not keep its word. `Unavailable` undoes
/// it while her balance is open for payment.
pub(super) async fn refuse(
    tx: &Tx,
    by: By,
    question: &promise_question::Model,
    why: &str,
) -> Result<promise_question::Model> {
    let order = orders::find(tx.conn(), tx.brand_id(), question.order_id).await?;
    // A release takes the presale's row too, and a batch that is given up the order's: neither moves the order under us.
    presale::service::touch(tx, order.presale_id).await?;
    lifecycle::touch(tx, &[order.id]).await?;
    let order = orders::find(tx.conn(), tx.brand_id(), order.id).await?;
    let money = Why { reason: RefundReason::PromiseRefused, note: None, due_at: Some(refund_due_at(tx).await?) };
    let on_top = if order.plan == PresalePlan::Deposit { refund::double(tx, order.id).await? } else { 0 };
    let left = match order.status {
        OrderStatus::InBatch => {
            if !surplus::make_for_nobody(tx, order.id).await? {
                return Err(rules::on_its_way().into());
            }
            refund::whole_order_in_batch(tx, by, order.id, &money, why).await?
        }
        status if orders::WAITING.contains(&status) => refund::whole_order(tx, by, order.id, &money, why).await?,
        _ => None,
    };
    let answered = answered(tx, by, question, Event::Refuse, Some(why)).await?;
    let Some(order) = left else { return Err(rules::overtaken().into()) };
    refund::owe_double(tx, &order, on_top).await?;
    Ok(answered)
}

/// The question after `event`, or why it was not to be answered.
async fn answered(
    tx: &Tx,
    by: By,
    question: &promise_question::Model,
    event: Event,
    why: Option<&str>,
) -> Result<promise_question::Model> {
    match step(tx, by, question.id, event, why).await? {
        Some(answered) => Ok(answered),
        None => Err(rules::not_asked(query::find(tx.conn(), tx.brand_id(), question.id).await?.status).into()),
    }
}
