//! My orders as they move.

use async_graphql::{Context, Subscription};
use entity::order;
use futures_util::Stream;

use super::Order;
use crate::app::App;
use crate::base::page::{List, Page, PageArgs};
use crate::error::Result;
use crate::flow::order::query;
use crate::live::{self, Push, Pushed};
use crate::news;
use crate::people::actor::Actor;
use crate::people::door;

#[derive(Default)]
pub struct OrderSubscription;

#[Subscription]
impl OrderSubscription {
    /// My newest orders: now, and again when one is new or changed, at most once a second. After a break subscribe
    /// again: the first message is the current state. Older ones are in the query `myOrders`.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn my_orders<'ctx>(
        &self,
        ctx: &'ctx Context<'_>,
        #[graphql(desc = "How many of the newest, up to 100; 20 when null.")] first: Option<i32>,
    ) -> Result<impl Stream<Item = Pushed<Option<Page<Order>>>> + 'ctx> {
        let member_id = ctx.data_unchecked::<Actor>().member()?.id;
        Ok(live::follow(ctx, &news::orders_of(member_id), move || async move {
            let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
            let list = List::newest_first("myOrders", member_id);
            let args = PageArgs::new(first, None, None, None);
            let view = |row: order::Model| (row.id, Order(row));
            let select = query::visible_to(actor)?;
            list.page(ctx, app.db.read(), select, order::Column::Id, &args, view)
                .await
                .map(|page| Push::State(Some(page)))
        }))
    }
}
