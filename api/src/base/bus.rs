//! News between processes: a broadcast inside one, Redis pub/sub between several.
//!
//! Best effort: it wakes workers and, later, subscriptions. What must not be lost is in the outbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::ConnectionManager;
use redis::{AsyncCommands, Client};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

const BACKLOG: usize = 1024;
/// How long [`Bus::tell`] waits for Redis.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub struct Bus {
    local: broadcast::Sender<String>,
    redis: Option<(ConnectionManager, String)>,
    /// Odd while listening to the other processes; rises with each change of that.
    line: Arc<AtomicU64>,
}

impl Bus {
    pub fn memory() -> Self {
        Bus { local: broadcast::channel(BACKLOG).0, redis: None, line: Arc::default() }
    }

    /// Listens on its own connection until `stop`; reconnects by itself after a second.
    pub fn redis(client: Client, publisher: ConnectionManager, prefix: &str, stop: CancellationToken) -> Self {
        let channel = format!("{prefix}:bus");
        let local = broadcast::channel(BACKLOG).0;
        let (forward, topic) = (local.clone(), channel.clone());
        let line = Arc::new(AtomicU64::new(0));
        let mine = line.clone();
        tokio::spawn(async move {
            while !stop.is_cancelled() {
                tokio::select! {
                    () = stop.cancelled() => return,
                    outcome = listen(&client, &topic, &forward, &mine) => {
                        if mine.load(Ordering::SeqCst) % 2 == 1 {
                            mine.fetch_add(1, Ordering::SeqCst);
                        }
                        if let Err(error) = outcome {
                            tracing::warn!(%error, "bus connection lost; connecting again");
                        }
                        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                    }
                }
            }
        });
        Bus { local, redis: Some((publisher, channel)), line }
    }

    /// Tells every process, this one too, that there is news on `topic`.
    pub fn publish(&self, topic: &str) {
        match &self.redis {
            None => {
                let _ = self.local.send(topic.to_owned());
            }
            Some((redis, channel)) => {
                let (mut redis, channel) = (redis.clone(), channel.clone());
                let (local, topic) = (self.local.clone(), topic.to_owned());
                tokio::spawn(async move {
                    let sent: redis::RedisResult<()> = redis.publish(channel, &topic).await;
                    if sent.is_err() {
                        let _ = local.send(topic);
                    }
                });
            }
        }
    }

    /// Like [`publish`](Bus::publish), but the news is with Redis when this returns, or Redis does not answer.
    pub async fn tell(&self, topic: &str) {
        let Some((redis, channel)) = &self.redis else { return self.publish(topic) };
        let mut redis = redis.clone();
        let sent = tokio::time::timeout(PATIENCE, redis.publish::<_, _, ()>(channel, topic)).await;
        if !matches!(sent, Ok(Ok(()))) {
            let _ = self.local.send(topic.to_owned());
        }
    }

    /// Names the unbroken connection on which the news of other processes comes; `None` while there is none. What
    /// was read on one line is not known to be current on the next.
    pub fn line(&self) -> Option<u64> {
        Some(self.line.load(Ordering::SeqCst)).filter(|line| line % 2 == 1)
    }

    pub fn subscribe(&self) -> broadcast::Receiver<String> {
        self.local.subscribe()
    }
}

async fn listen(
    client: &Client,
    channel: &str,
    forward: &broadcast::Sender<String>,
    line: &AtomicU64,
) -> redis::RedisResult<()> {
    use futures_util::StreamExt;
    let mut pubsub = client.get_async_pubsub().await?;
    pubsub.subscribe(channel).await?;
    line.fetch_add(1, Ordering::SeqCst);
    let mut messages = pubsub.on_message();
    while let Some(message) = messages.next().await {
        let _ = forward.send(message.get_payload()?);
    }
    Ok(())
}
