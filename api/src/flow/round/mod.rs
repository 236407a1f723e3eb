//! Members vote: one slate of designs is put to one or more communities for a time; the top K advance.
//!
//! ```text
//! scheduled → open → closed      (tally frozen, ranked, top K advanced)
//!     └────────┴───→ cancelled   (its designs may go on another slate)
//! ```
//!
//! A pick says "I would wear this": one member, one design, one pick; free, equal, unrewarded. There
//! is no weight, and nothing about orders or money is read here (WeChat mini-program operation
//! rules 5.24 forbid paid voting). All picks of a member in a round count for one community: the
//! first of the round's that she joined.
//!
//! Promises the next stage: a closed round's tally equals its picks and never changes again; every
//! entry has a rank; `advanced` entries are at most K, each with at least one pick.

pub mod graphql;
pub mod loader;
pub mod mine;
pub mod policy;
pub mod query;
pub mod ranking;
pub mod rules;
pub mod service;
pub mod slate;
pub mod standing;
