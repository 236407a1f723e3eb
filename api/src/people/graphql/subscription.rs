//! The inbox as it fills.

use async_graphql::{Context, Subscription};
use futures_util::Stream;

use super::viewer::Viewer;
use crate::error::Result;
use crate::live::{self, Push, Pushed};
use crate::news;
use crate::people::actor::Actor;
use crate::people::door;

#[derive(Default)]
pub struct InboxSubscription;

#[Subscription]
impl InboxSubscription {
    /// I, with my `inbox` and `unreadCount`: now, and again when a message came or was read, at most once a second.
    /// After a break subscribe again: the first message is the current state.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn inbox(&self, ctx: &Context<'_>) -> Result<impl Stream<Item = Pushed<Option<Viewer>>>> {
        let actor = ctx.data_unchecked::<Actor>().clone();
        let member_id = actor.member()?.id;
        Ok(live::follow(ctx, &news::inbox_of(member_id), move || {
            let viewer = Viewer(actor.clone());
            async move { Ok(Push::State(Some(viewer))) }
        }))
    }
}
