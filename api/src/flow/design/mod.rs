//! A design is proposed: pictures and words for something that may never be made.
//!
//! ```text
//! draft ⇄ submitted → in_round → advanced
//!   ↑        ⇅            ↓
//!   └──── retired ←───────┘
//! ```
//!
//! What a submitted version says is frozen: revising a submitted or retired design begins its next
//! version as a draft. A round takes designs in, gives them back when it is cancelled, and lets
//! each advance or retire when it closes; a design on a slate or beyond is not touched by hand.
//!
//! Promises the next stage: a submitted design has a frozen version with at least one picture of
//! the brand's staff, and is on the slate of at most one live round.

pub mod graphql;
pub mod lifecycle;
pub mod loader;
pub mod policy;
pub mod query;
pub mod rules;
pub mod service;
pub mod shown;
