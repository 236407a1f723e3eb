//! Orders in the API. Paying, cancelling and refunds are with the payment stage.

mod book;
mod input;
mod leg;
mod subscription;
mod view;

pub use subscription::OrderSubscription;
pub use view::{Order, OrderAction, OrderLine, OrderStatus};

use async_graphql::{Context, Object};
use entity::order;
use sea_orm::{ColumnTrait, QueryFilter};

use self::book::DemandBook;
use self::input::{ChangeOrderInput, PlaceOrderInput};
use super::{demand, query, service};
use crate::app::App;
use crate::base::id::{OrderId, PresaleId};
use crate::base::page::{List, Page, PageArgs};
use crate::error::Result;
use crate::flow::presale;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door;

payload!(
    /// What came of placing an order.
    PlaceOrderPayload {
        /// The order, to be paid before `holdExpiresAt`; null when refused.
        order: Order
    }
);
payload!(
    /// What came of changing an order.
    ChangeOrderPayload {
        /// The order as changed; null when refused.
        order: Order
    }
);

#[derive(Default)]
pub struct OrderQuery;

#[Object]
impl OrderQuery {
    /// One order: my own, or any of the brand's for staff.
    #[graphql(guard = "door::BRAND", directive = door::needs::apply(door::BRAND.roles()))]
    async fn order(&self, ctx: &Context<'_>, #[graphql(desc = "Which order.")] id: OrderId) -> Result<Option<Order>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        Ok(Some(query::find_visible(app.db.read(), actor, id.0).await?.into()))
    }

    /// My orders, newest first.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn my_orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor to start after.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Page<Order>>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let select = query::visible_to(actor)?;
        List::newest_first("myOrders", actor.member()?.id)
            .page(
                ctx,
                app.db.read(),
                select,
                order::Column::Id,
                &PageArgs::new(first, after, last, before),
                |row: order::Model| (row.id, Order(row)),
            )
            .await
            .map(Some)
    }

    /// Orders of the brand, newest first.
    #[graphql(guard = "door::STAFF", directive = door::needs::apply(door::STAFF.roles()))]
    #[allow(clippy::too_many_arguments)] // GraphQL arguments are function arguments
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this presale.")] presale_id: Option<PresaleId>,
        #[graphql(desc = "Only those in one of these states; null for any state, an empty list for none.")]
        status: Option<Vec<OrderStatus>>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor to start after.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Page<Order>>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let mut select = query::visible_to(actor)?;
        if let Some(presale_id) = presale_id {
            select = select.filter(order::Column::PresaleId.eq(presale_id.0));
        }
        if let Some(status) = status {
            let status = status.into_iter().map(order::OrderStatus::from);
            select = select.filter(order::Column::Status.is_in(status));
        }
        List::newest_first("orders", actor.brand_id()?)
            .page(
                ctx,
                app.db.read(),
                select,
                order::Column::Id,
                &PageArgs::new(first, after, last, before),
                |row: order::Model| (row.id, Order(row)),
            )
            .await
            .map(Some)
    }

    /// What is held, paid and batched of each colour and size of a presale.
    #[graphql(guard = "door::STAFF", directive = door::needs::apply(door::STAFF.roles()))]
    async fn demand_book(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which presale.")] presale_id: PresaleId,
    ) -> Result<Option<DemandBook>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let presale = presale::query::find(app.db.read(), actor.brand_id()?, presale_id.0).await?;
        Ok(Some(DemandBook(demand::book(app.db.read(), presale.brand_id, presale.id).await?)))
    }
}

#[derive(Default)]
pub struct OrderMutation;

#[Object]
impl OrderMutation {
    /// Puts pieces of an open presale on hold for me until they are paid or the hold ends.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn place_order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to order, and what I was shown about it.")] input: PlaceOrderInput,
    ) -> Result<Option<PlaceOrderPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let key = input.idempotency_key.clone();
        PlaceOrderPayload::of(ctx, service::place(app, actor, &key, &input.into()).await).map(Some)
    }

    /// Changes colour or size of lines, or the address, before the order goes into a batch.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn change_order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change, and the version it is about.")] input: ChangeOrderInput,
    ) -> Result<Option<ChangeOrderPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let key = input.idempotency_key.clone();
        ChangeOrderPayload::of(ctx, service::change(app, actor, &key, &input.into()).await).map(Some)
    }
}
