//! Progress towards the target.

use async_graphql::{Context, Subscription};
use futures_util::Stream;

use super::Presale;
use crate::app::App;
use crate::base::id::PresaleId;
use crate::error::Result;
use crate::flow::presale::query;
use crate::live::{self, Push, Pushed};
use crate::news;
use crate::people::actor::Actor;
use crate::people::door;

#[derive(Default)]
pub struct PresaleSubscription;

#[Subscription]
impl PresaleSubscription {
    /// A presale with what is paid and what is left: now, and again when it changed, at most once a second. After a
    /// break subscribe again: the first message is the current state.
    #[graphql(guard = "door::BRAND", directive = door::needs::apply(door::BRAND.roles()))]
    async fn presale_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which presale.")] presale_id: PresaleId,
    ) -> Result<impl Stream<Item = Pushed<Option<Presale>>>> {
        let (app, actor) = (ctx.data_unchecked::<App>().clone(), ctx.data_unchecked::<Actor>().clone());
        Ok(live::follow(ctx, &news::presale(presale_id.0), move || {
            let (app, actor) = (app.clone(), actor.clone());
            async move { Ok(Push::State(Some(query::find_visible(app.db.read(), &actor, presale_id.0).await?.into()))) }
        }))
    }
}
