//! Days held against WeChat Pay's bills, in the API.

mod difference;
mod view;

pub use difference::Difference;
pub use view::Reconciliation;

use async_graphql::{Context, InputObject, Object};
use chrono::NaiveDate;
use entity::reconciliation;

use crate::app::App;
use crate::base::id::DifferenceId;
use crate::base::page::{List, Page, PageArgs};
use crate::error::Result;
use crate::flow::payment::ledger::query;
use crate::flow::payment::reconcile as days;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door;

/// Which day to look at again.
#[derive(InputObject)]
pub struct ReconcileDayInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// A day in Beijing, over since 10:00 of the next and not three months ago.
    pub date: NaiveDate,
}

/// Which difference a person has settled, and how.
#[derive(InputObject)]
pub struct ResolveDifferenceInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// An open difference.
    pub difference_id: DifferenceId,
    /// How it was settled, up to 500 characters; it stays in the audit trail.
    pub note: String,
}

payload!(
    /// What came of looking at a day again.
    ReconcileDayPayload {
        /// The day as it is now; null when refused. `lastError` says when its bills could not be had.
        reconciliation: Reconciliation
    }
);
payload!(
    /// What came of settling a difference.
    ResolveDifferencePayload {
        /// The difference with what was noted; null when refused.
        difference: Difference
    }
);

#[derive(Default)]
pub struct ReconcileQuery;

#[Object]
impl ReconcileQuery {
    /// Days held against WeChat Pay's bills, newest first: one each day at 10:30 in Beijing, for the day before.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn reconciliations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor to start after.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Page<Reconciliation>>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let brand_id = actor.brand_id()?;
        let (currency, _) = query::brand(app.db.read(), brand_id).await?;
        List::newest_first("reconciliations", brand_id)
            .page(
                ctx,
                app.db.read(),
                days::query::days(brand_id),
                reconciliation::Column::Id,
                &PageArgs::new(first, after, last, before),
                |row: reconciliation::Model| (row.id, Reconciliation { row, currency: currency.clone() }),
            )
            .await
            .map(Some)
    }
}

#[derive(Default)]
pub struct ReconcileMutation;

#[Object]
impl ReconcileMutation {
    /// Holds a day's bills against the rows here now. What only the bill knows is acted on first; open differences
    /// are found anew, settled ones stay settled.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn reconcile_day(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which day.")] input: ReconcileDayInput,
    ) -> Result<Option<ReconcileDayPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let (currency, _) = query::brand(app.db.read(), actor.brand_id()?).await?;
        let outcome = days::reconcile_day(app, actor, &input.idempotency_key, input.date).await;
        let outcome = outcome.map(|done| done.map(|row| Reconciliation { row, currency }));
        ReconcileDayPayload::of(ctx, outcome).map(Some)
    }

    /// Notes how a difference between a bill and the rows here was settled. It moves no money.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn resolve_difference(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which difference, and how it was settled.")] input: ResolveDifferenceInput,
    ) -> Result<Option<ResolveDifferencePayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let (currency, _) = query::brand(app.db.read(), actor.brand_id()?).await?;
        let (key, note) = (&input.idempotency_key, &input.note);
        let outcome = days::resolve(app, actor, key, input.difference_id.0, note).await;
        let outcome = outcome.map(|done| done.map(|row| Difference { row, currency }));
        ResolveDifferencePayload::of(ctx, outcome).map(Some)
    }
}
