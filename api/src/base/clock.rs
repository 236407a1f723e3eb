//! The app's clock. Time is a parameter: business code never asks the operating system.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, Utc};

/// UTC instants with microsecond precision, which both databases store without loss.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// Microseconds since the epoch; moves only when told to. Shared by all clones.
    Fake(Arc<AtomicI64>),
}

impl Clock {
    /// A fake clock that stands at `start`.
    pub fn fake(start: DateTime<Utc>) -> Self {
        Clock::Fake(Arc::new(AtomicI64::new(start.timestamp_micros())))
    }

    #[allow(clippy::disallowed_methods)] // the one place that reads the system's time
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match self {
            Clock::System => Utc::now().timestamp_micros(),
            Clock::Fake(micros) => micros.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_micros(micros).expect("a date within chrono's range")
    }

    /// Moves a fake clock; the system's clock cannot be moved and ignores it.
    pub fn advance(&self, by: Duration) {
        if let Clock::Fake(micros) = self {
            micros.fetch_add(by.num_microseconds().expect("less than 292,000 years"), Ordering::SeqCst);
        }
    }
}
