//! Rounds in the API.

mod entry;
mod subscription;
mod view;

use async_graphql::{Context, InputObject, Object};
use chrono::{DateTime, Utc};
use entity::round;

use super::{query, service};
use crate::app::App;
use crate::base::id::{CommunityId, DesignId, RoundId};
use crate::base::page::{List, Page, PageArgs};
use crate::error::Result;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door;

pub use entry::{CommunityTally, RoundEntry};
pub use subscription::RoundSubscription;
pub use view::{Round, RoundAction, RoundStatus};

#[derive(InputObject)]
pub struct CreateRoundInput {
    /// Made by the client for this one action; a repeat with the same key answers the same.
    pub idempotency_key: String,
    /// A line, up to 60 characters.
    pub title: String,
    /// The communities it is put to, 1 to 100 different ones.
    pub community_ids: Vec<CommunityId>,
    /// The slate in its order: 2 to 50 different submitted designs; 20 is a good number.
    pub design_ids: Vec<DesignId>,
    /// How many advance at most.
    #[graphql(default = 5)]
    pub advance_count: i32,
    /// When it begins to take picks; a past instant means now.
    pub opens_at: DateTime<Utc>,
    /// When it stops; at most 60 days later.
    pub closes_at: DateTime<Utc>,
}

#[derive(InputObject)]
pub struct PickDesignInput {
    /// Made by the client for this one action; a repeat with the same key answers the same.
    pub idempotency_key: String,
    /// The open round.
    pub round_id: RoundId,
    /// A design on its slate.
    pub design_id: DesignId,
}

#[derive(InputObject)]
pub struct UnpickDesignInput {
    /// Made by the client for this one action; a repeat with the same key answers the same.
    pub idempotency_key: String,
    /// The open round.
    pub round_id: RoundId,
    /// A design on its slate.
    pub design_id: DesignId,
}

#[derive(InputObject)]
pub struct OpenRoundInput {
    /// Made by the client for this one action; a repeat with the same key answers the same.
    pub idempotency_key: String,
    /// A scheduled round.
    pub round_id: RoundId,
}

#[derive(InputObject)]
pub struct CloseRoundInput {
    /// Made by the client for this one action; a repeat with the same key answers the same.
    pub idempotency_key: String,
    /// An open round.
    pub round_id: RoundId,
}

#[derive(InputObject)]
pub struct ChangeRoundWindowInput {
    /// Made by the client for this one action; a repeat with the same key answers the same.
    pub idempotency_key: String,
    /// A scheduled or open round.
    pub round_id: RoundId,
    /// The new beginning of a scheduled round; unchanged when null.
    pub opens_at: Option<DateTime<Utc>>,
    /// The new end; unchanged when null.
    pub closes_at: Option<DateTime<Utc>>,
}

#[derive(InputObject)]
pub struct CancelRoundInput {
    /// Made by the client for this one action; a repeat with the same key answers the same.
    pub idempotency_key: String,
    /// A round that has not ended.
    pub round_id: RoundId,
    /// Why, for the record; up to 200 characters.
    pub reason: Option<String>,
}

payload!(
    /// The new round, or why there is none.
    CreateRoundPayload {
        /// Scheduled, or open already.
        round: Round
    }
);
payload!(
    /// The entry with its tally after the pick, or why the pick was not taken.
    PickDesignPayload {
        /// The entry that was picked.
        entry: RoundEntry
    }
);
payload!(
    /// The entry with its tally after the pick was taken back, or why it stands.
    UnpickDesignPayload {
        /// The entry that is no longer picked.
        entry: RoundEntry
    }
);
payload!(
    /// The open round, or why it is not.
    OpenRoundPayload {
        /// Open from now.
        round: Round
    }
);
payload!(
    /// The closed round, or why it is not.
    CloseRoundPayload {
        /// Ranked, with the top designs advanced.
        round: Round
    }
);
payload!(
    /// The round with its new window, or why the old one stands.
    ChangeRoundWindowPayload {
        /// Scheduled or open as before.
        round: Round
    }
);
payload!(
    /// The cancelled round, or why it is not.
    CancelRoundPayload {
        /// Ended without a result.
        round: Round
    }
);

#[derive(Default)]
pub struct RoundQuery;

#[Object]
impl RoundQuery {
    /// Rounds, newest first: all of the brand for staff; for a member those put to a community she is in
    /// or leads.
    #[graphql(guard = "door::BRAND", directive = door::needs::apply(door::BRAND.roles()))]
    #[allow(clippy::too_many_arguments)] // The arguments of a Relay connection.
    async fn rounds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in this state; all when null.")] status: Option<RoundStatus>,
        #[graphql(desc = "Page size counted from the start, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Begin after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size counted from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Result<Option<Page<Round>>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let select = query::in_status(query::visible_to(actor)?, status.map(Into::into));
        let args = PageArgs::new(first, after, last, before);
        let view = |row: round::Model| (row.id, Round(row));
        let list = List::newest_first("rounds", actor.brand_id()?);
        list.page(ctx, app.db.read(), select, round::Column::Id, &args, view).await.map(Some)
    }

    /// One round.
    #[graphql(guard = "door::BRAND", directive = door::needs::apply(door::BRAND.roles()))]
    async fn round(&self, ctx: &Context<'_>, #[graphql(desc = "Which round.")] id: RoundId) -> Result<Option<Round>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        Ok(Some(Round(query::find_visible(app.db.read(), actor, id.0).await?)))
    }
}

#[derive(Default)]
pub struct RoundMutation;

#[Object]
impl RoundMutation {
    /// Puts submitted designs to communities. The round opens at its time, or at once when that has come, and
    /// closes by itself.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn create_round(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The slate, the communities and the window.")] input: CreateRoundInput,
    ) -> Result<Option<CreateRoundPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let create = service::Create {
            title: input.title,
            community_ids: input.community_ids.into_iter().map(|id| id.0).collect(),
            design_ids: input.design_ids.into_iter().map(|id| id.0).collect(),
            advance_count: input.advance_count,
            opens_at: input.opens_at,
            closes_at: input.closes_at,
        };
        CreateRoundPayload::of(ctx, service::create(app, actor, &input.idempotency_key, &create).await).map(Some)
    }

    /// "I would wear this." Free and without consequence: pick as many as you like. Picking again changes nothing.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn pick_design(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which design of which round.")] input: PickDesignInput,
    ) -> Result<Option<PickDesignPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let PickDesignInput { idempotency_key, round_id, design_id } = input;
        PickDesignPayload::of(ctx, service::pick(app, actor, &idempotency_key, round_id.0, design_id.0).await).map(Some)
    }

    /// Takes a pick back while the round is open. Without one nothing changes.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn unpick_design(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which design of which round.")] input: UnpickDesignInput,
    ) -> Result<Option<UnpickDesignPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let UnpickDesignInput { idempotency_key, round_id, design_id } = input;
        UnpickDesignPayload::of(ctx, service::unpick(app, actor, &idempotency_key, round_id.0, design_id.0).await)
            .map(Some)
    }

    /// Opens a scheduled round before its time.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn open_round(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which round.")] input: OpenRoundInput,
    ) -> Result<Option<OpenRoundPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        OpenRoundPayload::of(ctx, service::open(app, actor, &input.idempotency_key, input.round_id.0).await).map(Some)
    }

    /// Closes an open round before its time: the tally is final, the top designs advance, the others retire.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn close_round(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which round.")] input: CloseRoundInput,
    ) -> Result<Option<CloseRoundPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        CloseRoundPayload::of(ctx, service::close(app, actor, &input.idempotency_key, input.round_id.0).await).map(Some)
    }

    /// Moves the window of a scheduled round, or the end of an open one. Picks already made stand.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn change_round_window(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which round, and its new ends.")] input: ChangeRoundWindowInput,
    ) -> Result<Option<ChangeRoundWindowPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let ChangeRoundWindowInput { idempotency_key, round_id, opens_at, closes_at } = input;
        let change = service::ChangeWindow { round_id: round_id.0, opens_at, closes_at };
        ChangeRoundWindowPayload::of(ctx, service::change_window(app, actor, &idempotency_key, &change).await).map(Some)
    }

    /// Ends a round without a result. Its designs may go on another slate; its picks count for nothing.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn cancel_round(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which round, and why.")] input: CancelRoundInput,
    ) -> Result<Option<CancelRoundPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let CancelRoundInput { idempotency_key, round_id, reason } = input;
        let outcome = service::cancel(app, actor, &idempotency_key, round_id.0, reason.as_deref()).await;
        CancelRoundPayload::of(ctx, outcome).map(Some)
    }
}
