//! Which fault comes next, and how long it took until somebody's mutation worked again.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use load::zipf::random;
use serde_json::{Value, json};

use crate::clients::Crowd;
use crate::services::Services;

const PATIENCE: Duration = Duration::from_secs(60);

/// The same faults for the same seed.
pub struct Dice {
    seed: u64,
    thrown: u64,
}

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice { seed, thrown: 0 }
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.thrown += 1;
        random(self.seed, self.thrown - 1) % n.max(1)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    KillServer,
    StopDatabase,
    KillRedis,
    EmptyRedis,
    FreezeServer,
    CutClients,
    CutDatabase,
    CutRedis,
    SlowClients,
    SlowDatabase,
}

/// Of a hundred.
const WEIGHTS: [(Fault, u64); 10] = [
    (Fault::KillServer, 36),
    (Fault::StopDatabase, 16),
    (Fault::KillRedis, 14),
    (Fault::EmptyRedis, 6),
    (Fault::FreezeServer, 4),
    (Fault::CutClients, 8),
    (Fault::CutDatabase, 6),
    (Fault::CutRedis, 4),
    (Fault::SlowClients, 3),
    (Fault::SlowDatabase, 3),
];

impl Fault {
    fn drawn(dice: &mut Dice) -> Fault {
        let mut left = dice.below(WEIGHTS.iter().map(|(_, weight)| weight).sum());
        for (fault, weight) in WEIGHTS {
            if left < weight {
                return fault;
            }
            left -= weight;
        }
        Fault::KillServer
    }

    fn kills(self) -> bool {
        matches!(self, Fault::KillServer | Fault::StopDatabase | Fault::KillRedis)
    }

    async fn happen(self, dice: &mut Dice, services: &mut Services) -> Result<()> {
        let moment = Duration::from_millis(50 + dice.below(450));
        match self {
            Fault::KillServer => services.kill_server().await?,
            Fault::StopDatabase => services.stop_database().await?,
            Fault::KillRedis => services.kill_redis().await?,
            Fault::EmptyRedis => services.empty_redis().await?,
            Fault::FreezeServer => services.freeze_server(moment).await?,
            Fault::CutClients => services.front.cut(),
            Fault::CutDatabase => services.to_database.cut(),
            Fault::CutRedis => services.to_redis.cut(),
            Fault::SlowClients | Fault::SlowDatabase => {
                let relay = if self == Fault::SlowClients { &services.front } else { &services.to_database };
                relay.slow(Duration::from_millis(20 + dice.below(80)));
                tokio::time::sleep(moment).await;
                relay.slow(Duration::ZERO);
            }
        }
        Ok(())
    }
}

/// What happened so far: how long each recovery took, by fault.
#[derive(Default)]
pub struct Hurts(BTreeMap<Fault, Vec<Duration>>);

impl Hurts {
    pub fn kills(&self) -> usize {
        self.0.iter().filter(|(fault, _)| fault.kills()).map(|(_, times)| times.len()).sum()
    }

    /// Draws a fault, lets it happen, and waits until a mutation that began after it was acknowledged.
    pub async fn one_more(&mut self, dice: &mut Dice, services: &mut Services, crowd: &Crowd) -> Result<()> {
        let fault = Fault::drawn(dice);
        let began = Instant::now();
        fault.happen(dice, services).await?;
        while !crowd.works_since(began) {
            ensure!(began.elapsed() < PATIENCE, "nobody's mutation works {PATIENCE:?} after {fault:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.0.entry(fault).or_default().push(began.elapsed());
        eprint!("\r{} kills", self.kills());
        Ok(())
    }

    /// Every recovery in milliseconds, by fault.
    pub fn report(&self) -> Value {
        let of = |times: &Vec<Duration>| times.iter().map(|time| time.as_secs_f64() * 1e3).collect::<Vec<_>>();
        self.0.iter().map(|(fault, times)| (format!("{fault:?}"), json!(of(times)))).collect()
    }

    /// Time from the fault to the first acknowledged mutation that began after it.
    pub fn table(&self) -> String {
        let mut text = format!(
            "{:<14} {:>6} {:>9} {:>9} {:>9}   ms until a mutation works\n",
            "fault", "times", "median", "p90", "worst"
        );
        for (fault, times) in &self.0 {
            let mut times: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
            times.sort_by(f64::total_cmp);
            let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
            let name = format!("{fault:?}");
            let _ = writeln!(text, "{name:<14} {:>6} {:>9.0} {:>9.0} {:>9.0}", times.len(), at(0.5), at(0.9), at(1.0));
        }
        text
    }
}
