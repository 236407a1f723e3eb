//! What a round does to designs, inside the round's own transaction.

use entity::design::{self, DesignStatus};
use entity::design_version;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use super::rules::{self, Event};
use crate::base::tx::{By, Move, Tx};
use crate::error::{Code, Error, Refusal, Result};

/// A design as it goes on a slate, with the version that is frozen there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub design_id: Uuid,
    pub version_id: Uuid,
}

/// Takes submitted designs on a slate, all or none. The slots come in the order of `ids`. Refused
/// with the first design that is not submitted; `NOT_FOUND` when one is not the brand's.
pub async fn enter_round(tx: &Tx, ids: &[Uuid], by: By) -> Result<Vec<Slot>> {
    // Read first only to name the culprit; the conditional update decides.
    let designs = load(tx, ids).await?;
    let moved = change(tx, ids, DesignStatus::Submitted, Event::EnterRound).await?;
    if moved != ids.len() as u64 {
        return Err(why_not(ids, &designs));
    }
    let versions = design_version::Entity::find()
        .filter(design_version::Column::BrandId.eq(tx.brand_id()))
        .filter(design_version::Column::DesignId.is_in(ids.iter().copied()))
        .all(tx.conn())
        .await?;
    let mut slots = Vec::with_capacity(ids.len());
    for design_id in ids {
        let design = designs.iter().find(|design| design.id == *design_id);
        let version = design.and_then(|design| {
            versions.iter().find(|version| version.design_id == design.id && version.version == design.version)
        });
        let version = version.ok_or_else(|| anyhow::anyhow!("design {design_id} has no current version"))?;
        slots.push(Slot { design_id: *design_id, version_id: version.id });
        record(tx, *design_id, DesignStatus::Submitted, Event::EnterRound, by).await?;
    }
    Ok(slots)
}

/// Gives the designs of a cancelled round back: they may go on another slate.
pub async fn leave_round(tx: &Tx, ids: &[Uuid], by: By) -> Result<()> {
    step(tx, ids, Event::LeaveRound, by).await
}

/// Ends the round of these designs: the advanced go on to samples, the others retire.
pub async fn settle(tx: &Tx, advanced: &[Uuid], fallen: &[Uuid], by: By) -> Result<()> {
    step(tx, advanced, Event::Advance, by).await?;
    step(tx, fallen, Event::FallShort, by).await
}

async fn step(tx: &Tx, ids: &[Uuid], event: Event, by: By) -> Result<()> {
    let moved = change(tx, ids, DesignStatus::InRound, event).await?;
    if moved != ids.len() as u64 {
        return Err(anyhow::anyhow!("of {} designs only {moved} were in the round", ids.len()).into());
    }
    for id in ids {
        record(tx, *id, DesignStatus::InRound, event, by).await?;
    }
    Ok(())
}

/// The number of designs that were in `from` and have moved.
async fn change(tx: &Tx, ids: &[Uuid], from: DesignStatus, event: Event) -> Result<u64> {
    let to = target(from, event)?;
    let moved = design::Entity::update_many()
        .col_expr(design::Column::Status, Expr::value(to))
        .col_expr(design::Column::UpdatedAt, Expr::value(tx.now()))
        .filter(design::Column::BrandId.eq(tx.brand_id()))
        .filter(design::Column::Id.is_in(ids.iter().copied()))
        .filter(design::Column::Status.eq(from))
        .exec(tx.conn())
        .await?;
    Ok(moved.rows_affected)
}

async fn load(tx: &Tx, ids: &[Uuid]) -> Result<Vec<design::Model>> {
    let found = design::Entity::find()
        .filter(design::Column::BrandId.eq(tx.brand_id()))
        .filter(design::Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(tx.conn()).await?)
}

fn why_not(ids: &[Uuid], designs: &[design::Model]) -> Error {
    if ids.iter().any(|id| designs.iter().all(|design| design.id != *id)) {
        return Error::not_found("design");
    }
    match designs.iter().find(|design| design.status != DesignStatus::Submitted) {
        Some(design) => {
            rules::wrong_state(&design.style_no, design.status, Event::EnterRound).field("designIds").into()
        }
        None => Refusal::new(
            Code::Stale,
            "One of these designs went to another round just now; load them again.",
            "其中一个设计刚被用于其他选款，请重新加载。",
        )
        .field("designIds")
        .into(),
    }
}

fn target(from: DesignStatus, event: Event) -> Result<DesignStatus> {
    rules::next(from, event).ok_or_else(|| anyhow::anyhow!("{event:?} cannot happen to a design in {from:?}").into())
}

/// The history and the event of a move that was made.
pub(super) async fn record(tx: &Tx, id: Uuid, from: DesignStatus, event: Event, by: By) -> Result<()> {
    let to = target(from, event)?;
    let step = Move { kind: "design", id, from: Some(from), to, event: event.name(), by, why: None };
    tx.moved(step, json!({})).await
}
