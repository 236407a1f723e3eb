//! The window: schedule, open, close, cancel; by hand or by timer.

use chrono::Duration;
use entity::presale::{self, Column, PresaleStatus};
use entity::presale_sku;
use entity::staff::StaffRole;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{judge, refund_due_at, step, stepped};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::tx::{By, Tx};
use crate::error::{Refusal, Result};
use crate::flow::presale::rules::Event;
use crate::flow::presale::{query, timers};
use crate::people::actor::Actor;

/// How long after the last possible hold end a closed presale is looked at again.
const JUDGE_GRACE: Duration = Duration::minutes(1);

/// Makes a draft wait for its opening time.
pub async fn schedule(app: &App, actor: &Actor, key: &str, id: Uuid) -> Result<Done<presale::Model>> {
    let staff = actor.staff(&[StaffRole::Merchandiser])?;
    let brand_id = staff.brand_id;
    let once = &Once::new(staff.id, "schedulePresale", key, &id)?;
    app.write(brand_id, |tx| async move {
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(query::find(tx.conn(), brand_id, id).await?));
        }
        let moved = step(&tx, actor.by(), id, PresaleStatus::Draft, Event::Schedule, |update| update).await?;
        let presale = stepped(&tx, id, moved, "scheduled", "排期").await?;
        must_end_later(&tx, &presale)?;
        timers::set_window(&tx, &presale).await?;
        Ok(Done::new(presale))
    })
    .await
}

/// Opens a scheduled presale before its time.
pub async fn open(app: &App, actor: &Actor, key: &str, id: Uuid) -> Result<Done<presale::Model>> {
    let staff = actor.staff(&[StaffRole::Merchandiser])?;
    let brand_id = staff.brand_id;
    let once = &Once::new(staff.id, "openPresale", key, &id)?;
    app.write(brand_id, |tx| async move {
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(query::find(tx.conn(), brand_id, id).await?));
        }
        let moved = open_now(&tx, actor.by(), id).await?;
        let presale = stepped(&tx, id, moved, "opened", "开始").await?;
        must_end_later(&tx, &presale)?;
        Ok(Done::new(presale))
    })
    .await
}

/// Timer `presale.open`. After the closing time nobody is told of an offer that is over.
pub async fn open_when_due(app: &App, brand_id: Uuid, id: Uuid) -> Result<()> {
    app.write(brand_id, |tx| async move {
        if miss(&tx, id).await? {
            return Ok(());
        }
        open_now(&tx, By::SYSTEM, id).await.map(drop)
    })
    .await
}

/// Ends a scheduled presale whose whole window has passed; false when it is none.
async fn miss(tx: &Tx, id: Uuid) -> Result<bool> {
    let now = tx.now();
    let missed = step(tx, By::SYSTEM, id, PresaleStatus::Scheduled, Event::Miss, |update| {
        update.col_expr(Column::ClosedAt, Expr::value(now)).filter(Column::ClosesAt.lte(now))
    })
    .await?;
    if missed.is_none() {
        return Ok(false);
    }
    for timer in [timers::OPEN, timers::CLOSE] {
        tx.cancel_timer(timer, id).await?;
    }
    judge(tx, id).await?;
    Ok(true)
}

async fn open_now(tx: &Tx, by: By, id: Uuid) -> Result<Option<presale::Model>> {
    let now = tx.now();
    let opened = step(tx, by, id, PresaleStatus::Scheduled, Event::Open, |update| {
        update.col_expr(Column::OpenedAt, Expr::value(now))
    })
    .await?;
    if opened.is_some() {
        sell(tx, id, true).await?;
        tx.cancel_timer(timers::OPEN, id).await?;
    }
    Ok(opened)
}

/// Closes an open presale before its time.
pub async fn close(app: &App, actor: &Actor, key: &str, id: Uuid) -> Result<Done<presale::Model>> {
    let staff = actor.staff(&[StaffRole::Merchandiser])?;
    let brand_id = staff.brand_id;
    let hold = app.config.hold;
    let once = &Once::new(staff.id, "closePresale", key, &id)?;
    app.write(brand_id, |tx| async move {
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(query::find(tx.conn(), brand_id, id).await?));
        }
        let moved = close_now(&tx, actor.by(), id, hold).await?;
        Ok(Done::new(stepped(&tx, id, moved, "closed", "结束").await?))
    })
    .await
}

/// Timer `presale.close`; it may come before the opening when nothing ran for the whole window.
pub async fn close_when_due(app: &App, brand_id: Uuid, id: Uuid) -> Result<()> {
    let hold = app.config.hold;
    app.write(brand_id, |tx| async move {
        if miss(&tx, id).await? {
            return Ok(());
        }
        close_now(&tx, By::SYSTEM, id, hold).await.map(drop)
    })
    .await
}

/// Closes, and judges at once when nothing is on hold.
async fn close_now(tx: &Tx, by: By, id: Uuid, hold: Duration) -> Result<Option<presale::Model>> {
    let now = tx.now();
    let closed = step(tx, by, id, PresaleStatus::Open, Event::Close, |update| {
        update.col_expr(Column::ClosedAt, Expr::value(now))
    })
    .await?;
    let Some(closed) = closed else { return Ok(None) };
    sell(tx, id, false).await?;
    tx.cancel_timer(timers::CLOSE, id).await?;
    if let Some(judged) = judge(tx, id).await? {
        return Ok(Some(judged));
    }
    tx.set_timer(timers::JUDGE, id, now + hold + JUDGE_GRACE).await?;
    Ok(Some(closed))
}

/// Calls a presale off. What was paid goes back to the buyers, except for pieces that are already
/// in a batch, which will be made. After it had succeeded this breaks the brand's word.
pub async fn cancel(app: &App, actor: &Actor, key: &str, id: Uuid) -> Result<Done<presale::Model>> {
    let staff = actor.staff(&[StaffRole::Merchandiser])?;
    let brand_id = staff.brand_id;
    let once = &Once::new(staff.id, "cancelPresale", key, &id)?;
    app.write(brand_id, |tx| async move {
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(query::find(tx.conn(), brand_id, id).await?));
        }
        let from = query::find(tx.conn(), brand_id, id).await?.status;
        let due = refund_due_at(&tx).await?;
        let event = if from == PresaleStatus::Succeeded { Event::Withdraw } else { Event::Cancel };
        let moved =
            step(&tx, actor.by(), id, from, event, |update| update.col_expr(Column::RefundDueAt, Expr::value(due)))
                .await?;
        let presale = stepped(&tx, id, moved, "cancelled", "取消").await?;
        sell(&tx, id, false).await?;
        for timer in [timers::OPEN, timers::CLOSE, timers::JUDGE] {
            tx.cancel_timer(timer, id).await?;
        }
        Ok(Done::new(presale))
    })
    .await
}

fn must_end_later(tx: &Tx, presale: &presale::Model) -> Result<(), Refusal> {
    if presale.closes_at > tx.now() {
        return Ok(());
    }
    Err(Refusal::invalid(
        "presaleId",
        "The closing time of this presale has passed; change it first.",
        "该预售的结束时间已过，请先修改。",
    ))
}

/// Puts all SKUs on or off sale. Off, it waits for buyers who are just taking pieces, and those who
/// come after it find the row off: no piece can be put on hold behind a closed presale.
async fn sell(tx: &Tx, presale_id: Uuid, selling: bool) -> Result<()> {
    presale_sku::Entity::update_many()
        .col_expr(presale_sku::Column::Selling, Expr::value(selling))
        .filter(presale_sku::Column::BrandId.eq(tx.brand_id()))
        .filter(presale_sku::Column::PresaleId.eq(presale_id))
        .exec(tx.conn())
        .await?;
    Ok(())
}
