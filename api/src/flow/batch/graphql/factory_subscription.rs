//! A factory's feed as it grows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use async_graphql::{Context, Subscription};
use futures_util::Stream;

use super::cursor::{FactoryCursor, FactoryList};
use super::factory::{FeedPage, feed_page, page_size};
use crate::app::App;
use crate::error::{Fault, Result};
use crate::live::{self, Push, Pushed};
use crate::news;
use crate::people::actor::Actor;
use crate::people::door;

#[derive(Default)]
pub struct FactorySubscription;

/// How far a feed was pushed.
#[derive(Default)]
struct Told {
    sequence: AtomicI64,
    /// Whether the first message, which may be empty, is out.
    begun: AtomicBool,
}

#[Subscription]
impl FactorySubscription {
    /// New entries of my feed, oldest first, over all brands: those after `after` now, then what comes, at most one
    /// message a second. After a break subscribe with the cursor of the last entry you have worked on: nothing is
    /// missed and nothing comes twice.
    #[graphql(guard = "door::FACTORY", directive = door::needs::apply(door::FACTORY.roles()))]
    async fn factory_feed<'ctx>(
        &self,
        ctx: &'ctx Context<'_>,
        #[graphql(desc = "Cursor of the last entry you know; from the beginning when missing.")] after: Option<String>,
        #[graphql(desc = "How many entries one message holds at most, 1 to 100.", default = 50)] first: i32,
    ) -> Result<impl Stream<Item = Pushed<Option<FeedPage>>> + 'ctx> {
        let factory_id = ctx.data_unchecked::<Actor>().factory()?.id;
        let size = page_size(first)?;
        let place = FactoryCursor::open(FactoryList::Feed, factory_id, after.as_deref())?;
        let sequence = i64::try_from(place.unwrap_or(0)).map_err(|_| Fault::BadCursor)?;
        let told = Arc::new(Told { sequence: sequence.into(), begun: false.into() });
        Ok(live::follow(ctx, &news::feed_of(factory_id), move || {
            let told = told.clone();
            async move { next_page(ctx.data_unchecked::<App>(), factory_id, size, &told).await }
        }))
    }
}

async fn next_page(app: &App, factory_id: uuid::Uuid, size: usize, told: &Told) -> Result<Push<Option<FeedPage>>> {
    let page = feed_page(app, factory_id, told.sequence.load(Ordering::Relaxed), size).await?;
    let begun = told.begun.swap(true, Ordering::Relaxed);
    match page.edges.last() {
        Some(last) => told.sequence.store(last.node.0.sequence, Ordering::Relaxed),
        None if begun => return Ok(Push::Nothing),
        None => {}
    }
    let more = page.has_next_page;
    Ok(if more { Push::Part(Some(page)) } else { Push::State(Some(page)) })
}
