//! Presales in the API.

mod input;
mod plan;
mod progress;
mod subscription;
mod view;

pub use plan::PaymentPlan;
pub use subscription::PresaleSubscription;
pub use view::{Presale, PresaleAction, PresaleStatus, Sku};

use async_graphql::{Context, Object};
use entity::presale;
use sea_orm::{ColumnTrait, QueryFilter};

use self::input::{
    CancelPresaleInput, ChangePresaleInput, ClosePresaleInput, DraftPresaleInput, OpenPresaleInput,
    SchedulePresaleInput,
};
use super::{query, service};
use crate::app::App;
use crate::base::id::PresaleId;
use crate::base::page::{List, Page, PageArgs};
use crate::error::Result;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door;

payload!(
    /// What came of drafting a presale.
    DraftPresalePayload {
        /// The draft; null when refused.
        presale: Presale
    }
);
payload!(
    /// What came of changing a presale.
    ChangePresalePayload {
        /// The presale with its new terms; null when refused.
        presale: Presale
    }
);
payload!(
    /// What came of scheduling a presale.
    SchedulePresalePayload {
        /// The scheduled presale; null when refused.
        presale: Presale
    }
);
payload!(
    /// What came of opening a presale.
    OpenPresalePayload {
        /// The open presale; null when refused.
        presale: Presale
    }
);
payload!(
    /// What came of closing a presale.
    ClosePresalePayload {
        /// The presale: closed, or judged already when nothing was on hold; null when refused.
        presale: Presale
    }
);
payload!(
    /// What came of cancelling a presale.
    CancelPresalePayload {
        /// The cancelled presale; null when refused.
        presale: Presale
    }
);

#[derive(Default)]
pub struct PresaleQuery;

#[Object]
impl PresaleQuery {
    /// One presale. Members see it when it is offered to one of their communities or to everyone.
    #[graphql(guard = "door::BRAND", directive = door::needs::apply(door::BRAND.roles()))]
    async fn presale(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which presale.")] id: PresaleId,
    ) -> Result<Option<Presale>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        Ok(Some(query::find_visible(app.db.read(), actor, id.0).await?.into()))
    }

    /// Presales I may see, newest first: all of the brand for staff, those offered to me for members.
    #[graphql(guard = "door::BRAND", directive = door::needs::apply(door::BRAND.roles()))]
    #[allow(clippy::too_many_arguments)] // GraphQL arguments are function arguments
    async fn presales(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in one of these states; null for any state, an empty list for none.")]
        status: Option<Vec<PresaleStatus>>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor to start after.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Page<Presale>>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let mut select = query::visible_to(actor)?;
        if let Some(status) = status {
            let status = status.into_iter().map(presale::PresaleStatus::from);
            select = select.filter(presale::Column::Status.is_in(status));
        }
        List::newest_first("presales", actor.brand_id()?)
            .page(
                ctx,
                app.db.read(),
                select,
                presale::Column::Id,
                &PageArgs::new(first, after, last, before),
                |row: presale::Model| (row.id, row.into()),
            )
            .await
            .map(Some)
    }
}

#[derive(Default)]
pub struct PresaleMutation;

#[Object]
impl PresaleMutation {
    /// Drafts a presale of a design that advanced in its round.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn draft_presale(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The design and the terms.")] input: DraftPresaleInput,
    ) -> Result<Option<DraftPresalePayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let draft = service::Draft { entry_id: input.entry_id.0, terms: input.terms.into() };
        DraftPresalePayload::of(ctx, service::draft(app, actor, &input.idempotency_key, &draft).await).map(Some)
    }

    /// Replaces all terms of a presale that has not opened yet.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn change_presale(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The presale and its new terms.")] input: ChangePresaleInput,
    ) -> Result<Option<ChangePresalePayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let terms = input.terms.into();
        let outcome = service::change(app, actor, &input.idempotency_key, input.presale_id.0, &terms).await;
        ChangePresalePayload::of(ctx, outcome).map(Some)
    }

    /// Makes a draft open by itself at its opening time and close at its closing time.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn schedule_presale(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which presale.")] input: SchedulePresaleInput,
    ) -> Result<Option<SchedulePresalePayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let outcome = service::schedule(app, actor, &input.idempotency_key, input.presale_id.0).await;
        SchedulePresalePayload::of(ctx, outcome).map(Some)
    }

    /// Opens a scheduled presale now.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn open_presale(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which presale.")] input: OpenPresaleInput,
    ) -> Result<Option<OpenPresalePayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let outcome = service::open(app, actor, &input.idempotency_key, input.presale_id.0).await;
        OpenPresalePayload::of(ctx, outcome).map(Some)
    }

    /// Closes an open presale now. It is judged as soon as no unpaid order holds a piece.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn close_presale(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which presale.")] input: ClosePresaleInput,
    ) -> Result<Option<ClosePresalePayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let outcome = service::close(app, actor, &input.idempotency_key, input.presale_id.0).await;
        ClosePresalePayload::of(ctx, outcome).map(Some)
    }

    /// Calls a presale off; what was paid is refunded, except for pieces that are in a batch already. Once it
    /// had succeeded the brand breaks its word with that and owes each 定金 double (see `compensations`).
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn cancel_presale(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which presale.")] input: CancelPresaleInput,
    ) -> Result<Option<CancelPresalePayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let outcome = service::cancel(app, actor, &input.idempotency_key, input.presale_id.0).await;
        CancelPresalePayload::of(ctx, outcome).map(Some)
    }
}
