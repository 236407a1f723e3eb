//! As many requests as a number of connections get through, each sending its next one when it has its
//! answer. For rates to compare; latencies of such a run say little.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::client::{Client, Outcome};
use crate::record::{Record, ms};

/// What a closed loop got through.
#[derive(Debug)]
pub struct Done {
    /// Answers a second that were `Ok`.
    pub rate: f64,
    /// From one answer of any kind to the next, on average.
    pub apart: Duration,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub refused: BTreeMap<String, u64>,
    pub errors: BTreeMap<String, u64>,
}

/// A fifth of `duration` more is spent warming up. `request` makes the n-th request, counted from `from`;
/// `None` ends the loop. The number after the last one made is written back to `from`.
pub async fn run(
    address: SocketAddr,
    connections: usize,
    duration: Duration,
    from: &mut u64,
    request: impl Fn(u64) -> Option<Vec<u8>>,
) -> Done {
    paced(address, connections, duration, Duration::ZERO, from, request).await
}

/// The same with requests no closer than `apart` on average, but for the first of each connection.
pub async fn paced(
    address: SocketAddr,
    connections: usize,
    duration: Duration,
    apart: Duration,
    from: &mut u64,
    request: impl Fn(u64) -> Option<Vec<u8>>,
) -> Done {
    let first = *from;
    let warm_up = duration / 5;
    let record = RefCell::new(Record::new(&["all"], warm_up));
    let next = Cell::new(*from);
    let begin = Instant::now();
    let work = (0..connections).map(async |_| {
        let mut client = Client::new(address, Duration::from_secs(30));
        while begin.elapsed() < warm_up + duration {
            let n = next.replace(next.get() + 1);
            let Some(request) = request(n) else { return };
            let due = apart.mul_f64((n - first).saturating_sub(connections as u64) as f64);
            if due >= warm_up + duration {
                return;
            }
            if let Some(early) = due.checked_sub(begin.elapsed()) {
                tokio::time::sleep(early).await;
            }
            let sent = begin.elapsed();
            let outcome = client.send(&request).await;
            let done = begin.elapsed();
            // Counted where it was answered, so that the rate is that of the measured time.
            if done < warm_up + duration {
                record.borrow_mut().note(0, done, done - sent, outcome);
            }
        }
    });
    join_all(work).await;
    *from = next.get();
    let took = begin.elapsed().min(warm_up + duration).saturating_sub(warm_up).max(Duration::from_millis(1));
    let Record { operations, .. } = record.into_inner();
    let all = operations.into_iter().next().expect("one operation");
    Done {
        rate: all.ok as f64 / took.as_secs_f64(),
        apart: took.div_f64(all.latency.len().max(1) as f64),
        p50_ms: ms(&all.latency, 50.0),
        p99_ms: ms(&all.latency, 99.0),
        refused: all.refused,
        errors: all.errors,
    }
}

/// The last outcome of one request after the other on one connection, for looking at answers.
pub async fn once(address: SocketAddr, request: &[u8]) -> (Outcome, Vec<u8>) {
    let mut client = Client::new(address, Duration::from_secs(30));
    let outcome = client.send(request).await;
    (outcome, client.answer().to_vec())
}
