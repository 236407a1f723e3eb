//! A process that dies.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::script::How;

/// Runs `work`, or drops it where [`How`] says; `None` when it was dropped.
pub async fn cut<F: Future>(work: F, how: How) -> Option<F::Output> {
    let How::Cut { waits, midway } = how else { return Some(work.await) };
    let mut work = pin!(work);
    let mut left = waits;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match work.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if midway && left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
