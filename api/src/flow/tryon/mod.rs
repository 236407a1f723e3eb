//! Samples go out; KOCs show what a design looks like on a real body and say honestly how it fits.
//!
//! ```text
//! sample   requested → dispatched → received → kept | returned | lost   (dispatched → lost too)
//! try-on   assigned → submitted → (changes_requested → submitted)* → approved → published
//!          leaving: withdrawn from any of them
//! ```
//!
//! Every submission is put to WeChat's content security ([`security`]): nobody but its KOC and staff
//! sees a post before it passed or a person took responsibility, and no answer keeps it hidden.
//!
//! Promises the next stage: a published post carries the 广告 label, belongs to a received sample of
//! an advanced design, and names the communities that may see it.

pub mod events;
pub mod graphql;
pub mod loader;
pub mod policy;
pub mod query;
pub mod rules;
pub mod security;
pub mod service;

pub use service::VERDICT_TIMER;
