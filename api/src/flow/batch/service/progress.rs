//! Progress: cumulative counts per stage and cell, as rising revisions.

use entity::batch::{self, BatchStatus};
use entity::batch_progress::{self, BatchProgressStage};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{EntityTrait, Set};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::super::query;
use super::super::rules::feed::News;
use super::super::rules::progress::check_report;
use super::super::rules::state::BatchEvent;
use super::fence::{Hold, still_seen};
use super::moved;
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::people::actor::Actor;

#[derive(Serialize)]
pub struct Report {
    pub batch_id: Uuid,
    pub epoch: i32,
    pub stage: BatchProgressStage,
    /// (SKU, pieces that have reached the stage in all); SKUs left out keep their count.
    pub cells: Vec<(Uuid, i32)>,
    pub note: Option<String>,
}

/// Records counts of one stage as the next revision. The first report starts production.
pub async fn report(app: &App, actor: &Actor, key: &str, input: &Report) -> Result<Done<batch::Model>> {
    let note = &text::optional("note", input.note.as_deref(), 400)?;
    let hold = Hold::claimed_by(app, actor, input.batch_id, input.epoch).await?;
    let once = &Once::new(hold.factory_id, "reportBatchProgress", key, input)?;
    app.write(hold.brand_id, |tx| async move {
        if once.begin(&tx, &input.batch_id).await?.is_some() {
            return Ok(Done::replay(still_seen(&tx, input.batch_id, hold.factory_id).await?));
        }
        // Taking the revision first makes two reports of one batch follow each other, so that the
        // counts read below are those this report comes after.
        let next = hold
            .update(&tx, &[BatchStatus::Accepted, BatchStatus::InProduction])
            .col_expr(batch::Column::ProgressRevision, Expr::col(batch::Column::ProgressRevision).add(1));
        hold.apply(&tx, next).await?;
        let counts = query::counts(tx.conn(), hold.brand_id, hold.batch_id).await?;
        check_report(&counts, input.stage, &input.cells)?;
        let mut batch = query::find(tx.conn(), hold.brand_id, hold.batch_id).await?;
        write_rows(&tx, &hold, input, note, batch.progress_revision).await?;
        if batch.status == BatchStatus::Accepted {
            batch = start(&tx, actor, &hold, batch).await?;
        }
        let report = json!({ "stage": input.stage, "revision": batch.progress_revision });
        tx.emit("batch", batch.id, "progress_reported", report).await?;
        Ok(Done::new(batch))
    })
    .await
}

async fn write_rows(tx: &Tx, hold: &Hold, report: &Report, note: &Option<String>, revision: i32) -> Result<()> {
    let rows = report.cells.iter().map(|(sku_id, pieces)| batch_progress::ActiveModel {
        brand_id: Set(hold.brand_id),
        batch_id: Set(hold.batch_id),
        revision: Set(revision),
        stage: Set(report.stage),
        sku_id: Set(*sku_id),
        pieces: Set(*pieces),
        epoch: Set(hold.epoch),
        factory_id: Set(hold.factory_id),
        note: Set(note.clone()),
        reported_at: Set(tx.now()),
    });
    batch_progress::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

async fn start(tx: &Tx, actor: &Actor, hold: &Hold, accepted: batch::Model) -> Result<batch::Model> {
    let start = hold
        .update(tx, &[BatchStatus::Accepted])
        .col_expr(batch::Column::Status, Expr::value(BatchStatus::InProduction));
    hold.apply(tx, start).await?;
    let news = News { epoch: hold.epoch, holder: Some(hold.factory_id), offered: Vec::new() };
    moved(tx, actor.by(), &accepted, BatchEvent::Started, &news, None).await?;
    Ok(batch::Model { status: BatchStatus::InProduction, ..accepted })
}
