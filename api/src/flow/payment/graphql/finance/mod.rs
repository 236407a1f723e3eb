//! The finance desk in the API: what needs a person, and what people did.

mod desk;
mod reconcile;
mod refund;
mod trail;

pub use desk::{FinanceDesk, MoneyPile};
pub use reconcile::{Difference, ReconcileMutation, ReconcileQuery, Reconciliation};
pub use refund::RefundDeskMutation;
pub use trail::{AuditEntry, ProviderEvent};

use async_graphql::{Context, ID, InputObject, Object};
use entity::audit as row;

use crate::app::App;
use crate::base::page::{List, Page, PageArgs};
use crate::error::Result;
use crate::flow::payment::{audit, desk as finance, ledger::query, problem};
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door;

/// Which mismatch a person has settled, and how.
#[derive(InputObject)]
pub struct ResolveProviderEventInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// `eventId` of a stuck event.
    pub event_id: ID,
    /// How it was settled, up to 500 characters; it stays in the audit trail.
    pub note: String,
}

payload!(
    /// What came of settling a mismatch.
    ResolveProviderEventPayload {
        /// The event with what was noted; null when refused.
        provider_event: ProviderEvent
    }
);

#[derive(Default)]
pub struct FinanceQuery;

#[Object]
impl FinanceQuery {
    /// What the brand holds and owes, what is in flight, and what is stuck.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn finance_desk(&self, ctx: &Context<'_>) -> Result<Option<FinanceDesk>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        Ok(Some(FinanceDesk(finance::read(app.db.read(), actor.brand_id()?).await?)))
    }

    /// What people did to money by hand, newest first.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn audit_trail(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor to start after.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Page<AuditEntry>>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let brand_id = actor.brand_id()?;
        let (currency, _) = query::brand(app.db.read(), brand_id).await?;
        List::newest_first("auditTrail", brand_id)
            .page(
                ctx,
                app.db.read(),
                audit::trail(brand_id),
                row::Column::Id,
                &PageArgs::new(first, after, last, before),
                |row: row::Model| (row.id, AuditEntry { row, currency: currency.clone() }),
            )
            .await
            .map(Some)
    }
}

#[derive(Default)]
pub struct FinanceMutation;

#[Object]
impl FinanceMutation {
    /// Notes how a payment or refund that fits nothing here was settled. It moves no money.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn resolve_provider_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which event, and how it was settled.")] input: ResolveProviderEventInput,
    ) -> Result<Option<ResolveProviderEventPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let (currency, _) = query::brand(app.db.read(), actor.brand_id()?).await?;
        let outcome = problem::resolve(app, actor, &input.idempotency_key, &input.event_id, &input.note).await;
        let outcome = outcome.map(|done| done.map(|row| ProviderEvent { row, currency }));
        ResolveProviderEventPayload::of(ctx, outcome).map(Some)
    }
}
