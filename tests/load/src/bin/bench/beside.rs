//! A neighbour who reads at a constant rate throughout, alone and beside crowds in turns.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use load::client::{Client, Member};
use load::open_loop::{self, Pace};
use load::plan::{self, Plan, Size};
use load::record::{Record, ms};

/// So many times a neighbour is alone for some seconds, then for as many beside each crowd.
#[derive(Clone, Copy)]
pub struct Turns {
    pub seconds: usize,
    pub times: usize,
    /// Crowds of a turn.
    pub crowds: usize,
}

impl Turns {
    pub fn time(self) -> Duration {
        Duration::from_secs(self.seconds as u64)
    }

    /// Once the server and its connections are warm.
    pub fn pace(self, rate: f64) -> Pace {
        let duration = self.time() * (self.times * (1 + self.crowds)) as u32;
        Pace { rate, warm_up: Duration::from_secs(4), duration }
    }
}

/// A brand with `crowd` members and its neighbour, of whose members each asks once: those who come again would be known
/// until their tokens are looked up anew, all at the same time.
pub fn plan_of(crowd: u64, pace: Pace) -> Plan {
    let plan = Plan::new(Size { brands: 2, members: 3 * (pace.total() + 2), first: crowd + 1, skew: 1.0 });
    assert!(plan.members[1] > pace.total(), "the second of two brands has a third of all members");
    plan
}

/// What the neighbour's members notice, and what became of each crowd, in the order in which they came: they read their
/// feed and a presale page throughout. `crowd` is told which of its turn it is. It has a thread of its own: on one, the
/// neighbour's clients would wait for the crowd's.
pub async fn beside<T, C>(address: SocketAddr, pace: Pace, turns: Turns, crowd: C) -> Result<(Record, Vec<T>)>
where
    C: AsyncFn(usize) -> T + Send + 'static,
    T: Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let begin = Instant::now();
    let crowds = std::thread::spawn(move || {
        let come = |n: usize| {
            let (turn, which) = (n / turns.crowds, n % turns.crowds);
            let at = pace.warm_up + turns.time() * (turn * (1 + turns.crowds) + 1 + which) as u32;
            std::thread::sleep(at.saturating_sub(begin.elapsed()));
            runtime.block_on(crowd(which))
        };
        (0..turns.times * turns.crowds).map(come).collect()
    });
    let clients = (0..64).map(|_| Client::new(address, Duration::from_secs(10))).collect();
    let record = open_loop::run(pace, &["neighbour"], clients, async |client: &mut Client, n| {
        let who = Member { brand: 1, index: 1 + n };
        (0, if n % 2 == 0 { client.feed(who).await } else { client.presale_page(who, plan::PRESALE).await })
    })
    .await;
    let crowds = crowds.join().map_err(|_| anyhow::anyhow!("the crowd's thread died"))?;
    Ok((record, crowds))
}

/// The neighbour's latencies by second, turn by turn.
pub struct Noticed<'a>(Vec<&'a [Histogram<u64>]>);

impl<'a> Noticed<'a> {
    pub fn alone(record: &'a Record, turns: Turns) -> Self {
        Self::phase(record, turns, 0, turns.seconds)
    }

    /// Beside one of the crowds of each turn, over the whole seconds in which it was there: `took` of each.
    pub fn beside(record: &'a Record, turns: Turns, which: usize, took: Duration) -> Self {
        Self::phase(record, turns, 1 + which, took.as_secs_f64().ceil() as usize)
    }

    fn phase(record: &'a Record, turns: Turns, phase: usize, seconds: usize) -> Self {
        let phases = record.seconds.chunks(turns.seconds).skip(phase).step_by(1 + turns.crowds).take(turns.times);
        Noticed(phases.map(|phase| &phase[..seconds.min(phase.len())]).collect())
    }

    /// Milliseconds.
    pub fn p99(&self) -> f64 {
        p99(self.0.iter().copied().flatten())
    }

    /// By how much its p99 is above another's, and in each turn.
    pub fn over(&self, other: &Noticed) -> String {
        let percent = |ratio: f64| format!("{:+.0} %", (ratio - 1.0) * 100.0);
        let turns = self.0.iter().zip(&other.0).map(|(it, other)| percent(p99(*it) / p99(*other)));
        format!("{} (in turns {})", percent(self.p99() / other.p99()), turns.collect::<Vec<_>>().join(", "))
    }

    /// For a report: the p99 of all, and of each second of each turn.
    pub fn report(&self) -> serde_json::Value {
        let seconds = |phase: &&[Histogram<u64>]| phase.iter().map(|it| ms(it, 99.0)).collect();
        let by_second: Vec<Vec<f64>> = self.0.iter().map(seconds).collect();
        serde_json::json!({ "p99_ms": self.p99(), "p99_ms_by_second": by_second })
    }
}

fn p99<'a>(seconds: impl IntoIterator<Item = &'a Histogram<u64>>) -> f64 {
    let mut all = Histogram::<u64>::new(3).expect("a valid precision");
    seconds.into_iter().for_each(|second| all.add(second).expect("it grows"));
    ms(&all, 99.0)
}
