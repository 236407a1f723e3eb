//! The tally as it rises.

use async_graphql::{Context, Subscription};
use futures_util::Stream;

use super::Round;
use crate::app::App;
use crate::base::id::RoundId;
use crate::error::Result;
use crate::flow::round::query;
use crate::live::{self, Push, Pushed};
use crate::news;
use crate::people::actor::Actor;
use crate::people::door;

#[derive(Default)]
pub struct RoundSubscription;

#[Subscription]
impl RoundSubscription {
    /// A round with its tally: now, and again when it changed, at most once a second. After a break subscribe
    /// again: the first message is the current state.
    #[graphql(guard = "door::BRAND", directive = door::needs::apply(door::BRAND.roles()))]
    async fn round_tally(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which round.")] round_id: RoundId,
    ) -> Result<impl Stream<Item = Pushed<Option<Round>>>> {
        let (app, actor) = (ctx.data_unchecked::<App>().clone(), ctx.data_unchecked::<Actor>().clone());
        Ok(live::follow(ctx, &news::round(round_id.0), move || {
            let (app, actor) = (app.clone(), actor.clone());
            async move { Ok(Push::State(Some(Round(query::find_visible(app.db.read(), &actor, round_id.0).await?)))) }
        }))
    }
}
