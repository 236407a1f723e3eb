//! Where statements run: on the threads of the program, whichever is free.
//!
//! Each thread of the HTTP server has a runtime of its own. Work that is left there waits for that one thread, also for
//! the answers of the database, while another may have nothing to do; and a connection that was opened on one thread
//! wakes the others through it. So HTTP threads read requests and write answers, and what talks to the database runs at
//! home.

use std::future::Future;
use std::panic::resume_unwind;

use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tracing::Instrument;

use super::stats;

/// The runtime it was made in. Cheap to clone.
#[derive(Clone)]
pub struct Home {
    runtime: Handle,
    /// What runs to its end whoever hangs up.
    begun: TaskTracker,
}

impl Home {
    pub fn here() -> Self {
        Home { runtime: Handle::current(), begun: TaskTracker::new() }
    }

    /// Runs `work` there, in the operation and the span of the caller; it ends when the caller is dropped.
    pub async fn run<F>(&self, work: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let work = stats::carried(work).in_current_span();
        match AbortOnDropHandle::new(self.runtime.spawn(work)).await {
            Ok(output) => output,
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            // The program ends.
            Err(_) => std::future::pending().await,
        }
    }

    /// Runs `work` there to its end, also when the caller is dropped.
    pub async fn finish<F>(&self, work: F) -> Result<F::Output, JoinError>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.begun.spawn_on(work.in_current_span(), &self.runtime).await
    }

    /// Waits until nothing is left of what [`Home::finish`] began.
    pub async fn rest(&self) {
        self.begun.close();
        self.begun.wait().await;
        self.begun.reopen();
    }

    /// Runs `work` there to its end, without waiting for it.
    pub fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.runtime.spawn(work)
    }
}
