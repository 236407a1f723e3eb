//! Rate limits by cost: each key has a bucket that refills steadily. A request of a brand's person pays
//! from two at once, the person's and the brand's, so that a brand with many loud people is bounded too.
//!
//! Memory in one process, Redis between several. With Redis a process leases points in chunks of a
//! hundredth of the burst and spends them without asking, so that most requests cost no round trip. The
//! limit stays true from above: all processes together never admit more than the bucket holds. They may
//! admit less, by at most one unspent chunk a process, which it forgets after ten seconds. When Redis
//! does not answer, each process limits by itself in memory, so that a Redis outage opens no gate.

mod lease;
mod local;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::aio::ConnectionManager;
use uuid::Uuid;

use lease::Leases;
use local::Buckets;

/// A bucket of `burst` points that refills at `per_second`.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub per_second: NonZeroU32,
    pub burst: NonZeroU32,
}

impl Rate {
    /// How long the bucket takes to regain `points`; a cost above the burst counts as the burst.
    fn time_of(&self, points: u32) -> Duration {
        let points = points.min(self.burst.get());
        Duration::from_secs_f64(f64::from(points) / f64::from(self.per_second.get()))
    }
}

/// Come back after this long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany(pub Duration);

/// Points asked of one bucket.
#[derive(Clone, Debug)]
struct Ask {
    key: String,
    rate: Rate,
    cost: u32,
}

#[derive(Clone)]
pub struct Limiter(Arc<Parts>);

struct Parts {
    actor: Rate,
    brand: Rate,
    buckets: Buckets,
    leases: Option<Leases>,
}

impl Limiter {
    /// `redis` comes with the prefix of every key.
    pub fn new(actor: Rate, brand: Rate, redis: Option<(ConnectionManager, String)>) -> Self {
        let leases = redis.map(|(redis, prefix)| Leases::new(redis, &prefix));
        Limiter(Arc::new(Parts { actor, brand, buckets: Buckets::default(), leases }))
    }

    /// Takes `cost` points from the bucket `key`, of an actor's size.
    pub async fn take(&self, key: &str, cost: u32) -> Result<(), TooMany> {
        self.pay(key, None, cost).await
    }

    /// Takes `cost` points from the actor's bucket `key` and from the brand's, or from neither.
    pub async fn pay(&self, key: &str, brand: Option<Uuid>, cost: u32) -> Result<(), TooMany> {
        self.pay_both(key, brand.map(|brand| format!("brand:{}", brand.simple())), cost).await
    }

    /// The same for a push. All pushes of a brand share a bucket as large as that of its requests but beside it, so
    /// that many who watch make one another's news late and nobody's request is refused for it.
    pub async fn pay_push(&self, key: &str, brand: Option<Uuid>, cost: u32) -> Result<(), TooMany> {
        self.pay_both(key, brand.map(|brand| format!("pushes:{}", brand.simple())), cost).await
    }

    async fn pay_both(&self, key: &str, of_brand: Option<String>, cost: u32) -> Result<(), TooMany> {
        let ask = |key, rate: Rate| Ask { key, rate, cost: cost.clamp(1, rate.burst.get()) };
        let mut asks = vec![ask(key.to_owned(), self.0.actor)];
        asks.extend(of_brand.map(|key| ask(key, self.0.brand)));
        if let Some(leases) = &self.0.leases {
            match leases.take(&asks, Instant::now()).await {
                Ok(taken) => return taken,
                Err(error) => tracing::warn!(%error, "rate limits fall back to this process"),
            }
        }
        self.0.buckets.take(&asks, Instant::now())
    }

    /// How long a brand's bucket takes to regain `cost` points.
    pub fn brand_regains(&self, cost: u32) -> Duration {
        self.0.brand.time_of(cost)
    }

    /// Drops what says nothing any more, so that memory follows the active keys.
    pub fn sweep(&self) {
        self.0.buckets.sweep(Instant::now());
        if let Some(leases) = &self.0.leases {
            leases.sweep(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pushes_leave_the_points_of_requests_alone_and_are_bounded_as_they_are() {
        let rate = |burst| Rate { per_second: NonZeroU32::MIN, burst: NonZeroU32::new(burst).expect("some") };
        let (limiter, brand) = (Limiter::new(rate(1_000), rate(100), None), Some(Uuid::from_u128(1)));
        assert_eq!(limiter.pay_push("actor:one", brand, 100).await, Ok(()));
        assert!(limiter.pay_push("actor:two", brand, 10).await.is_err());
        assert_eq!(limiter.pay_push("actor:two", Some(Uuid::from_u128(2)), 10).await, Ok(()));
        assert_eq!(limiter.pay("actor:two", brand, 100).await, Ok(()));
        assert!(limiter.pay("actor:two", brand, 10).await.is_err());
    }
}
