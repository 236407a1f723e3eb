//! Money that people decide to give back, in the API.

use async_graphql::{Context, Object};
use entity::{after_sales, compensation};
use sea_orm::{ColumnTrait, QueryFilter};

use super::after_sales::{AfterSales, AfterSalesStatus};
use super::compensation::Compensation;
use super::input::{DecideAfterSalesInput, OpenAfterSalesInput, RefundOrderInput};
use crate::app::App;
use crate::base::id::OrderId;
use crate::base::page::{List, Page, PageArgs};
use crate::error::{Refusal, Result};
use crate::flow::order::graphql::Order;
use crate::flow::payment::refund::{Agreed, What};
use crate::flow::payment::{after_sales as cases, query, refund};
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door::{self, Door, Role};

const FINANCE_OR_SUPPORT: Door = Door(&[Role::Finance, Role::Support]);

payload!(
    /// What came of refunding an order, or a part of it.
    RefundOrderPayload {
        /// The order, its refunds on the way; null when refused.
        order: Order
    }
);
payload!(
    /// What came of asking for money back.
    OpenAfterSalesPayload {
        /// The case, waiting for the brand; null when refused.
        after_sales: AfterSales
    }
);
payload!(
    /// What came of deciding about a case.
    DecideAfterSalesPayload {
        /// The case as decided; null when refused.
        after_sales: AfterSales
    }
);

#[derive(Default)]
pub struct BackQuery;

#[Object]
impl BackQuery {
    /// After-sales cases, newest first: mine for members, all of the brand for staff.
    #[graphql(guard = "door::BRAND", directive = door::needs::apply(door::BRAND.roles()))]
    #[allow(clippy::too_many_arguments)] // GraphQL arguments are function arguments
    async fn after_sales(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those about this order.")] order_id: Option<OrderId>,
        #[graphql(desc = "Only those in one of these states; null for any state, an empty list for none.")]
        status: Option<Vec<AfterSalesStatus>>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor to start after.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Page<AfterSales>>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let mut select = cases::query::visible_to(actor)?;
        if let Some(order_id) = order_id {
            select = select.filter(after_sales::Column::OrderId.eq(order_id.0));
        }
        if let Some(status) = status {
            let status = status.into_iter().map(after_sales::AfterSalesStatus::from);
            select = select.filter(after_sales::Column::Status.is_in(status));
        }
        List::newest_first("afterSales", actor.brand_id()?)
            .page(
                ctx,
                app.db.read(),
                select,
                after_sales::Column::Id,
                &PageArgs::new(first, after, last, before),
                |row: after_sales::Model| (row.id, AfterSales(row)),
            )
            .await
            .map(Some)
    }

    /// What the brand owes buyers beyond their money because it did not keep its word, newest first.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn compensations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor to start after.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Page<Compensation>>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let brand_id = actor.brand_id()?;
        List::newest_first("compensations", brand_id)
            .page(
                ctx,
                app.db.read(),
                query::compensations(brand_id),
                compensation::Column::Id,
                &PageArgs::new(first, after, last, before),
                |row: compensation::Model| (row.id, Compensation(row)),
            )
            .await
            .map(Some)
    }
}

#[derive(Default)]
pub struct BackMutation;

#[Object]
impl BackMutation {
    /// Gives back what was agreed on with the buyer, before shipment: the whole order, pieces that are in no batch
    /// yet and will not be made, or an amount. After shipment see `decideAfterSales`.
    #[graphql(guard = "FINANCE_OR_SUPPORT", directive = door::needs::apply(FINANCE_OR_SUPPORT.roles()))]
    async fn refund_order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which order, what of it, and why.")] input: RefundOrderInput,
    ) -> Result<Option<RefundOrderPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let key = input.idempotency_key.clone();
        let outcome = match agreed(input) {
            Ok(input) => refund::agreed(app, actor, &key, &input).await,
            Err(refusal) => Err(refusal.into()),
        };
        RefundOrderPayload::of(ctx, outcome).map(Some)
    }

    /// Asks the brand to take pieces of my order back that were shipped.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn open_after_sales(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which pieces, and why.")] input: OpenAfterSalesInput,
    ) -> Result<Option<OpenAfterSalesPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let key = input.idempotency_key.clone();
        OpenAfterSalesPayload::of(ctx, cases::open(app, actor, &key, &input.into()).await).map(Some)
    }

    /// Approves a case, which refunds its pieces, or refuses it with words.
    #[graphql(guard = "FINANCE_OR_SUPPORT", directive = door::needs::apply(FINANCE_OR_SUPPORT.roles()))]
    async fn decide_after_sales(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which case, and the answer to the buyer.")] input: DecideAfterSalesInput,
    ) -> Result<Option<DecideAfterSalesPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let key = input.idempotency_key.clone();
        DecideAfterSalesPayload::of(ctx, cases::decide(app, actor, &key, &input.into()).await).map(Some)
    }
}

fn agreed(input: RefundOrderInput) -> Result<Agreed, Refusal> {
    let what = match (input.lines, input.amount) {
        (None, None) => What::Whole,
        (Some(lines), None) => What::Pieces(lines.into_iter().map(|line| (line.line_id.0, line.pieces)).collect()),
        (None, Some(amount)) => What::Amount(amount.0),
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid(
                "amount",
                "Name pieces or an amount, not both; name neither for the whole order.",
                "请填写退款件数或退款金额其中一项；整单退款则两项都不填。",
            ));
        }
    };
    Ok(Agreed { order_id: input.order_id.0, what, version: input.version, reason: input.reason })
}
