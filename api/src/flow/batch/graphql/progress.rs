//! Progress per stage as it is shown.

use async_graphql::{Context, Enum, InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use entity::batch;
use entity::batch_progress::{self, BatchProgressStage};

use super::super::loader::{ProgressOf, StageCount};
use super::super::query;
use super::super::rules::progress::STAGES;
use crate::app::App;
use crate::base::id::SkuId;
use crate::base::page::MAX_PAGE;
use crate::error::{Fault, Result};
use crate::load;

/// Stages of making a garment, in order. A piece counts at a stage once it has passed it.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "BatchProgressStage")]
pub enum ProductionStage {
    /// Fabric and trims for the pieces have arrived.
    FabricIn,
    /// Cut.
    Cut,
    /// Sewn.
    Sewn,
    /// Ironed, threads trimmed.
    Finished,
    /// Passed the factory's own inspection.
    Qc,
    /// Packed in cartons, ready to ship.
    Packed,
}

/// Pieces of one SKU.
#[derive(SimpleObject)]
pub struct CellPieces {
    /// Which colour and size.
    pub sku_id: SkuId,
    /// How many.
    pub pieces: i32,
}

/// What one stage has reached.
#[derive(SimpleObject)]
pub struct StageProgress {
    /// Which stage.
    pub stage: ProductionStage,
    /// Pieces that have reached the stage, over all SKUs.
    pub pieces: i32,
    /// The same per SKU; SKUs without a report yet are left out.
    pub cells: Vec<CellPieces>,
}

/// One report of a factory.
#[derive(SimpleObject)]
pub struct ProgressReport {
    /// 1, 2, 3 … without gaps.
    pub revision: i32,
    /// The stage counted.
    pub stage: ProductionStage,
    /// Cumulative pieces per SKU, as reported.
    pub cells: Vec<CellPieces>,
    /// What the factory added in words.
    pub note: Option<String>,
    /// When it came in.
    pub reported_at: DateTime<Utc>,
}

/// A count for one SKU.
#[derive(InputObject, Clone)]
pub struct CellPiecesInput {
    /// A SKU of the batch's matrix.
    pub sku_id: SkuId,
    /// How many pieces.
    pub pieces: i32,
}

/// (SKU, pieces) as services take them.
pub fn pairs(cells: Vec<CellPiecesInput>) -> Vec<(uuid::Uuid, i32)> {
    cells.into_iter().map(|cell| (cell.sku_id.0, cell.pieces)).collect()
}

/// All stages of a batch, in order.
pub async fn of(ctx: &Context<'_>, batch: &batch::Model) -> Result<Vec<StageProgress>> {
    let mut counts = load::of(ctx).load_one(ProgressOf(batch.brand_id, batch.id)).await?.unwrap_or_default();
    counts.sort_by_key(|count| count.sku_id);
    Ok(STAGES.into_iter().map(|stage| one(stage, &counts)).collect())
}

fn one(stage: BatchProgressStage, counts: &[StageCount]) -> StageProgress {
    let cells: Vec<_> = counts
        .iter()
        .filter(|count| count.stage == stage)
        .map(|count| CellPieces { sku_id: count.sku_id.into(), pieces: count.pieces })
        .collect();
    StageProgress { stage: stage.into(), pieces: cells.iter().map(|cell| cell.pieces).sum(), cells }
}

/// The reports of a batch, newest first, from before revision `before` or from the last one.
pub async fn reports(
    ctx: &Context<'_>,
    batch: &batch::Model,
    before: Option<i32>,
    first: i32,
) -> Result<Vec<ProgressReport>> {
    if !(1..=MAX_PAGE).contains(&first) {
        return Err(Fault::BadRequest(format!("a page has 1 to {MAX_PAGE} items, not {first}")).into());
    }
    let newest = before.map_or(batch.progress_revision, |before| before.saturating_sub(1));
    let app = ctx.data_unchecked::<App>();
    let rows = query::reports(app.db.read(), batch.brand_id, batch.id, newest, first).await?;
    let mut reports: Vec<ProgressReport> = Vec::new();
    for row in rows {
        let cell = CellPieces { sku_id: row.sku_id.into(), pieces: row.pieces };
        match reports.last_mut().filter(|report| report.revision == row.revision) {
            Some(report) => report.cells.push(cell),
            None => reports.push(report(row, cell)),
        }
    }
    Ok(reports)
}

fn report(row: batch_progress::Model, cell: CellPieces) -> ProgressReport {
    ProgressReport {
        revision: row.revision,
        stage: row.stage.into(),
        cells: vec![cell],
        note: row.note,
        reported_at: row.reported_at,
    }
}
