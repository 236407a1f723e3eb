//! Changes of promises in the API.

mod input;
mod view;

pub use view::{PromiseChange, PromiseQuestion};

use async_graphql::{Context, Object};
use entity::{promise_change, promise_question};
use sea_orm::{ColumnTrait, QueryFilter};

use self::input::{AnswerPromiseChangeInput, ChangePromiseInput};
use self::view::PromiseQuestionStatus;
use super::{query, service};
use crate::app::App;
use crate::base::id::{OrderId, PresaleId};
use crate::base::page::{List, Page, PageArgs};
use crate::error::Result;
use crate::flow::presale;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door;

payload!(
    /// What came of moving a ship-by date.
    ChangePromisePayload {
        /// The change, its buyers being asked; null when refused.
        change: PromiseChange
    }
);
payload!(
    /// What came of answering.
    AnswerPromiseChangePayload {
        /// The question as answered; null when refused.
        question: PromiseQuestion
    }
);

#[derive(Default)]
pub struct PromiseQuery;

#[Object]
impl PromiseQuery {
    /// How the ship-by date of a presale was moved and what its buyers say to it, newest first.
    #[graphql(guard = "door::STAFF", directive = door::needs::apply(door::STAFF.roles()))]
    #[allow(clippy::too_many_arguments)] // GraphQL arguments are function arguments
    async fn promise_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which presale.")] presale_id: PresaleId,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor to start after.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Page<PromiseChange>>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let presale = presale::query::find_visible(app.db.read(), actor, presale_id.0).await?;
        List::newest_first("promiseChanges", presale.id)
            .page(
                ctx,
                app.db.read(),
                query::changes(presale.brand_id, presale.id),
                promise_change::Column::Id,
                &PageArgs::new(first, after, last, before),
                |row: promise_change::Model| (row.id, PromiseChange::from(row)),
            )
            .await
            .map(Some)
    }

    /// Later ship-by dates put to buyers, newest first: about my orders for members, all of the brand for staff.
    #[graphql(guard = "door::BRAND", directive = door::needs::apply(door::BRAND.roles()))]
    #[allow(clippy::too_many_arguments)] // GraphQL arguments are function arguments
    async fn promise_questions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those about this order.")] order_id: Option<OrderId>,
        #[graphql(desc = "Only those in one of these states; null for any state, an empty list for none.")]
        status: Option<Vec<PromiseQuestionStatus>>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor to start after.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Page<PromiseQuestion>>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let mut select = query::visible_to(actor)?;
        if let Some(order_id) = order_id {
            select = select.filter(promise_question::Column::OrderId.eq(order_id.0));
        }
        if let Some(status) = status {
            let status = status.into_iter().map(promise_question::PromiseQuestionStatus::from);
            select = select.filter(promise_question::Column::Status.is_in(status));
        }
        List::newest_first("promiseQuestions", actor.brand_id()?)
            .page(
                ctx,
                app.db.read(),
                select,
                promise_question::Column::Id,
                &PageArgs::new(first, after, last, before),
                |row: promise_question::Model| (row.id, PromiseQuestion::from(row)),
            )
            .await
            .map(Some)
    }
}

#[derive(Default)]
pub struct PromiseMutation;

#[Object]
impl PromiseMutation {
    /// Promises a later ship-by date: those who order from now on are shown it, and everyone who ordered before and
    /// still waits is asked to accept it or to have the money back.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn change_promise(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which presale, which date, and why.")] input: ChangePromiseInput,
    ) -> Result<Option<ChangePromisePayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let key = input.idempotency_key.clone();
        ChangePromisePayload::of(ctx, service::change::change(app, actor, &key, &input.into()).await).map(Some)
    }

    /// Accepts a later ship-by date of my order, or leaves it with all my money; what was paid as a 定金 comes back
    /// double.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn answer_promise_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which question, and my answer.")] input: AnswerPromiseChangeInput,
    ) -> Result<Option<AnswerPromiseChangePayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let key = input.idempotency_key.clone();
        AnswerPromiseChangePayload::of(ctx, service::answer::answer(app, actor, &key, &input.into()).await).map(Some)
    }
}
