//! What subscriptions share: the current state at once, then the newest state after news of a topic,
//! at most once a second.
//!
//! News is a mark, not a message: whatever happens while a push waits (for its second, for its price,
//! for a slow client) is in the one state that is read afterwards. Each read goes through the same
//! query as a request would, with the same actor, so a thing that is no longer theirs to see ends the
//! subscription. Whether the actor is still who they were is the socket's to watch.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_graphql::Context;
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use crate::app::App;
use crate::base::bus::Listener;
use crate::base::limit::TooMany;
use crate::base::share::Place;
use crate::error::Result;

/// Between two pushes of one subscription.
pub const PACE: Duration = Duration::from_secs(1);

/// What each push costs, and whose buckets pay. The edge puts it into the request's data, and has
/// taken the price of the first push already.
#[derive(Clone)]
pub struct Toll {
    pub bucket: String,
    pub brand: Option<Uuid>,
    /// In whose share of the database its reads are.
    pub whose: Uuid,
    pub cost: u32,
    pub held: Held,
}

/// The place of a push from its read until its answer is whole: the engine reads what is selected of it afterwards.
#[derive(Clone, Default)]
pub struct Held(Arc<Mutex<Option<Place<Uuid>>>>);

impl Held {
    fn keep(&self, place: Place<Uuid>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
    }

    pub fn release(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// What there is to push.
pub enum Push<T> {
    /// Nothing new after all.
    Nothing,
    /// The current state.
    State(T),
    /// A part; the next one waits already.
    Part(T),
}

/// An item of a subscription's stream; the engine wants an error that can be cloned, with ours inside.
pub type Pushed<T> = async_graphql::Result<T>;

struct Follow<Read> {
    app: App,
    toll: Toll,
    listener: Listener,
    read: Read,
    /// When the next push may be; `None` before the first one.
    due: Option<Instant>,
    /// Whether there is more to read without any news.
    more: bool,
    ended: bool,
}

/// Streams what `read` gives: now, and again after news on `topic`. An error is pushed
/// too, and ends the stream.
pub fn follow<T, Read, Fut>(
    ctx: &Context<'_>,
    topic: &str,
    read: Read,
) -> impl Stream<Item = Pushed<T>> + use<T, Read, Fut>
where
    Read: FnMut() -> Fut,
    Fut: Future<Output = Result<Push<T>>>,
{
    let app = ctx.data_unchecked::<App>().clone();
    let toll = ctx.data_unchecked::<Toll>().clone();
    // Before the first read, so that nothing falls between the two.
    let listener = app.bus.listen(topic);
    unfold(Follow { app, toll, listener, read, due: None, more: false, ended: false }, |mut follow| async move {
        if follow.ended {
            return None;
        }
        let item: Pushed<T> = follow.next().await.map_err(Into::into);
        follow.ended = item.is_err();
        Some((item, follow))
    })
}

impl<Read> Follow<Read> {
    async fn next<T, Fut>(&mut self) -> Result<T>
    where
        Read: FnMut() -> Fut,
        Fut: Future<Output = Result<Push<T>>>,
    {
        loop {
            if let Some(due) = self.due {
                if !self.more {
                    self.listener.changed().await;
                }
                sleep_until(due).await;
                let Toll { bucket, brand, cost, .. } = &self.toll;
                while let Err(TooMany(wait)) = self.app.limiter.pay_push(bucket, *brand, *cost).await {
                    sleep(wait).await;
                }
            }
            // Of those who all wait for the same news, too, a neighbour notices no more than a brand's share.
            self.toll.held.keep(self.app.pushes.wait(self.toll.whose).await);
            self.listener.seen();
            self.due = Some(Instant::now() + PACE);
            let push = (self.read)().await?;
            self.more = matches!(push, Push::Part(_));
            match push {
                Push::Nothing => self.toll.held.release(),
                Push::State(value) | Push::Part(value) => return Ok(value),
            }
        }
    }
}
