//! Slows down who is refused for asking too much. A client that asks again at once costs its neighbours the processor
//! even when every answer is a refusal: measured, 128 connections were refused 35,000 times a second. Above a few refusals a
//! second in this process each waits a moment, so that such a connection is refused twice a second.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

/// Refusals of one second that are told at once: who stumbles over a limit by accident is not kept waiting.
const AT_ONCE: u32 = 200;
const WAIT: Duration = Duration::from_millis(500);
/// Refusals that wait; more are told at once, since each holds a connection and its request.
const WAITING: usize = 10_000;

pub struct Brake {
    /// The second that is counted, and refusals in it.
    second: Mutex<Option<(Instant, u32)>>,
    places: Semaphore,
}

/// Of this process.
pub static REFUSALS: Brake = Brake::new();

impl Brake {
    const fn new() -> Self {
        Brake { second: Mutex::new(None), places: Semaphore::const_new(WAITING) }
    }

    /// To be awaited before a refusal is told.
    pub async fn hold(&self) {
        if self.is_flood(Instant::now())
            && let Ok(_place) = self.places.try_acquire()
        {
            sleep(WAIT).await;
        }
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

    #[tokio::test]
    async fn a_flood_waits_while_there_is_room() {
        let brake = Brake { second: Mutex::new(Some((Instant::now(), AT_ONCE))), places: Semaphore::const_new(1) };
        let (first, second) = (brake.hold(), brake.hold());
        tokio::pin!(first, second);
        assert!(futures_util::poll!(first.as_mut()).is_pending());
        assert!(futures_util::poll!(second.as_mut()).is_ready(), "there is room for one");
    }
}
