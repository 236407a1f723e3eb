//! Use cases: make a round, pick and unpick, open, close and cancel it.

mod create;
mod group;
mod pick;
mod run;
mod tally;
mod window;

pub use create::{Create, create};
pub use group::{Votes, votes};
pub use pick::{pick, unpick};
pub use run::{cancel, close, on_close_due, on_open_due, open};
pub use window::{ChangeWindow, change_window};

use entity::round::{self, RoundStatus};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, UpdateMany};
use serde_json::json;
use uuid::Uuid;

use crate::base::tx::{By, Move, Tx};
use crate::error::Result;

/// Timers of a round.
pub const OPEN_TIMER: &str = "round.open";
pub const CLOSE_TIMER: &str = "round.close";

/// An update of the round from `from` to `to`; it changes a row only if the round is in `from`.
fn transition(tx: &Tx, id: Uuid, from: RoundStatus, to: RoundStatus) -> UpdateMany<round::Entity> {
    round::Entity::update_many()
        .col_expr(round::Column::Status, Expr::value(to))
        .filter(round::Column::BrandId.eq(tx.brand_id()))
        .filter(round::Column::Id.eq(id))
        .filter(round::Column::Status.eq(from))
}

async fn moved(
    tx: &Tx,
    id: Uuid,
    (from, to): (Option<RoundStatus>, RoundStatus),
    event: &'static str,
    by: By,
    why: Option<&str>,
) -> Result<()> {
    tx.moved(Move { kind: "round", id, from, to, event, by, why }, json!({})).await
}
