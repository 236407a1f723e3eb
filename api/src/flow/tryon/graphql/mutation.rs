//! Verbs.

use async_graphql::{Context, Object};
use uuid::Uuid;

use super::input::*;
use crate::app::App;
use crate::error::Result;
use crate::flow::tryon::service;
use crate::people::actor::Actor;
use crate::people::door;

#[derive(Default)]
pub struct TryOnMutation;

#[Object]
impl TryOnMutation {
    /// Asks for a sample of an advanced design for a KOC, and assigns her the try-on.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn request_sample(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to make, for whom and by when.")] input: RequestSampleInput,
    ) -> Result<Option<RequestSamplePayload>> {
        let (app, actor) = of(ctx);
        let request = service::RequestSample {
            entry_id: input.entry_id.0,
            koc_id: input.koc_id.0,
            size: input.size,
            color: input.color,
            try_on_due_at: input.try_on_due_at,
        };
        RequestSamplePayload::of(ctx, service::request_sample(app, actor, &input.idempotency_key, &request).await)
            .map(Some)
    }

    /// Says that a sample is on its way to the KOC.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn dispatch_sample(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which sample, and its parcel.")] input: DispatchSampleInput,
    ) -> Result<Option<DispatchSamplePayload>> {
        let (app, actor) = of(ctx);
        let dispatch =
            service::Dispatch { sample_id: input.sample_id.0, carrier: input.carrier, tracking_no: input.tracking_no };
        DispatchSamplePayload::of(ctx, service::dispatch_sample(app, actor, &input.idempotency_key, &dispatch).await)
            .map(Some)
    }

    /// Says that my sample has arrived; from then on I can hand in the try-on.
    #[graphql(guard = "door::KOC", directive = door::needs::apply(door::KOC.roles()))]
    async fn confirm_sample_received(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which sample.")] input: ConfirmSampleReceivedInput,
    ) -> Result<Option<ConfirmSampleReceivedPayload>> {
        let (app, actor) = of(ctx);
        let done = service::confirm_received(app, actor, &input.idempotency_key, input.sample_id.0).await;
        ConfirmSampleReceivedPayload::of(ctx, done).map(Some)
    }

    /// Says what became of a sample in the end.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn close_sample(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which sample, and what became of it.")] input: CloseSampleInput,
    ) -> Result<Option<CloseSamplePayload>> {
        let (app, actor) = of(ctx);
        let (key, id) = (&input.idempotency_key, input.sample_id.0);
        CloseSamplePayload::of(ctx, service::close_sample(app, actor, key, id, input.outcome.into()).await).map(Some)
    }

    /// Sets another due date on a try-on that is not handed in.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn extend_try_on(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which try-on, and until when.")] input: ExtendTryOnInput,
    ) -> Result<Option<ExtendTryOnPayload>> {
        let (app, actor) = of(ctx);
        let extend = service::Extend { tryon_id: input.try_on_id.0, due_at: input.due_at };
        ExtendTryOnPayload::of(ctx, service::extend(app, actor, &input.idempotency_key, &extend).await).map(Some)
    }

    /// Hands in my try-on, for the first time or after changes were asked for. It goes to the content
    /// check and then to the brand.
    #[graphql(guard = "door::KOC", directive = door::needs::apply(door::KOC.roles()))]
    async fn submit_try_on(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The whole post.")] input: SubmitTryOnInput,
    ) -> Result<Option<SubmitTryOnPayload>> {
        let (app, actor) = of(ctx);
        let submit = service::Submit {
            tryon_id: input.try_on_id.0,
            body: input.body,
            size_worn: input.size_worn,
            fit: input.fit.into(),
            cons: input.cons,
            media_ids: input.media_ids.iter().map(|id| id.0).collect(),
            height_cm: input.height_cm,
            weight_kg: input.weight_kg,
        };
        SubmitTryOnPayload::of(ctx, service::submit(app, actor, &input.idempotency_key, &submit).await).map(Some)
    }

    /// Approves a submission that passed the content check, or one that a person vouches for.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn approve_try_on(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which try-on.")] input: ApproveTryOnInput,
    ) -> Result<Option<ApproveTryOnPayload>> {
        let (app, actor) = of(ctx);
        let (key, id) = (&input.idempotency_key, input.try_on_id.0);
        ApproveTryOnPayload::of(ctx, service::approve(app, actor, key, id, input.accept_unchecked).await).map(Some)
    }

    /// Sends a submission back to the KOC with a note.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn request_try_on_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which try-on, and what to change.")] input: RequestTryOnChangesInput,
    ) -> Result<Option<RequestTryOnChangesPayload>> {
        let (app, actor) = of(ctx);
        let (key, id) = (&input.idempotency_key, input.try_on_id.0);
        RequestTryOnChangesPayload::of(ctx, service::request_changes(app, actor, key, id, &input.note).await).map(Some)
    }

    /// Publishes an approved post to communities, labelled 广告.
    #[graphql(guard = "door::KOC_OR_MERCHANDISER", directive = door::needs::apply(door::KOC_OR_MERCHANDISER.roles()))]
    async fn publish_try_on(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which try-on, and to whom.")] input: PublishTryOnInput,
    ) -> Result<Option<PublishTryOnPayload>> {
        let (app, actor) = of(ctx);
        let communities: Option<Vec<Uuid>> = input.community_ids.map(|ids| ids.iter().map(|id| id.0).collect());
        let (key, id) = (&input.idempotency_key, input.try_on_id.0);
        PublishTryOnPayload::of(ctx, service::publish(app, actor, key, id, communities.as_deref()).await).map(Some)
    }

    /// Takes a post or a task back for good.
    #[graphql(guard = "door::KOC_OR_MERCHANDISER", directive = door::needs::apply(door::KOC_OR_MERCHANDISER.roles()))]
    async fn withdraw_try_on(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which try-on, and why.")] input: WithdrawTryOnInput,
    ) -> Result<Option<WithdrawTryOnPayload>> {
        let (app, actor) = of(ctx);
        let (key, id) = (&input.idempotency_key, input.try_on_id.0);
        WithdrawTryOnPayload::of(ctx, service::withdraw(app, actor, key, id, &input.reason).await).map(Some)
    }
}

fn of<'a>(ctx: &Context<'a>) -> (&'a App, &'a Actor) {
    (ctx.data_unchecked(), ctx.data_unchecked())
}
