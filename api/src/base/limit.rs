//! Rate limits by cost: each key has a bucket that refills steadily.
//!
//! Memory in one process, Redis between several. When Redis does not answer, each process limits by
//! itself in memory, so that a Redis outage opens no gate.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use redis::aio::ConnectionManager;

/// A bucket of `burst` points that refills at `per_second`.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub per_second: NonZeroU32,
    pub burst: NonZeroU32,
}

#[derive(Clone)]
pub struct Limiter {
    rate: Rate,
    memory: Arc<DefaultKeyedRateLimiter<String>>,
    redis: Option<(ConnectionManager, String)>,
}

/// Come back after this long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany(pub Duration);

/// Generic cell rate algorithm. KEYS[1]; ARGV: microseconds per point, burst in microseconds, cost in
/// microseconds. Returns the wait in microseconds, 0 when admitted. Redis' own clock, so that
/// processes with different clocks agree.
const GCRA: &str = "
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local next = due + tonumber(ARGV[3])
local wait = next - now - tonumber(ARGV[2])
if wait > 0 then return math.ceil(wait) end
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000) + 1)
return 0";

impl Limiter {
    /// `redis` comes with the prefix of every key.
    pub fn new(rate: Rate, redis: Option<(ConnectionManager, String)>) -> Self {
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        Limiter { rate, memory: Arc::new(DefaultKeyedRateLimiter::keyed(quota)), redis }
    }

    /// Takes `cost` points from `key`'s bucket; a cost above the burst counts as the burst.
    pub async fn take(&self, key: &str, cost: u32) -> Result<(), TooMany> {
        let cost = NonZeroU32::new(cost).unwrap_or(NonZeroU32::MIN).min(self.rate.burst);
        if let Some((redis, prefix)) = &self.redis {
            let point = 1_000_000 / u64::from(self.rate.per_second.get());
            let script = redis::Script::new(GCRA);
            let waited: redis::RedisResult<u64> = script
                .key(format!("{prefix}:limit:{key}"))
                .arg(point)
                .arg(point * u64::from(self.rate.burst.get()))
                .arg(point * u64::from(cost.get()))
                .invoke_async(&mut redis.clone())
                .await;
            match waited {
                Ok(0) => return Ok(()),
                Ok(micros) => return Err(TooMany(Duration::from_micros(micros))),
                Err(error) => tracing::warn!(%error, "rate limits fall back to this process"),
            }
        }
        match self.memory.check_key_n(&key.to_owned(), cost) {
            Ok(Err(not_until)) => Err(TooMany(not_until.wait_time_from(DefaultClock::default().now()))),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// Drops buckets that are full again, so that memory follows the active keys.
    pub fn sweep(&self) {
        self.memory.retain_recent();
        self.memory.shrink_to_fit();
    }
}
