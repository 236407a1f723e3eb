//! What a factory does with batches. Every write after the claim names the epoch it was claimed under.

use async_graphql::{Context, InputObject, Object};

use super::super::service::{claim, progress, ship};
use super::factory::FactoryBatch;
use super::progress::{CellPiecesInput, ProductionStage, pairs};
use crate::app::App;
use crate::base::id::BatchId;
use crate::error::Result;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door;

/// Which batch to claim.
#[derive(InputObject)]
pub struct ClaimBatchInput {
    /// 8 to 64 characters; a repeat with the same key answers the same and does nothing twice.
    pub idempotency_key: String,
    /// A batch on offer.
    pub batch_id: BatchId,
}

/// Which lease to turn into a commitment.
#[derive(InputObject)]
pub struct AcceptBatchInput {
    /// 8 to 64 characters; a repeat with the same key answers the same and does nothing twice.
    pub idempotency_key: String,
    /// The batch you claimed.
    pub batch_id: BatchId,
    /// Its epoch as the claim answered it.
    pub epoch: i32,
}

/// Which lease to give back, and why.
#[derive(InputObject)]
pub struct RejectBatchInput {
    /// 8 to 64 characters; a repeat with the same key answers the same and does nothing twice.
    pub idempotency_key: String,
    /// The batch you claimed.
    pub batch_id: BatchId,
    /// Its epoch as the claim answered it.
    pub epoch: i32,
    /// Told to the brand, up to 400 characters.
    pub reason: String,
}

/// Cumulative counts of one stage.
#[derive(InputObject)]
pub struct ReportBatchProgressInput {
    /// 8 to 64 characters; a repeat with the same key answers the same and does nothing twice.
    pub idempotency_key: String,
    /// The batch you accepted.
    pub batch_id: BatchId,
    /// Its epoch as the claim answered it.
    pub epoch: i32,
    /// The stage counted.
    pub stage: ProductionStage,
    /// Pieces that have reached the stage in all, not since the last report. SKUs left out keep
    /// their count. Never fewer than before, never more than the stage before has reached.
    pub cells: Vec<CellPiecesInput>,
    /// Anything the brand should know, up to 400 characters.
    pub note: Option<String>,
}

/// What leaves the factory.
#[derive(InputObject)]
pub struct ShipBatchInput {
    /// 8 to 64 characters; a repeat with the same key answers the same and does nothing twice.
    pub idempotency_key: String,
    /// The batch in production.
    pub batch_id: BatchId,
    /// Its epoch as the claim answered it.
    pub epoch: i32,
    /// Name of the carrier, up to 40 characters.
    pub carrier: String,
    /// Waybill number: 6 to 40 letters, digits and dashes.
    pub tracking_no: String,
    /// Number of cartons, 1 to 1,000.
    pub cartons: i32,
    /// Pieces in this shipment per SKU; never more than reported as packed and not shipped yet.
    pub cells: Vec<CellPiecesInput>,
    /// True when nothing more will come. Missing pieces are made again in the brand's next batch.
    pub is_final: bool,
}

/// Which batch has no more pieces to come.
#[derive(InputObject)]
pub struct FinishBatchShortInput {
    /// 8 to 64 characters; a repeat with the same key answers the same and does nothing twice.
    pub idempotency_key: String,
    /// The batch in production.
    pub batch_id: BatchId,
    /// Its epoch as the claim answered it.
    pub epoch: i32,
    /// Why pieces are missing; told to the brand, up to 400 characters.
    pub reason: String,
}

payload!(
    /// Outcome of a claim; refused with `LEASE_LOST` and the epoch in force when another was first.
    ClaimBatchPayload {
        /// The batch with its epoch and the end of the lease.
        batch: FactoryBatch
    }
);
payload!(
    /// Outcome of accepting.
    AcceptBatchPayload {
        /// The batch, now yours to make.
        batch: FactoryBatch
    }
);
payload!(
    /// Outcome of rejecting.
    RejectBatchPayload {
        /// Id of the batch, which is no longer yours to see.
        batch_id: BatchId
    }
);
payload!(
    /// Outcome of a progress report.
    ReportBatchProgressPayload {
        /// The batch with its new progress revision.
        batch: FactoryBatch
    }
);
payload!(
    /// Outcome of a ship notice.
    ShipBatchPayload {
        /// The batch; shipped when this was its last shipment.
        batch: FactoryBatch
    }
);
payload!(
    /// Outcome of finishing short.
    FinishBatchShortPayload {
        /// The batch, now shipped with fewer pieces than ordered.
        batch: FactoryBatch
    }
);

#[derive(Default)]
pub struct FactoryMutation;

#[Object]
impl FactoryMutation {
    /// Claims a batch on offer. You hold it under the answered epoch until the lease ends: accept or
    /// reject it before.
    #[graphql(guard = "door::FACTORY", directive = door::needs::apply(door::FACTORY.roles()))]
    async fn claim_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which batch.")] input: ClaimBatchInput,
    ) -> Result<Option<ClaimBatchPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        ClaimBatchPayload::of(ctx, claim::claim(app, actor, &input.idempotency_key, input.batch_id.0).await).map(Some)
    }

    /// Commits to a claimed batch.
    #[graphql(guard = "door::FACTORY", directive = door::needs::apply(door::FACTORY.roles()))]
    async fn accept_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which lease.")] input: AcceptBatchInput,
    ) -> Result<Option<AcceptBatchPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let done = claim::accept(app, actor, &input.idempotency_key, input.batch_id.0, input.epoch);
        AcceptBatchPayload::of(ctx, done.await).map(Some)
    }

    /// Gives a claimed batch back with a reason. It is no longer offered to you.
    #[graphql(guard = "door::FACTORY", directive = door::needs::apply(door::FACTORY.roles()))]
    async fn reject_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which lease, and why.")] input: RejectBatchInput,
    ) -> Result<Option<RejectBatchPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let reject = claim::Reject { batch_id: input.batch_id.0, epoch: input.epoch, reason: input.reason };
        RejectBatchPayload::of(ctx, claim::reject(app, actor, &input.idempotency_key, &reject).await).map(Some)
    }

    /// Reports how many pieces have reached a stage. The first report starts production.
    #[graphql(guard = "door::FACTORY", directive = door::needs::apply(door::FACTORY.roles()))]
    async fn report_batch_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Cumulative counts of one stage.")] input: ReportBatchProgressInput,
    ) -> Result<Option<ReportBatchProgressPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let report = progress::Report {
            batch_id: input.batch_id.0,
            epoch: input.epoch,
            stage: input.stage.into(),
            cells: pairs(input.cells),
            note: input.note,
        };
        ReportBatchProgressPayload::of(ctx, progress::report(app, actor, &input.idempotency_key, &report).await)
            .map(Some)
    }

    /// Says what leaves the factory. Partial shipments are welcome; pieces go to the buyers who paid first.
    #[graphql(guard = "door::FACTORY", directive = door::needs::apply(door::FACTORY.roles()))]
    async fn ship_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ship notice.")] input: ShipBatchInput,
    ) -> Result<Option<ShipBatchPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let notice = ship::Ship {
            batch_id: input.batch_id.0,
            epoch: input.epoch,
            carrier: input.carrier,
            tracking_no: input.tracking_no,
            cartons: input.cartons,
            cells: pairs(input.cells),
            is_final: input.is_final,
        };
        ShipBatchPayload::of(ctx, ship::ship(app, actor, &input.idempotency_key, &notice).await).map(Some)
    }

    /// Ends production when the missing pieces will not come, after the last shipment.
    #[graphql(guard = "door::FACTORY", directive = door::needs::apply(door::FACTORY.roles()))]
    async fn finish_batch_short(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which batch, and why.")] input: FinishBatchShortInput,
    ) -> Result<Option<FinishBatchShortPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let short = ship::FinishShort { batch_id: input.batch_id.0, epoch: input.epoch, reason: input.reason };
        FinishBatchShortPayload::of(ctx, ship::finish_short(app, actor, &input.idempotency_key, &short).await).map(Some)
    }
}
