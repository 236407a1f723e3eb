//! News between processes: a broadcast inside one, Redis pub/sub between several.
//!
//! Best effort: it wakes workers and, later, subscriptions. What must not be lost is in the outbox.

use redis::aio::ConnectionManager;
use redis::{AsyncCommands, Client};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

const BACKLOG: usize = 1024;

#[derive(Clone)]
pub struct Bus {
    local: broadcast::Sender<String>,
    redis: Option<(ConnectionManager, String)>,
}

impl Bus {
    pub fn memory() -> Self {
        Bus { local: broadcast::channel(BACKLOG).0, redis: None }
    }

    /// Listens on its own connection until `stop`; reconnects by itself after a second.
    pub fn redis(client: Client, publisher: ConnectionManager, prefix: &str, stop: CancellationToken) -> Self {
        let channel = format!("{prefix}:bus");
        let local = broadcast::channel(BACKLOG).0;
        let (forward, topic) = (local.clone(), channel.clone());
        tokio::spawn(async move {
            while !stop.is_cancelled() {
                tokio::select! {
                    () = stop.cancelled() => return,
                    outcome = listen(&client, &topic, &forward) => {
                        if let Err(error) = outcome {
                            tracing::warn!(%error, "bus connection lost; connecting again");
                        }
                        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                    }
                }
            }
        });
        Bus { local, redis: Some((publisher, channel)) }
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

    pub fn subscribe(&self) -> broadcast::Receiver<String> {
        self.local.subscribe()
    }
}

async fn listen(client: &Client, channel: &str, forward: &broadcast::Sender<String>) -> redis::RedisResult<()> {
    use futures_util::StreamExt;
    let mut pubsub = client.get_async_pubsub().await?;
    pubsub.subscribe(channel).await?;
    let mut messages = pubsub.on_message();
    while let Some(message) = messages.next().await {
        let _ = forward.send(message.get_payload()?);
    }
    Ok(())
}
