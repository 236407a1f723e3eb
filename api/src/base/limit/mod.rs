//! Rate limits by cost: each key has a bucket that refills steadily. A request of a brand's person pays
//! from two at once, the person's and the brand's, so that a brand with many loud people is bounded too.
//!
//! Memory in one process, Redis between several. With Redis a process leases points in chunks of a
//! hundredth of the burst and spends them without asking, so that most requests cost no round trip. The
//! limit stays true from above: all processes together never admit more than the bucket holds. They may
//! admit less, by what each process holds and forgets after ten seconds: a chunk, and what answers from
//! memory gave back to it. When Redis does not answer, each process limits by itself in memory, so that a
//! Redis outage opens no gate.

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

/// What is left of the cost of an answer that was in memory, one of so many parts: nothing was run for it. It is no less
/// than it costs to look, and to read what is the caller's own.
const KEPT: u32 = 10;

/// Points asked of one bucket.
#[derive(Clone, Debug)]
struct Ask {
    key: String,
    rate: Rate,
    cost: u32,
}

/// What was taken for one request.
#[derive(Debug)]
pub struct Paid {
    asks: Vec<Ask>,
    /// From what this process holds of Redis' buckets, not from its own.
    leased: bool,
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
        self.pay(key, None, cost).await.map(drop)
    }

    /// Takes `cost` points from the actor's bucket `key` and from the brand's, or from neither.
    pub async fn pay(&self, key: &str, brand: Option<Uuid>, cost: u32) -> Result<Paid, TooMany> {
        self.pay_both(key, brand.map(|brand| format!("brand:{}", brand.simple())), cost).await
    }

    /// The same for a push. All pushes of a brand share a bucket as large as that of its requests but beside it, so
    /// that many who watch make one another's news late and nobody's request is refused for it.
    pub async fn pay_push(&self, key: &str, brand: Option<Uuid>, cost: u32) -> Result<Paid, TooMany> {
        self.pay_both(key, brand.map(|brand| format!("pushes:{}", brand.simple())), cost).await
    }

    async fn pay_both(&self, key: &str, of_brand: Option<String>, cost: u32) -> Result<Paid, TooMany> {
        let ask = |key, rate: Rate| Ask { key, rate, cost: cost.clamp(1, rate.burst.get()) };
        let mut asks = vec![ask(key.to_owned(), self.0.actor)];
        asks.extend(of_brand.map(|key| ask(key, self.0.brand)));
        if let Some(leases) = &self.0.leases {
            match leases.take(&asks, Instant::now()).await {
                Ok(taken) => return taken.map(|()| Paid { asks, leased: true }),
                Err(error) => tracing::warn!(%error, "rate limits fall back to this process"),
            }
        }
        self.0.buckets.take(&asks, Instant::now()).map(|()| Paid { asks, leased: false })
    }

    /// Gives most of it back: the answer was [kept](KEPT).
    pub fn was_kept(&self, paid: Paid) {
        let Paid { mut asks, leased } = paid;
        for ask in &mut asks {
            ask.cost -= (ask.cost / KEPT).max(1);
        }
        match self.0.leases.as_ref().filter(|_| leased) {
            Some(leases) => leases.give_back(&asks, Instant::now()),
            None => self.0.buckets.give_back(&asks),
        }
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
        assert!(limiter.pay_push("actor:one", brand, 100).await.is_ok());
        assert!(limiter.pay_push("actor:two", brand, 10).await.is_err());
        assert!(limiter.pay_push("actor:two", Some(Uuid::from_u128(2)), 10).await.is_ok());
        assert!(limiter.pay("actor:two", brand, 100).await.is_ok());
        assert!(limiter.pay("actor:two", brand, 10).await.is_err());
    }

    #[tokio::test]
    async fn what_was_kept_costs_a_tenth_of_both_buckets_and_a_point_at_least() {
        let rate = |burst| Rate { per_second: NonZeroU32::MIN, burst: NonZeroU32::new(burst).expect("some") };
        let (limiter, brand) = (Limiter::new(rate(1_000), rate(1_000), None), Some(Uuid::from_u128(1)));
        for _ in 0..10 {
            limiter.was_kept(limiter.pay("actor:one", brand, 90).await.expect("enough"));
            limiter.was_kept(limiter.pay("actor:two", brand, 1).await.expect("enough"));
        }
        assert!(
            limiter.pay("actor:one", brand, 901).await.is_err() && limiter.pay("actor:one", brand, 900).await.is_ok()
        );
        assert!(limiter.pay("actor:two", brand, 1).await.is_err(), "her brand has none");
        assert!(limiter.pay("actor:one", None, 11).await.is_err() && limiter.pay("actor:one", None, 10).await.is_ok());
    }
}
