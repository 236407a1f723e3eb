//! News between processes: channels by topic inside one, Redis pub/sub between several.
//!
//! A topic (`round:round_01h…`) only says that something changed; whoever listens reads again. So
//! nothing is queued: any number of messages that nobody has read yet are one. It is best effort;
//! what must not be lost is in the outbox.
//!
//! Listeners of the publishing process hear at once and whether or not Redis answers. Those of other
//! processes hear through Redis; when its connection comes back after a break, every listener is woken,
//! since nobody knows what it missed.
//!
//! - [`Bus::listen`]: one topic. Other topics do not wake it.
//! - [`Bus::listen_all`]: everything, such as for throwing away what was cached.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use redis::aio::ConnectionManager;
use redis::{AsyncCommands, Client};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

/// How far a listener to everything may lag before it has to take everything as changed.
const BACKLOG: usize = 4096;
const AGAIN: Duration = Duration::from_secs(1);
/// How long [`Bus::tell`] waits for Redis.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub struct Bus {
    local: Arc<Local>,
    redis: Option<Outside>,
}

/// The way to other processes.
#[derive(Clone)]
struct Outside {
    publisher: ConnectionManager,
    channel: Arc<str>,
    /// Stands before each topic we send, so that we know our own.
    me: Arc<str>,
    /// Odd while listening to the other processes; rises with each change of that.
    line: Arc<AtomicU64>,
}

/// What [`Bus::listen_all`] hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Topic(Arc<str>),
    /// Messages may have been missed: anything may have changed. A receiver that lagged
    /// ([`broadcast::error::RecvError::Lagged`]) has to take that the same way.
    Anything,
}

struct Local {
    topics: Mutex<HashMap<Arc<str>, watch::Sender<()>>>,
    all: broadcast::Sender<News>,
}

impl Local {
    fn new() -> Arc<Self> {
        Arc::new(Local { topics: Mutex::default(), all: broadcast::channel(BACKLOG).0 })
    }

    fn topics(&self) -> MutexGuard<'_, HashMap<Arc<str>, watch::Sender<()>>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, topic: &str) {
        if let Some(listeners) = self.topics().get(topic) {
            listeners.send_replace(());
        }
        if self.all.receiver_count() > 0 {
            let _ = self.all.send(News::Topic(topic.into()));
        }
    }

    fn tell_everyone(&self) {
        for listeners in self.topics().values() {
            listeners.send_replace(());
        }
        let _ = self.all.send(News::Anything);
    }
}

/// Hears of one topic.
pub struct Listener {
    local: Arc<Local>,
    topic: Arc<str>,
    news: watch::Receiver<()>,
}

impl Listener {
    /// Waits for news since the last call, or since [`Bus::listen`]. News in between is not missed.
    pub async fn changed(&mut self) {
        // The sender lives in the registry as long as this listener does.
        let _ = self.news.changed().await;
    }

    /// Takes what came until now as heard.
    pub fn seen(&mut self) {
        self.news.mark_unchanged();
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut topics = self.local.topics();
        // This one still counts.
        if topics.get(&self.topic).is_some_and(|listeners| listeners.receiver_count() <= 1) {
            topics.remove(&self.topic);
        }
    }
}

impl Bus {
    pub fn memory() -> Self {
        Bus { local: Local::new(), redis: None }
    }

    /// Listens on its own connection until `stop`; connects again by itself after a second. `me` is
    /// another one for each process.
    pub fn redis(
        client: Client,
        publisher: ConnectionManager,
        prefix: &str,
        me: &str,
        stop: CancellationToken,
    ) -> Self {
        let outside =
            Outside { publisher, channel: format!("{prefix}:bus").into(), me: me.into(), line: Arc::default() };
        let bus = Bus { local: Local::new(), redis: Some(outside.clone()) };
        let local = bus.local.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    outcome = hear(&client, &outside, &local) => {
                        if outside.line.load(Ordering::SeqCst) % 2 == 1 {
                            outside.line.fetch_add(1, Ordering::SeqCst);
                        }
                        if let Err(error) = outcome {
                            tracing::warn!(%error, "bus connection lost; connecting again");
                        }
                    }
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(AGAIN) => {}
                }
            }
        });
        bus
    }

    /// Tells every process, this one too, that there is news on `topic`.
    pub fn publish(&self, topic: &str) {
        self.publish_all([topic]);
    }

    /// The same for several topics, in one trip to Redis.
    pub fn publish_all<T: AsRef<str>>(&self, topics: impl IntoIterator<Item = T>) {
        let mut messages = redis::pipe();
        let mut any = false;
        for topic in topics {
            self.local.tell(topic.as_ref());
            if let Some(outside) = &self.redis {
                messages.publish(&*outside.channel, format!("{} {}", outside.me, topic.as_ref())).ignore();
                any = true;
            }
        }
        if let (true, Some(outside)) = (any, &self.redis) {
            let mut publisher = outside.publisher.clone();
            tokio::spawn(async move {
                let sent: redis::RedisResult<()> = messages.query_async(&mut publisher).await;
                if let Err(error) = sent {
                    tracing::warn!(%error, "other processes were not told the news");
                }
            });
        }
    }

    /// Like [`publish`](Bus::publish), but the news is with Redis when this returns, or Redis does not answer.
    pub async fn tell(&self, topic: &str) {
        self.local.tell(topic);
        let Some(outside) = &self.redis else { return };
        let (mut publisher, message) = (outside.publisher.clone(), format!("{} {topic}", outside.me));
        let sent = tokio::time::timeout(PATIENCE, publisher.publish::<_, _, ()>(&*outside.channel, message)).await;
        if !matches!(sent, Ok(Ok(()))) {
            tracing::warn!("other processes were not told the news");
        }
    }

    /// Names the unbroken connection on which the news of other processes comes; `None` while there is none. What
    /// was read on one line is not known to be current on the next.
    pub fn line(&self) -> Option<u64> {
        let outside = self.redis.as_ref()?;
        Some(outside.line.load(Ordering::SeqCst)).filter(|line| line % 2 == 1)
    }

    /// Hears of `topic` from now on.
    pub fn listen(&self, topic: &str) -> Listener {
        let topic: Arc<str> = topic.into();
        let news = self.local.topics().entry(topic.clone()).or_insert_with(|| watch::channel(()).0).subscribe();
        Listener { local: self.local.clone(), topic, news }
    }

    /// Hears of every topic from now on.
    pub fn listen_all(&self) -> broadcast::Receiver<News> {
        self.local.all.subscribe()
    }

    /// Topics that somebody listens to in this process.
    pub fn topics(&self) -> usize {
        self.local.topics().len()
    }
}

async fn hear(client: &Client, outside: &Outside, local: &Local) -> redis::RedisResult<()> {
    let mut pubsub = client.get_async_pubsub().await?;
    pubsub.subscribe(&*outside.channel).await?;
    outside.line.fetch_add(1, Ordering::SeqCst);
    // What was said while nobody listened is lost.
    local.tell_everyone();
    let mut messages = pubsub.on_message();
    while let Some(message) = messages.next().await {
        let text: String = message.get_payload()?;
        match text.split_once(' ') {
            Some((from, topic)) if from != &*outside.me => local.tell(topic),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn news_wakes_its_own_topic_once_however_often_it_is_told() {
        let bus = Bus::memory();
        let (mut here, mut there) = (bus.listen("here"), bus.listen("there"));
        bus.publish_all(["here", "here", "here"]);
        assert!(here.changed().now_or_never().is_some());
        assert!(here.changed().now_or_never().is_none());
        assert!(there.changed().now_or_never().is_none());
    }

    #[tokio::test]
    async fn a_listener_to_everything_hears_every_topic_and_learns_when_it_missed_some() {
        let bus = Bus::memory();
        let mut all = bus.listen_all();
        bus.publish("here");
        assert_eq!(all.recv().await, Ok(News::Topic("here".into())));
        bus.local.tell_everyone();
        assert_eq!(all.recv().await, Ok(News::Anything));
        (0..=BACKLOG).for_each(|_| bus.publish("there"));
        assert!(matches!(all.recv().await, Err(broadcast::error::RecvError::Lagged(_))));
    }

    #[tokio::test]
    async fn a_topic_is_forgotten_with_its_last_listener() {
        let bus = Bus::memory();
        let (first, mut second) = (bus.listen("here"), bus.listen("here"));
        drop(first);
        bus.publish("here");
        assert!(second.changed().now_or_never().is_some());
        assert_eq!(bus.topics(), 1);
        drop(second);
        assert_eq!(bus.topics(), 0);
    }
}
