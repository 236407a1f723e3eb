//! Paying, cancelling and refunds in the API.

mod finance;
mod after_sales;
mod back;
mod compensation;
mod input;
mod ledger;
mod view;

pub use after_sales::AfterSales;
pub use back::{BackMutation, BackQuery};
pub use compensation::{Compensation, CompensationStatus};
pub use finance::{FinanceMutation, FinanceQuery, MoneyPile, ReconcileMutation, ReconcileQuery, RefundDeskMutation};
pub use ledger::LedgerQuery;
pub use view::{Refund, RefundReason, RefundStatus, WechatPayParams};

use async_graphql::{Context, Object, SimpleObject};
use entity::refund;

use self::input::{CancelOrderInput, ConfirmPaymentInput, PayOrderInput, RefundShortPiecesInput, RetryRefundInput};
use super::query;
use crate::app::App;
use crate::base::id::OrderId;
use crate::base::once::Done;
use crate::base::page::{List, Page, PageArgs};
use crate::base::payload::{UserError, split};
use crate::error::{Error, Fault, Result};
use crate::flow::order::graphql::Order;
use crate::flow::order::query as orders;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door::{self, Door, Role};

const FINANCE_OR_MERCHANDISER: Door = Door(&[Role::Finance, Role::Merchandiser]);

payload!(
    /// What came of confirming a payment.
    ConfirmPaymentPayload {
        /// The order as it is now: still pending when WeChat knows of no payment yet.
        order: Order
    }
);
payload!(
    /// What came of cancelling an order.
    CancelOrderPayload {
        /// The order: cancelled, or with its refund on the way; null when refused.
        order: Order
    }
);
payload!(
    /// What came of refunding the missing pieces of an order.
    RefundShortPiecesPayload {
        /// The refund on its way; null when refused.
        refund: Refund
    }
);
payload!(
    /// What came of sending a refund once more.
    RetryRefundPayload {
        /// The new refund; null when refused.
        refund: Refund
    }
);

/// What came of making an order payable.
#[derive(SimpleObject)]
pub struct PayOrderPayload {
    /// Hand it to `wx.requestPayment` unchanged; null when refused.
    pub params: Option<WechatPayParams>,
    /// The order; null when refused.
    pub order: Option<Order>,
    /// Why it was refused; empty when it can be paid.
    pub user_errors: Vec<UserError>,
}

#[derive(Default)]
pub struct PaymentQuery;

#[Object]
impl PaymentQuery {
    /// Refunds, newest first: of my order for members, of the whole brand for staff.
    #[graphql(guard = "door::BRAND", directive = door::needs::apply(door::BRAND.roles()))]
    #[allow(clippy::too_many_arguments)] // GraphQL arguments are function arguments
    async fn refunds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this order; members must name one of theirs.")] order_id: Option<OrderId>,
        #[graphql(desc = "Only those in one of these states; null for any state, an empty list for none.")]
        status: Option<Vec<RefundStatus>>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor to start after.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Page<Refund>>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        match order_id {
            Some(id) => drop(orders::find_visible(app.db.read(), actor, id.0).await?),
            None if actor.member().is_ok() => {
                return Err(Error::Fault(Fault::BadRequest("members name the order: `orderId`".into())));
            }
            None => {}
        }
        let brand_id = actor.brand_id()?;
        let status = status.map(|status| status.into_iter().map(refund::RefundStatus::from).collect());
        List::newest_first("refunds", order_id.map_or(brand_id, |id| id.0))
            .page(
                ctx,
                app.db.read(),
                query::refunds(brand_id, order_id.map(|id| id.0), status),
                refund::Column::Id,
                &PageArgs::new(first, after, last, before),
                |row: refund::Model| (row.id, Refund(row)),
            )
            .await
            .map(Some)
    }
}

#[derive(Default)]
pub struct PaymentMutation;

#[Object]
impl PaymentMutation {
    /// Makes what is due of my order now (its `amountDue`) payable with `wx.requestPayment`. Asking again gives
    /// fresh parameters for the same payment.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn pay_order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which order.")] input: PayOrderInput,
    ) -> Result<Option<PayOrderPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let outcome = super::pay(app, actor, &input.idempotency_key, input.order_id.0).await;
        Ok(Some(match split(ctx, outcome)? {
            Ok(payable) => PayOrderPayload {
                params: Some(payable.params.into()),
                order: Some(payable.order.into()),
                user_errors: Vec::new(),
            },
            Err(user_errors) => PayOrderPayload { params: None, order: None, user_errors },
        }))
    }

    /// Asks WeChat whether my order is paid. Call it after every `wx.requestPayment`, whatever that
    /// said: only the server's word counts.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn confirm_payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which order.")] input: ConfirmPaymentInput,
    ) -> Result<Option<ConfirmPaymentPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let outcome = super::settle::confirm(app, actor, &input.idempotency_key, input.order_id.0).await;
        ConfirmPaymentPayload::of(ctx, outcome.map(Done::new)).map(Some)
    }

    /// Cancels my order before it is in a batch. What was paid comes back in full. A 定金 binds: an order of which
    /// only that is paid cannot be cancelled.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn cancel_order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which order.")] input: CancelOrderInput,
    ) -> Result<Option<CancelOrderPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let outcome = super::cancel(app, actor, &input.idempotency_key, input.order_id.0).await;
        CancelOrderPayload::of(ctx, outcome).map(Some)
    }

    /// Refunds those pieces of an order that a batch came short of and that are in no other batch.
    /// They will not be made any more; the order goes on with the rest.
    #[graphql(guard = "FINANCE_OR_MERCHANDISER", directive = door::needs::apply(FINANCE_OR_MERCHANDISER.roles()))]
    async fn refund_short_pieces(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which order.")] input: RefundShortPiecesInput,
    ) -> Result<Option<RefundShortPiecesPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let (key, why) = (&input.idempotency_key, input.why.as_deref());
        let outcome = super::refund::short_pieces(app, actor, key, input.order_id.0, why).await;
        RefundShortPiecesPayload::of(ctx, outcome).map(Some)
    }

    /// Sends a refund that WeChat Pay closed once more.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn retry_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which refund.")] input: RetryRefundInput,
    ) -> Result<Option<RetryRefundPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let (key, why) = (&input.idempotency_key, input.why.as_deref());
        let outcome = super::refund::again(app, actor, key, input.refund_id.0, why).await;
        RetryRefundPayload::of(ctx, outcome).map(Some)
    }
}
