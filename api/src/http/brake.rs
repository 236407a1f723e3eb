//! Slows down who is refused for asking too much. A client that asks again at once costs its neighbours the processor
//! even when every answer is a refusal: measured, 128 connections were refused 35,000 times a second. Above a few refusals a
//! second in this process each waits a moment, so that such a connection is refused twice a second; each another moment,
//! or all of them would ask again at the same time.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

/// Refusals of one second that are told at once: who stumbles over a limit by accident is not kept waiting.
const AT_ONCE: u32 = 200;
/// From half of this to half more.
const WAIT: Duration = Duration::from_millis(500);
/// Multiples of the golden ratio, less the whole, are spread evenly however many there are.
const GOLDEN: f64 = 1.618_033_988_749_895;
/// Refusals that wait; more are told at once, since each holds a connection and its request.
const WAITING: usize = 10_000;

pub struct Brake {
    /// The second that is counted, and refusals in it.
    second: Mutex<Option<(Instant, u32)>>,
    places: Semaphore,
    waited: AtomicU32,
}

/// Of this process.
pub static REFUSALS: Brake = Brake::new();

impl Brake {
    const fn new() -> Self {
        Brake { second: Mutex::new(None), places: Semaphore::const_new(WAITING), waited: AtomicU32::new(0) }
    }

    /// To be awaited before a refusal is told.
    pub async fn hold(&self) {
        if self.is_flood(Instant::now())
            && let Ok(_place) = self.places.try_acquire()
        {
            sleep(self.moment()).await;
        }
    }

    fn moment(&self) -> Duration {
        let n = self.waited.fetch_add(1, Ordering::Relaxed);
        WAIT.mul_f64(0.5 + (f64::from(n) * GOLDEN).fract())
    }

    fn is_flood(&self, now: Instant) -> bool {
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        let (began, count) = match *second {
            Some((began, count)) if now.duration_since(began) < Duration::from_secs(1) => {
                (began, count.saturating_add(1))
            }
            _ => (now, 1),
        };
        *second = Some((began, count));
        count > AT_ONCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_a_second_are_no_flood() {
        let (brake, began) = (Brake::new(), Instant::now());
        let floods = |at: Instant, times: u32| (0..times).filter(|_| brake.is_flood(at)).count();
        assert_eq!(floods(began, AT_ONCE), 0);
        assert_eq!(floods(began + Duration::from_millis(999), 7), 7);
        assert_eq!(floods(began + Duration::from_secs(1), AT_ONCE + 1), 1, "the next second is a new one");
    }

    #[test]
    fn those_who_wait_come_back_one_after_the_other() {
        let brake = Brake::new();
        let mut moments: Vec<Duration> = (0..100).map(|_| brake.moment()).collect();
        moments.sort_unstable();
        assert!(moments[0] >= WAIT / 2 && moments[99] < WAIT * 3 / 2);
        let widest = moments.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(widest < Some(WAIT / 20), "{widest:?} without anybody");
        assert!(moments[99] - moments[0] > WAIT * 9 / 10, "they come all at once: {moments:?}");
    }

    #[tokio::test]
    async fn a_flood_waits_while_there_is_room() {
        let brake = Brake {
            second: Mutex::new(Some((Instant::now(), AT_ONCE))),
            places: Semaphore::const_new(1),
            waited: AtomicU32::new(0),
        };
        let (first, second) = (brake.hold(), brake.hold());
        tokio::pin!(first, second);
        assert!(futures_util::poll!(first.as_mut()).is_pending());
        assert!(futures_util::poll!(second.as_mut()).is_ready(), "there is room for one");
    }
}
