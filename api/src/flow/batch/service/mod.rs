//! Use cases, by verb.

pub mod cancel;
pub mod claim;
pub mod feed;
pub mod fence;
pub mod progress;
pub mod receive;
pub mod release;
pub mod ship;
pub mod surplus;

use entity::batch;
use serde_json::json;
use uuid::Uuid;

use super::query;
use super::rules::feed::News;
use super::rules::refusal::wrong_state;
use super::rules::state::{self, BatchEvent};
use crate::base::tx::{By, Move, Tx};
use crate::error::Result;

/// Records that `event` happened to the batch as it was read `before`, with what feeds need to know.
async fn moved(
    tx: &Tx,
    by: By,
    before: &batch::Model,
    event: BatchEvent,
    news: &News,
    why: Option<&str>,
) -> Result<()> {
    let to = state::next(before.status, event).ok_or_else(|| wrong_state(before.status))?;
    let step = Move { kind: "batch", id: before.id, from: Some(before.status), to, event: event.name(), by, why };
    tx.moved(step, json!(news)).await
}

/// What factories are told: the epoch, the holder, and who else it is offered to.
async fn news(tx: &Tx, batch_id: Uuid, epoch: i32, holder: Option<Uuid>) -> Result<News> {
    let offered = query::offered(tx.conn(), tx.brand_id(), batch_id).await?;
    Ok(News { epoch, holder, offered })
}
