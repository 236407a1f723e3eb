//! Use cases, a file for each verb or two.

mod approve;
mod assign;
mod consent;
mod publish;
mod sample;
mod submit;

pub use approve::{approve, request_changes};
pub use assign::{Extend, RequestSample, extend, request_sample};
pub use consent::consent_withdrawn;
pub use publish::{publish, withdraw};
pub use sample::{Dispatch, close_sample, confirm_received, dispatch_sample};
pub use submit::{Submit, submit};

/// A picture check that has not come back this long after it was asked for will not come: WeChat
/// promises its verdict within 30 minutes.
pub(in crate::flow::tryon) const VERDICT_WAIT: chrono::Duration = chrono::Duration::minutes(30);
/// The timer that ends the wait; its subject is the try-on.
pub const VERDICT_TIMER: &str = "tryon.security_timeout";
