//! KOCs gather members around a shared need.
//!
//! ```text
//! community   active → closed
//! membership  active ⇄ left
//! ```
//!
//! Promises the next stage: an active membership names one community of one KOC, a community never
//! holds more members than its cap, and a KOC never more communities or members than the brand allows.

pub mod graphql;
pub mod loader;
pub mod policy;
pub mod query;
pub mod rules;
pub mod service;
