//! Use cases: write the offer, run it through its states, judge it.

mod draft;
mod judge;
mod window;

pub use draft::{Draft, change, draft};
pub use judge::{judge, judge_when_due};
pub use window::{cancel, close, close_when_due, open, open_when_due, schedule};

use chrono::{DateTime, Duration, NaiveDate, Utc};
use entity::brand;
use entity::presale::{self, Column, PresaleStatus};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, UpdateMany};
use serde_json::json;
use uuid::Uuid;

use super::query;
use super::rules::{self, Event};
use crate::base::tx::{By, Move, Tx};
use crate::error::{Error, Refusal, Result};

/// Takes the presale's row until the transaction ends and changes nothing: what later stages decide
/// about the pieces of a presale as a whole, they decide one after the other.
pub async fn touch(tx: &Tx, id: Uuid) -> Result<()> {
    presale::Entity::update_many()
        .col_expr(Column::Status, Expr::col(Column::Status))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Moves a presale from `from` by `event`, with what `also` sets, its history and its event. `None`:
/// it was in another state by now and nothing happened.
async fn step(
    tx: &Tx,
    by: By,
    id: Uuid,
    from: PresaleStatus,
    event: Event,
    also: impl FnOnce(UpdateMany<presale::Entity>) -> UpdateMany<presale::Entity>,
) -> Result<Option<presale::Model>> {
    let Some(to) = rules::next(from, event) else { return Ok(None) };
    let moved = also(presale::Entity::update_many().col_expr(Column::Status, Expr::value(to)))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(from))
        .exec_with_returning(tx.conn())
        .await?;
    let Some(presale) = moved.into_iter().next() else { return Ok(None) };
    let payload = json!({ "design_id": presale.design_id, "entry_id": presale.entry_id });
    tx.moved(Move { kind: "presale", id, from: Some(from), to, event: event.name(), by, why: None }, payload).await?;
    Ok(Some(presale))
}

async fn brand(tx: &Tx) -> Result<brand::Model> {
    brand::Entity::find_by_id(tx.brand_id()).one(tx.conn()).await?.ok_or_else(|| Error::not_found("brand"))
}

/// By when buyers must have the money back that the brand owes them from now on.
pub async fn refund_due_at(tx: &Tx) -> Result<DateTime<Utc>> {
    Ok(tx.now() + Duration::days(brand(tx).await?.refund_days.into()))
}

/// The refusal for a verb that came too late or too early.
fn wrong_state(presale: &presale::Model, verb_en: &str, verb_zh: &str) -> Refusal {
    let state = sea_orm::ActiveEnum::to_value(&presale.status);
    Refusal::wrong_state(
        state.clone(),
        format!("A presale that is {state} cannot be {verb_en}; load it again."),
        format!("该预售当前状态为 {state}，无法{verb_zh}，请重新加载。"),
    )
}

/// The presale after [`step`], or why it did not move.
async fn stepped(
    tx: &Tx,
    id: Uuid,
    moved: Option<presale::Model>,
    verb_en: &str,
    verb_zh: &str,
) -> Result<presale::Model> {
    match moved {
        Some(presale) => Ok(presale),
        None => Err(wrong_state(&query::find(tx.conn(), tx.brand_id(), id).await?, verb_en, verb_zh).into()),
    }
}

/// Promises `date` to those who order from now on; false when something else than `from` was promised by now.
pub async fn promise(tx: &Tx, id: Uuid, from: NaiveDate, date: NaiveDate) -> Result<bool> {
    let changed = presale::Entity::update_many()
        .col_expr(Column::PromiseDate, Expr::value(date))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(id))
        .filter(Column::PromiseDate.eq(from))
        .exec(tx.conn())
        .await?;
    Ok(changed.rows_affected == 1)
}
