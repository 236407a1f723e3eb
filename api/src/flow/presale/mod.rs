//! An offer to pay before making: SKUs, a price, a window, a target and a promise.
//!
//! ```text
//! draft → scheduled → open → closed → succeeded   paid pieces ≥ MOQ
//!                                   → failed      fewer; everyone is refunded
//!         scheduled → closed                      the window passed while nothing ran; fails unannounced
//! cancelled from any state before succeeded, or withdrawn after it; everyone is refunded
//! ```
//!
//! A closed presale is judged when no unpaid order holds a piece any more: what is held may still be
//! paid, so judging earlier could fail an offer that its last buyers were about to carry.
//!
//! What is paid when is its plan ([`rules::plan`]); the pieces committed when it succeeds decide the price
//! tier and open the time in which balances are paid.
//!
//! Promises the next stage: while a SKU is selling, [`capacity`] hands out at most `cap` pieces of
//! it, per member at most the presale's limit, and takes each piece back exactly once. Price, plan,
//! tiers and promise date of an opened presale never change.

pub mod capacity;
pub mod graphql;
pub mod loader;
pub mod policy;
pub mod query;
pub mod rules;
pub mod sale;
pub mod service;
pub mod shelf;
pub mod timers;
