//! What the brand's people and the timers do to a whole round.

use chrono::{DateTime, Utc};
use entity::round::{self, RoundStatus};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{CLOSE_TIMER, OPEN_TIMER, moved, tally, transition};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{By, Move, Tx};
use crate::error::Result;
use crate::flow::design::lifecycle;
use crate::flow::round::ranking::{Place, rank};
use crate::flow::round::rules::{self, Event};
use crate::flow::round::{policy, query};
use crate::people::actor::Actor;

/// Opens a scheduled round before its time; the window begins now.
pub async fn open(app: &App, actor: &Actor, key: &str, round_id: Uuid) -> Result<Done<round::Model>> {
    act(app, actor, "openRound", key, round_id, Event::Open, None).await
}

/// Closes an open round before its time: freezes the tally, ranks the designs, lets the top advance.
pub async fn close(app: &App, actor: &Actor, key: &str, round_id: Uuid) -> Result<Done<round::Model>> {
    act(app, actor, "closeRound", key, round_id, Event::Close, None).await
}

/// Ends a round without a result; its designs may go on another slate.
pub async fn cancel(
    app: &App,
    actor: &Actor,
    key: &str,
    round_id: Uuid,
    reason: Option<&str>,
) -> Result<Done<round::Model>> {
    let reason = text::optional("reason", reason, 200)?;
    act(app, actor, "cancelRound", key, round_id, Event::Cancel, reason.as_deref()).await
}

#[derive(Serialize)]
struct Asked<'a> {
    round_id: Uuid,
    reason: Option<&'a str>,
}

async fn act(
    app: &App,
    actor: &Actor,
    operation: &'static str,
    key: &str,
    round_id: Uuid,
    event: Event,
    reason: Option<&str>,
) -> Result<Done<round::Model>> {
    let staff = policy::may_run(actor)?;
    let brand_id = staff.brand_id;
    let once = &Once::new(staff.id, operation, key, &Asked { round_id, reason })?;
    app.write(brand_id, |tx| async move {
        let round = query::find(tx.conn(), brand_id, round_id).await?;
        if once.begin(&tx, &round_id).await?.is_some() {
            return Ok(Done::replay(round));
        }
        let done = match event {
            Event::Open if round.status == RoundStatus::Scheduled && round.closes_at <= tx.now() => {
                return Err(rules::closed(round.closes_at).into());
            }
            Event::Open => open_at(&tx, &round, tx.now(), actor.by()).await?,
            Event::Close => close_now(&tx, &round, actor.by()).await?,
            Event::Cancel => cancel_now(&tx, &round, actor.by(), reason).await?,
        };
        let round = query::find(tx.conn(), brand_id, round_id).await?;
        if done { Ok(Done::new(round)) } else { Err(rules::wrong_state(round.status, event).into()) }
    })
    .await
}

/// The timer of a scheduled round: opens it unless that has happened or it was cancelled.
pub async fn on_open_due(app: &App, brand_id: Uuid, round_id: Uuid) -> Result<()> {
    app.write(brand_id, |tx| async move {
        let round = query::find(tx.conn(), brand_id, round_id).await?;
        if round.opens_at <= tx.now() {
            open_at(&tx, &round, round.opens_at, By::SYSTEM).await?;
        }
        Ok(())
    })
    .await
}

/// The timer of the end: closes the round unless that has happened or it was cancelled. A round
/// that no worker came to open is opened first, so that its history stays whole.
pub async fn on_close_due(app: &App, brand_id: Uuid, round_id: Uuid) -> Result<()> {
    app.write(brand_id, |tx| async move {
        let round = query::find(tx.conn(), brand_id, round_id).await?;
        if round.closes_at <= tx.now() {
            open_at(&tx, &round, round.opens_at, By::SYSTEM).await?;
            close_now(&tx, &round, By::SYSTEM).await?;
        }
        Ok(())
    })
    .await
}

/// False when the round was not scheduled.
async fn open_at(tx: &Tx, round: &round::Model, opens_at: DateTime<Utc>, by: By) -> Result<bool> {
    let (from, to) = (RoundStatus::Scheduled, RoundStatus::Open);
    let opened = transition(tx, round.id, from, to)
        .col_expr(round::Column::OpensAt, Expr::value(opens_at))
        .exec(tx.conn())
        .await?;
    if opened.rows_affected == 0 {
        return Ok(false);
    }
    tx.cancel_timer(OPEN_TIMER, round.id).await?;
    moved(tx, round.id, (Some(from), to), Event::Open.name(), by, None).await?;
    Ok(true)
}

/// False when the round was not open.
async fn close_now(tx: &Tx, round: &round::Model, by: By) -> Result<bool> {
    let (from, to) = (RoundStatus::Open, RoundStatus::Closed);
    let closed = transition(tx, round.id, from, to)
        .col_expr(round::Column::ClosedAt, Expr::value(tx.now()))
        .exec(tx.conn())
        .await?;
    if closed.rows_affected == 0 {
        return Ok(false);
    }
    let ranking = rank(tally::freeze(tx, round).await?, round.advance_count);
    tally::write_places(tx, round, &ranking.places).await?;
    tally::note_members(tx, round).await?;
    if let Some(rule) = ranking.tie_break {
        round::Entity::update_many()
            .col_expr(round::Column::TieBreak, Expr::value(rule))
            .filter(round::Column::BrandId.eq(round.brand_id))
            .filter(round::Column::Id.eq(round.id))
            .exec(tx.conn())
            .await?;
    }
    let (advanced, fallen): (Vec<&Place>, Vec<&Place>) = ranking.places.iter().partition(|place| place.advanced);
    let (advanced, fallen) = (designs(&advanced), designs(&fallen));
    lifecycle::settle(tx, &advanced, &fallen, by).await?;
    tx.cancel_timer(CLOSE_TIMER, round.id).await?;
    let step = Move { kind: "round", id: round.id, from: Some(from), to, event: Event::Close.name(), by, why: None };
    tx.moved(step, json!({ "advanced_design_ids": advanced })).await?;
    Ok(true)
}

fn designs(places: &[&Place]) -> Vec<Uuid> {
    places.iter().map(|place| place.standing.design_id).collect()
}

/// False when the round had ended.
async fn cancel_now(tx: &Tx, round: &round::Model, by: By, reason: Option<&str>) -> Result<bool> {
    let to = RoundStatus::Cancelled;
    if rules::next(round.status, Event::Cancel) != Some(to) {
        return Ok(false);
    }
    let cancelled = transition(tx, round.id, round.status, to).exec(tx.conn()).await?;
    if cancelled.rows_affected == 0 {
        return Ok(false);
    }
    // Frozen too: a pick under way must not count into a round that is no more.
    let standings = tally::freeze(tx, round).await?;
    let designs: Vec<Uuid> = standings.iter().map(|standing| standing.design_id).collect();
    lifecycle::leave_round(tx, &designs, by).await?;
    tx.cancel_timer(OPEN_TIMER, round.id).await?;
    tx.cancel_timer(CLOSE_TIMER, round.id).await?;
    moved(tx, round.id, (Some(round.status), to), Event::Cancel.name(), by, reason).await?;
    Ok(true)
}
