//! Requests at a constant rate, whatever the server does. Each has a time at which it is intended to be
//! sent, and its latency counts from then: a server that stalls is not spared the requests that it
//! kept from being sent (no coordinated omission).

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::Semaphore;

use crate::client::Outcome;
use crate::record::Record;

/// How fast and how long.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Requests a second.
    pub rate: f64,
    /// Not measured.
    pub warm_up: Duration,
    pub duration: Duration,
}

impl Pace {
    pub fn total(&self) -> u64 {
        (self.rate * (self.warm_up + self.duration).as_secs_f64()).round() as u64
    }

    /// When the n-th request, from 0, is intended.
    pub fn intended(&self, n: u64) -> Duration {
        Duration::from_secs_f64(n as f64 / self.rate)
    }
}

/// Runs `call` for each request: with one of `workers` that is free, and the request's number. A worker
/// makes one call at a time, so there must be more of them than calls are ever under way. `call` answers
/// which of `names` the request was and what came of it.
pub async fn run<W>(
    pace: Pace,
    names: &[&'static str],
    workers: Vec<W>,
    call: impl AsyncFn(&mut W, u64) -> (usize, Outcome),
) -> Record {
    let record = RefCell::new(Record::new(names, pace.warm_up));
    let due = Arc::new(Semaphore::new(0));
    let next = Cell::new(0);
    let begin = Instant::now();
    let pacer = std::thread::spawn({
        let (due, workers) = (due.clone(), workers.len());
        move || release(pace, begin, &due, workers)
    });
    let work = workers.into_iter().map(async |mut worker| {
        loop {
            due.acquire().await.expect("never closed").forget();
            let n = next.replace(next.get() + 1);
            if n >= pace.total() {
                return;
            }
            let (operation, outcome) = call(&mut worker, n).await;
            let intended = pace.intended(n);
            record.borrow_mut().note(operation, intended, begin.elapsed().saturating_sub(intended), outcome);
        }
    });
    join_all(work).await;
    pacer.join().expect("the pacer ends");
    record.into_inner()
}

/// A thread of its own: the runtime's timers are a millisecond coarse.
fn release(pace: Pace, begin: Instant, due: &Semaphore, workers: usize) {
    let (mut released, total) = (0, pace.total());
    while released < total {
        let now = begin.elapsed();
        let mut upto = released;
        while upto < total && pace.intended(upto) <= now {
            upto += 1;
        }
        due.add_permits((upto - released) as usize);
        released = upto;
        if released < total {
            std::thread::sleep(pace.intended(released).saturating_sub(begin.elapsed()));
        }
    }
    // One more for each worker, which then sees that nothing is left.
    due.add_permits(workers);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ms;

    const PACE: Pace = Pace { rate: 1_000.0, warm_up: Duration::from_millis(10), duration: Duration::from_millis(40) };

    #[tokio::test]
    async fn every_intended_request_is_sent_once_and_accounted_for() {
        let seen = RefCell::new(Vec::new());
        let record = run(PACE, &["even", "odd"], vec![(); 8], async |(), n| {
            seen.borrow_mut().push(n);
            tokio::task::yield_now().await;
            ((n % 2) as usize, if n == 49 { Outcome::Failed("HTTP 500".into()) } else { Outcome::Ok })
        })
        .await;
        let mut seen = seen.into_inner();
        seen.sort_unstable();
        assert_eq!(seen, (0..50).collect::<Vec<_>>());
        assert_eq!((record.warm_up, record.measured(), record.errors()), (10, 40, 1));
        assert_eq!(record.operations[0].latency.len(), 20);
    }

    #[tokio::test]
    async fn who_has_to_wait_for_a_free_worker_waits_since_the_intended_time() {
        // One worker takes 10 ms a call where one comes each millisecond: the last of 50, intended after
        // 49 ms, cannot be done before 500 ms, however fast this machine is.
        let record = run(PACE, &["slow"], vec![()], async |(), _| {
            tokio::time::sleep(Duration::from_millis(10)).await;
            (0, Outcome::Ok)
        })
        .await;
        assert!(ms(&record.operations[0].latency, 100.0) >= 450.0);
    }

    #[test]
    fn nothing_is_released_before_it_is_intended() {
        let due = Semaphore::new(0);
        let begin = Instant::now();
        release(PACE, begin, &due, 3);
        assert!(begin.elapsed() >= PACE.intended(49));
        assert_eq!(due.available_permits(), 53);
    }
}
