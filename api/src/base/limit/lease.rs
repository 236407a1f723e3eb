//! Buckets in Redis, of which this process leases points in chunks.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::ConnectionManager;
use redis::{RedisResult, Script};

use super::{Ask, TooMany};

/// Points not spent by then are lost, so that a process that serves a key no longer gives it back.
const LEASE: Duration = Duration::from_secs(10);
/// While one request fetches a chunk the others fetch what they need themselves.
const FETCH: Duration = Duration::from_secs(1);
/// A chunk is the burst divided by this.
const CHUNKS: u32 = 100;

/// Generic cell rate algorithm over several buckets, all or none. ARGV, three for each of KEYS, in
/// microseconds of refilling: the burst, what is needed, and what is wanted when there is enough.
/// Answers {0, whether each got what it wanted} or {number of the refusing bucket, microseconds to wait}.
/// Redis' own clock, so that processes with different clocks agree.
const GCRA: &str = "
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local due, answer = {}, {0}
for i, key in ipairs(KEYS) do
  local burst, need, want = tonumber(ARGV[3*i-2]), tonumber(ARGV[3*i-1]), tonumber(ARGV[3*i])
  local from = math.max(tonumber(redis.call('GET', key) or now), now)
  if from + want - now <= burst then
    due[i], answer[i+1] = from + want, 1
  else
    local wait = from + need - now - burst
    if wait > 0 then return {i, math.ceil(wait)} end
    due[i], answer[i+1] = from + need, 0
  end
end
for i, key in ipairs(KEYS) do
  if due[i] > now then
    redis.call('SET', key, string.format('%.0f', due[i]), 'PX', math.ceil((due[i] - now) / 1000) + 1)
  end
end
return answer";

pub(super) struct Leases {
    redis: ConnectionManager,
    prefix: String,
    script: Script,
    purses: Mutex<HashMap<String, Purse>>,
}

/// What this process holds of one bucket.
struct Purse {
    left: u32,
    until: Instant,
    /// Someone fetches a chunk, at the latest until then.
    fetching_until: Option<Instant>,
    /// Nobody gets as many points as these before then: a bucket only fills as fast as it does.
    closed: Option<(u32, Instant)>,
}

/// What one request asks Redis of one bucket.
#[derive(Clone, Copy)]
struct Need {
    points: u32,
    chunk: u32,
    /// Taken from the purse already.
    paid: u32,
}

impl Leases {
    pub fn new(redis: ConnectionManager, prefix: &str) -> Self {
        let prefix = format!("{prefix}:limit:");
        Leases { redis, prefix, script: Script::new(GCRA), purses: Mutex::default() }
    }

    /// The outer error is Redis'.
    pub async fn take(&self, asks: &[Ask], now: Instant) -> RedisResult<Result<(), TooMany>> {
        let needs = match self.out_of_purses(asks, now) {
            Ok(None) => return Ok(Ok(())),
            Ok(Some(needs)) => needs,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut call = self.script.prepare_invoke();
        let micros = |ask: &Ask, points| ask.rate.time_of(points).as_micros() as u64;
        for (ask, need) in asks.iter().zip(&needs) {
            let wanted = if need.points == 0 { 0 } else { need.points + need.chunk };
            call.key(format!("{}{}", self.prefix, ask.key))
                .arg(micros(ask, ask.rate.burst.get()))
                .arg(micros(ask, need.points))
                .arg(micros(ask, wanted));
        }
        match call.invoke_async::<Vec<u64>>(&mut self.redis.clone()).await {
            Ok(answer) => Ok(self.settle(asks, &needs, &answer)),
            Err(error) => {
                self.undo(asks, &needs);
                Err(error)
            }
        }
    }

    /// Pays from the purses: `None` when they hold all, else what must be fetched.
    fn out_of_purses(&self, asks: &[Ask], now: Instant) -> Result<Option<Vec<Need>>, TooMany> {
        let mut purses = self.lock();
        for ask in asks {
            let purse = purses.entry(ask.key.clone()).or_insert_with(|| Purse::empty(now));
            if purse.until <= now {
                purse.left = 0;
            }
            if let Some((points, until)) = purse.closed
                && ask.cost.saturating_sub(purse.left) >= points
                && until > now
            {
                return Err(TooMany(until - now));
            }
        }
        let purse = |ask: &Ask| purses.get_mut(&ask.key).expect("made above").pay(ask, now);
        let needs: Vec<Need> = asks.iter().map(purse).collect();
        Ok(needs.iter().any(|need| need.points > 0).then_some(needs))
    }

    fn settle(&self, asks: &[Ask], needs: &[Need], answer: &[u64]) -> Result<(), TooMany> {
        // Leases and closures are counted from the answer, which is later than Redis' decision.
        let now = Instant::now();
        match answer {
            [0, got @ ..] => {
                let mut purses = self.lock();
                for ((ask, need), got) in asks.iter().zip(needs).zip(got) {
                    let Some(purse) = purses.get_mut(&ask.key).filter(|_| need.chunk > 0) else { continue };
                    purse.fetching_until = None;
                    if *got == 1 {
                        purse.left = purse.left.saturating_add(need.chunk);
                        purse.until = now + LEASE;
                    }
                }
                Ok(())
            }
            [refusing, wait, ..] => {
                self.undo(asks, needs);
                let wait = Duration::from_micros(*wait);
                let place = usize::try_from(*refusing).unwrap_or(1) - 1;
                if let (Some(ask), Some(need)) = (asks.get(place), needs.get(place))
                    && let Some(purse) = self.lock().get_mut(&ask.key)
                {
                    purse.closed = Some((need.points, now + wait));
                }
                Err(TooMany(wait))
            }
            // A script that answers nothing is no reason to refuse anybody.
            _ => Ok(()),
        }
    }

    /// Points that were taken before, for whoever asks this process next; they are lost where its lease has ended.
    pub fn give_back(&self, asks: &[Ask], now: Instant) {
        let mut purses = self.lock();
        for ask in asks {
            if let Some(purse) = purses.get_mut(&ask.key).filter(|purse| purse.until > now) {
                purse.left = purse.left.saturating_add(ask.cost);
                purse.until = now + LEASE;
            }
        }
    }

    fn undo(&self, asks: &[Ask], needs: &[Need]) {
        let mut purses = self.lock();
        for (ask, need) in asks.iter().zip(needs) {
            if let Some(purse) = purses.get_mut(&ask.key) {
                purse.left = purse.left.saturating_add(need.paid);
                if need.chunk > 0 {
                    purse.fetching_until = None;
                }
            }
        }
    }

    pub fn sweep(&self, now: Instant) {
        let mut purses = self.lock();
        purses.retain(|_, purse| purse.until > now || purse.closed.is_some_and(|(_, until)| until > now));
        purses.shrink_to_fit();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Purse>> {
        self.purses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Purse {
    fn empty(now: Instant) -> Self {
        Purse { left: 0, until: now, fetching_until: None, closed: None }
    }

    fn pay(&mut self, ask: &Ask, now: Instant) -> Need {
        let paid = self.left.min(ask.cost);
        self.left -= paid;
        let points = ask.cost - paid;
        let fetches = points > 0 && self.fetching_until.is_none_or(|until| until <= now);
        let chunk = if fetches { ask.rate.burst.get() / CHUNKS } else { 0 };
        if chunk > 0 {
            self.fetching_until = Some(now + FETCH);
        }
        Need { points, chunk, paid }
    }
}
