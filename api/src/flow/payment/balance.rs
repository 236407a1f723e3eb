//! The balance: it becomes due when the presale has succeeded, and what was paid first is forfeited or
//! returned when it is not paid in its time.

use chrono::{DateTime, Duration, Utc};
use entity::order::{self, OrderStatus};
use entity::payment_leg::{self, PaymentLegKind, PaymentLegStatus};
use entity::presale::{self, PresalePlan};
use entity::promise_change;
use entity::promise_question::{self, PromiseQuestionStatus};
use entity::refund::RefundReason;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use super::close::{Closing, close_attempts, owes_nothing};
use super::{ledger, refund};
use crate::app::App;
use crate::base::tx::{By, Tx};
use crate::error::Result;
use crate::flow::order::rules::answered_by;
use crate::flow::order::rules::price::{Due, amount_due};
use crate::flow::order::{BALANCE_LAPSE, BALANCE_REMINDER, lifecycle, query};
use crate::flow::presale::query as presales;

/// Timers of a balance that is due.
pub(super) const CLOCKS: [&str; 2] = [BALANCE_LAPSE, BALANCE_REMINDER];
/// However late a balance becomes due, because nothing ran before, this long it can be paid.
const LEAST: Duration = Duration::days(1);
/// How long before the end a buyer is reminded.
const REMIND_BEFORE: Duration = Duration::days(1);

/// Makes the balance of an order due whose presale has succeeded. Repeats change nothing.
pub(super) async fn open(app: &App, presale: &presale::Model, order_id: Uuid) -> Result<()> {
    let (Some(reached), Some(closes_at)) = (presale.reached_pieces, presale.balance_closes_at) else {
        return Err(anyhow::anyhow!("presale {} has no time for balances", presale.id).into());
    };
    app.write(presale.brand_id, |tx| async move {
        let until = closes_at.max(tx.now() + LEAST);
        let Some(order) = lifecycle::balance_due(&tx, order_id, reached, until).await? else { return Ok(()) };
        let terms = query::terms(tx.conn(), &order).await?;
        insert_leg(&tx, order_id, amount_due(&terms, Due::Balance, order.reached_pieces)).await?;
        tx.set_timer(BALANCE_LAPSE, order_id, until).await?;
        if until - REMIND_BEFORE > tx.now() {
            tx.set_timer(BALANCE_REMINDER, order_id, until - REMIND_BEFORE).await?;
        }
        Ok(())
    })
    .await
}

async fn insert_leg(tx: &Tx, order_id: Uuid, amount: i64) -> Result<()> {
    let leg = payment_leg::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(tx.new_id()),
        order_id: Set(order_id),
        kind: Set(PaymentLegKind::Balance),
        amount: Set(amount),
        status: Set(PaymentLegStatus::Due),
        paid_at: Set(None),
        created_at: Set(tx.now()),
    };
    payment_leg::Entity::insert(leg).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Until when the buyer may answer whether she takes a later ship-by date, while she has not or is about to be asked: she
/// does not have to pay before that, and a day longer. Read as rows, since this stage comes before the one that asks.
async fn asked_until(
    db: &impl ConnectionTrait,
    order: &order::Model,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let brand_id = order.brand_id;
    let asked = promise_question::Entity::find()
        .filter(promise_question::Column::BrandId.eq(brand_id))
        .filter(promise_question::Column::OrderId.eq(order.id))
        .filter(promise_question::Column::Status.eq(PromiseQuestionStatus::Asked));
    let Some(question) = asked.one(db).await? else {
        let presale = presales::find(db, brand_id, order.presale_id).await?;
        let promised = order.agreed_date.unwrap_or(order.promise_date);
        return Ok((presale.promise_date > promised).then_some(now));
    };
    let change = promise_change::Entity::find_by_id((brand_id, question.change_id)).one(db).await?;
    Ok(change.map(|change| answered_by(change.answer_by, question.created_at)))
}

async fn postpone(tx: &Tx, order_id: Uuid, until: DateTime<Utc>) -> Result<()> {
    if lifecycle::balance_postponed(tx, order_id, until).await? {
        tx.set_timer(BALANCE_LAPSE, order_id, until).await?;
    }
    Ok(())
}

/// Timer `order.balance_lapse`: ends an order whose balance was not paid, by the rule shown at purchase,
/// once WeChat confirmed that it can no longer be paid. While WeChat cannot be reached it tries again. An order whose
/// buyer is asked about a later ship-by date waits for her answer, and is returned when she gives none.
pub(super) async fn lapse(app: &App, brand_id: Uuid, order_id: Uuid) -> Result<()> {
    let order = query::find(app.db.read(), brand_id, order_id).await?;
    if order.status != OrderStatus::BalanceDue {
        return Ok(());
    }
    let asked = asked_until(app.db.read(), &order, app.clock.now()).await?;
    if let Some(until) = asked.map(|until| until + LEAST).filter(|until| *until > app.clock.now()) {
        return app.write(brand_id, |tx| async move { postpone(&tx, order_id, until).await }).await;
    }
    if let Closing::Paid = close_attempts(app, brand_id, order_id).await? {
        return Ok(());
    }
    let plan = order.plan;
    app.write(brand_id, |tx| async move {
        lifecycle::touch(&tx, &[order_id]).await?;
        let order = query::find(tx.conn(), brand_id, order_id).await?;
        let asked = asked_until(tx.conn(), &order, tx.now()).await?;
        if asked.is_some_and(|until| until + LEAST > tx.now()) {
            // Only just: the next turn postpones it.
            return tx.set_timer(BALANCE_LAPSE, order_id, tx.now()).await;
        }
        if refund::withdrawn::if_so(&tx, By::SYSTEM, &order).await?.is_some() {
            return Ok(());
        }
        // Nobody forfeits for not paying towards a date that she was never promised.
        if plan == PresalePlan::Deposit && asked.is_none() {
            if let Some(order) = lifecycle::forfeited(&tx, order_id).await? {
                ledger::book::deposit_forfeited(&tx, By::SYSTEM, &order).await?;
                owes_nothing(&tx, order_id, &CLOCKS).await?;
            }
            return Ok(());
        }
        let why = RefundReason::BalanceUnpaid.into();
        refund::whole_order(&tx, By::SYSTEM, order_id, &why, "the balance was not paid in time").await.map(drop)
    })
    .await
}
