//! The app's clock. Time is a parameter: business code never asks the operating system.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use chrono::{DateTime, Duration, Utc};

/// UTC instants with microsecond precision, which both databases store without loss.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// So many microseconds beside the system's, and going like it. Shared by all clones.
    Beside(Arc<AtomicI64>),
    /// Microseconds since the epoch; moves only when told to. Shared by all clones.
    Fake(Arc<AtomicI64>),
}

impl Clock {
    /// A fake clock that stands at `start`.
    pub fn fake(start: DateTime<Utc>) -> Self {
        Clock::Fake(Arc::new(AtomicI64::new(start.timestamp_micros())))
    }

    /// A clock that goes like the system's, `by` ahead of it, or behind when `by` is negative.
    pub fn beside(by: Duration) -> Self {
        Clock::Beside(Arc::new(AtomicI64::new(by.num_microseconds().expect("less than 292,000 years"))))
    }

    #[allow(clippy::disallowed_methods)] // the one place that reads the system's time
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match self {
            Clock::System => Utc::now().timestamp_micros(),
            Clock::Beside(by) => Utc::now().timestamp_micros() + by.load(Ordering::SeqCst),
            Clock::Fake(micros) => micros.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_micros(micros).expect("a date within chrono's range")
    }

    /// How long ago `then` was for the machine, which no setting of a clock moves. With a fake clock no time passes
    /// but by [`Clock::advance`], however busy the machine is.
    pub fn elapsed(&self, then: Instant) -> std::time::Duration {
        match self {
            Clock::Fake(_) => std::time::Duration::ZERO,
            Clock::System | Clock::Beside(_) => then.elapsed(),
        }
    }

    /// Moves a clock that can be moved; the system's cannot and ignores it.
    pub fn advance(&self, by: Duration) {
        if let Clock::Fake(micros) | Clock::Beside(micros) = self {
            micros.fetch_add(by.num_microseconds().expect("less than 292,000 years"), Ordering::SeqCst);
        }
    }
}
