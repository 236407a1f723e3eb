//! A cache of bytes: memory in one process, Redis between several. Losing it makes things slower, never wrong.

use std::time::Duration;

use bytes::Bytes;
use moka::Expiry;
use redis::AsyncCommands;
use redis::aio::ConnectionManager;

#[derive(Clone)]
pub enum Cache {
    Memory(moka::future::Cache<String, (Duration, Bytes)>),
    /// With the prefix of every key.
    Redis(ConnectionManager, String),
}

struct PerEntry;

impl Expiry<String, (Duration, Bytes)> for PerEntry {
    fn expire_after_create(&self, _: &String, value: &(Duration, Bytes), _: std::time::Instant) -> Option<Duration> {
        Some(value.0)
    }
}

impl Cache {
    /// At most 32 MiB.
    pub fn memory() -> Self {
        Cache::Memory(
            moka::future::Cache::builder()
                .max_capacity(32 << 20)
                .weigher(|key: &String, value: &(Duration, Bytes)| {
                    (key.len() + value.1.len()).try_into().unwrap_or(u32::MAX)
                })
                .expire_after(PerEntry)
                .build(),
        )
    }

    /// `None` when absent, expired, or when Redis does not answer.
    pub async fn get(&self, key: &str) -> Option<Bytes> {
        match self {
            Cache::Memory(cache) => cache.get(key).await.map(|(_, bytes)| bytes),
            Cache::Redis(redis, prefix) => {
                let found: redis::RedisResult<Option<Vec<u8>>> = redis.clone().get(prefixed(prefix, key)).await;
                found.inspect_err(|error| tracing::warn!(%error, "cache read failed")).ok().flatten().map(Bytes::from)
            }
        }
    }

    pub async fn put(&self, key: &str, value: Bytes, keep: Duration) {
        match self {
            Cache::Memory(cache) => cache.insert(key.to_owned(), (keep, value)).await,
            Cache::Redis(redis, prefix) => {
                let stored: redis::RedisResult<()> = redis
                    .clone()
                    .pset_ex(prefixed(prefix, key), value.as_ref(), u64::try_from(keep.as_millis()).unwrap_or(u64::MAX))
                    .await;
                if let Err(error) = stored {
                    tracing::warn!(%error, "cache write failed");
                }
            }
        }
    }

    pub async fn forget(&self, key: &str) {
        match self {
            Cache::Memory(cache) => cache.invalidate(key).await,
            Cache::Redis(redis, prefix) => {
                let gone: redis::RedisResult<()> = redis.clone().del(prefixed(prefix, key)).await;
                if let Err(error) = gone {
                    tracing::warn!(%error, "cache removal failed");
                }
            }
        }
    }
}

fn prefixed(prefix: &str, key: &str) -> String {
    format!("{prefix}:cache:{key}")
}
