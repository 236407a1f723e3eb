//! What the brand's people do with batches.

use async_graphql::{Context, InputObject, Object};
use chrono::NaiveDate;

use super::super::service::{cancel, receive, release};
use super::hang_tag::HangTagInput;
use super::staff::Batch;
use crate::app::App;
use crate::base::id::{BatchId, FactoryId, PresaleId};
use crate::base::money::Long;
use crate::error::Result;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door;

/// What is released, to whom, on which terms.
#[derive(InputObject)]
pub struct ReleaseBatchInput {
    /// 8 to 64 characters; a repeat with the same key answers the same and does nothing twice.
    pub idempotency_key: String,
    /// A presale that succeeded. Every paid piece of it that is in no batch yet is released.
    pub presale_id: PresaleId,
    /// 1 to 50 factories it is offered to; the first to claim holds it.
    pub factory_ids: Vec<FactoryId>,
    /// What the factory is paid for a piece, in fen.
    pub price_per_piece: Long,
    /// Day by which it leaves the factory, in the brand's time zone; today or later.
    pub due_date: NaiveDate,
    /// The brand's warehouse with a contact, up to 300 characters. Never a buyer's address.
    pub ship_to: String,
    /// What the hang tag says; checked before anything is released.
    pub hang_tag: HangTagInput,
    /// Anything the factory should know, up to 1,000 characters.
    pub note: Option<String>,
}

/// Which batch is taken back, and why.
#[derive(InputObject)]
pub struct CancelBatchInput {
    /// 8 to 64 characters; a repeat with the same key answers the same and does nothing twice.
    pub idempotency_key: String,
    /// A batch that is not in production yet.
    pub batch_id: BatchId,
    /// Kept in its history, up to 400 characters.
    pub reason: String,
}

/// Which batch has arrived.
#[derive(InputObject)]
pub struct ConfirmBatchReceivedInput {
    /// 8 to 64 characters; a repeat with the same key answers the same and does nothing twice.
    pub idempotency_key: String,
    /// A shipped batch.
    pub batch_id: BatchId,
}

/// Which batch is settled.
#[derive(InputObject)]
pub struct CloseBatchInput {
    /// 8 to 64 characters; a repeat with the same key answers the same and does nothing twice.
    pub idempotency_key: String,
    /// A received batch.
    pub batch_id: BatchId,
}

payload!(
    /// Outcome of releasing.
    ReleaseBatchPayload {
        /// The new batch.
        batch: Batch
    }
);
payload!(
    /// Outcome of cancelling.
    CancelBatchPayload {
        /// The cancelled batch.
        batch: Batch
    }
);
payload!(
    /// Outcome of confirming receipt.
    ConfirmBatchReceivedPayload {
        /// The batch.
        batch: Batch
    }
);
payload!(
    /// Outcome of closing.
    CloseBatchPayload {
        /// The batch.
        batch: Batch
    }
);

#[derive(Default)]
pub struct BatchMutation;

#[Object]
impl BatchMutation {
    /// Gathers every paid piece of a presale that is in no batch yet into one batch and offers it to
    /// factories. Refused with `NOTHING_TO_RELEASE` when no piece waits.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn release_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What, to whom, on which terms.")] input: ReleaseBatchInput,
    ) -> Result<Option<ReleaseBatchPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let release = release::Release {
            presale_id: input.presale_id.0,
            factory_ids: input.factory_ids.into_iter().map(|id| id.0).collect(),
            price_per_piece: input.price_per_piece.0,
            due_date: input.due_date,
            ship_to: input.ship_to,
            hang_tag: input.hang_tag.into(),
            note: input.note,
        };
        ReleaseBatchPayload::of(ctx, release::release(app, actor, &input.idempotency_key, &release).await).map(Some)
    }

    /// Takes a batch back before production. Its pieces wait for the next release.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn cancel_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which batch, and why.")] input: CancelBatchInput,
    ) -> Result<Option<CancelBatchPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let done = cancel::cancel(app, actor, &input.idempotency_key, input.batch_id.0, &input.reason);
        CancelBatchPayload::of(ctx, done.await).map(Some)
    }

    /// Confirms that the brand's warehouse has everything the factory sent.
    #[graphql(guard = "door::SUPPORT", directive = door::needs::apply(door::SUPPORT.roles()))]
    async fn confirm_batch_received(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which batch.")] input: ConfirmBatchReceivedInput,
    ) -> Result<Option<ConfirmBatchReceivedPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let done = receive::confirm_received(app, actor, &input.idempotency_key, input.batch_id.0);
        ConfirmBatchReceivedPayload::of(ctx, done.await).map(Some)
    }

    /// Closes a received batch once everything about it is settled.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn close_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which batch.")] input: CloseBatchInput,
    ) -> Result<Option<CloseBatchPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        CloseBatchPayload::of(ctx, receive::close(app, actor, &input.idempotency_key, input.batch_id.0).await).map(Some)
    }
}
