//! Callbacks and everything else that happens later: a queue by the stand-in's clock.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use chrono::{DateTime, Duration, Utc};

use super::model::CallbackFault;
use super::pay::Notice;
use super::push::Envelope;
use super::state::{Shared, State};
use super::{app, pay};
use crate::base::clock::Clock;
use crate::wechat::pay::TransferState;

/// WeChat waits this long for the answer to a callback.
const PATIENCE: StdDuration = StdDuration::from_secs(5);
/// Pauses before another push, in seconds; WeChat tries three more times.
const PUSH_PAUSES: [i64; 3] = [5, 5, 5];
/// Pauses before another Pay notification, in seconds (WeChat Pay v3 docs: payment notification).
const NOTICE_PAUSES: [i64; 15] =
    [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600];

/// Something to do at `due`.
#[derive(Clone, Debug)]
pub(in crate::wechat::standin) struct Job {
    pub due: DateTime<Utc>,
    /// How often it was tried already.
    pub tries: usize,
    pub task: Task,
}

#[derive(Clone, Debug)]
pub(in crate::wechat::standin) enum Task {
    Push(Arc<Envelope>),
    Notice(Arc<Notice>),
    FetchMedia {
        appid: String,
        openid: String,
        url: String,
        trace_id: String,
    },
    FinishRefund {
        mchid: String,
        out_refund_no: String,
    },
    /// Goes on with a transfer that is still in the state `from`.
    EndTransfer {
        mchid: String,
        out_bill_no: String,
        from: TransferState,
    },
    /// Settles a payment whose time has come.
    Settle {
        transaction_id: String,
    },
    /// Tells of a payment that has waited for shipping for too long.
    RemindShipping {
        transaction_id: String,
    },
}

impl State {
    /// Queues the callback of an event as its faults and the switches say.
    pub fn queue_callback(&mut self, now: DateTime<Utc>, event: &str, task: Task) {
        let fault = self.take_callback_fault(event, |fault| !fault.is_of_signature());
        if self.switches.drop || fault == Some(CallbackFault::Drop) {
            return;
        }
        let mut delay = self.switches.delay_seconds;
        if let Some(CallbackFault::Delay(seconds)) = fault {
            delay += seconds;
        }
        if self.switches.reorder_seconds > 0 {
            delay += self.dice.below(self.switches.reorder_seconds);
        }
        let job = Job { due: now + Duration::seconds(delay), tries: 0, task };
        if self.switches.duplicate || fault == Some(CallbackFault::Duplicate) {
            self.jobs.push(job.clone());
        }
        self.jobs.push(job);
    }

    fn is_idle(&self, now: DateTime<Utc>) -> bool {
        self.in_flight == 0 && self.jobs.iter().all(|job| job.due > now)
    }

    /// Takes out what is due, counted as in flight.
    fn take_due(&mut self, now: DateTime<Utc>) -> Vec<Job> {
        let (due, later) = std::mem::take(&mut self.jobs).into_iter().partition(|job| job.due <= now);
        self.jobs = later;
        let due: Vec<Job> = due;
        self.in_flight += due.len();
        due
    }
}

/// Works the queue off for as long as the stand-in lives.
pub(super) async fn run(shared: Arc<Shared>, http: reqwest::Client) {
    loop {
        for job in shared.lock().take_due(shared.now()) {
            actix_web::rt::spawn(perform(shared.clone(), http.clone(), job));
        }
        let next = shared.lock().jobs.iter().map(|job| job.due).min();
        match (&shared.clock, next) {
            (Clock::System, Some(due)) => {
                let pause = (due - shared.now()).to_std().unwrap_or_default();
                // Waking early is harmless, and running out of the pause is what it is for.
                let _ = tokio::time::timeout(pause, shared.wake.notified()).await;
            }
            _ => shared.wake.notified().await,
        }
    }
}

/// Waits until nothing is in flight and nothing is due.
pub(super) async fn settle(shared: &Shared) {
    loop {
        let done = shared.done.notified();
        tokio::pin!(done);
        done.as_mut().enable();
        if shared.lock().is_idle(shared.now()) {
            return;
        }
        shared.wake.notify_one();
        done.await;
    }
}

async fn perform(shared: Arc<Shared>, http: reqwest::Client, job: Job) {
    let delivered = match &job.task {
        Task::Push(envelope) => deliver(envelope.request(&http), |body| body.is_empty() || body == "success").await,
        Task::Notice(notice) => {
            let request = notice.request(&shared, &http, job.tries);
            deliver(request, |_| true).await
        }
        Task::FetchMedia { appid, openid, url, trace_id } => {
            let fetched = app::fetch_media(&http, url).await;
            app::push_verdict(&shared, appid, openid, url, trace_id, fetched);
            true
        }
        Task::FinishRefund { mchid, out_refund_no } => {
            pay::finish_refund(&shared, mchid, out_refund_no);
            true
        }
        Task::EndTransfer { mchid, out_bill_no, from } => {
            pay::end_transfer(&shared, mchid, out_bill_no, *from);
            true
        }
        Task::Settle { transaction_id } => {
            shared.lock().settle_by_time(shared.now(), transaction_id);
            true
        }
        Task::RemindShipping { transaction_id } => {
            shared.lock().push_shipping_reminder(shared.now(), transaction_id);
            true
        }
    };
    let pauses: &[i64] = match &job.task {
        Task::Push(_) => &PUSH_PAUSES,
        Task::Notice(_) => &NOTICE_PAUSES,
        Task::FetchMedia { .. }
        | Task::FinishRefund { .. }
        | Task::EndTransfer { .. }
        | Task::Settle { .. }
        | Task::RemindShipping { .. } => &[],
    };
    let now = shared.now();
    let mut state = shared.lock();
    if let Some(pause) = pauses.get(job.tries).filter(|_| !delivered) {
        // A first try that was meant to fail is followed at once by the real one.
        let pause = if job.tries == 0 && job.task.is_decoy() { 0 } else { *pause };
        state.jobs.push(Job { due: now + Duration::seconds(pause), tries: job.tries + 1, task: job.task });
    }
    state.in_flight -= 1;
    drop(state);
    shared.wake.notify_one();
    shared.done.notify_waiters();
}

impl Task {
    fn is_decoy(&self) -> bool {
        matches!(self, Task::Notice(notice) if notice.is_decoy(0))
    }
}

async fn deliver(request: reqwest::RequestBuilder, accepts: impl Fn(&str) -> bool) -> bool {
    match request.timeout(PATIENCE).send().await {
        Ok(answer) if answer.status().is_success() => answer.text().await.is_ok_and(|body| accepts(body.trim())),
        _ => false,
    }
}
