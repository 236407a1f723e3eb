//! Money under any order of events: histories of {place, prepay, pay, notify, query, close, cancel, refund,
//! time-out, crash} over the orders of a presale, each drawn from a seed, each driven to rest and then held against
//! WeChat's books.
//!
//! A [`script::History`] is data, so that it shrinks; [`story`] plays it against an app, [`rest`] lets everything
//! finish that was begun, [`judge`] compares our rows, the ledger and the stand-in's books, and [`reached`] counts
//! which of the states that are hard to get into it got into.
//!
//! People and the worker go by the use cases behind the API here, not by HTTP: a future can be dropped at any of its
//! await points, which is what a killed process leaves behind ([`cut`]), except that a commit under way is waited for:
//! it happens, and whoever asked for it is not answered. Notifications come by HTTP. A history is
//! the same for the same seed, except for what runs at the same time: notifications that race with our own calls,
//! and the points at which a future waits.

mod cut;
mod deed;
mod draw;
mod judge;
pub mod known;
mod past;
mod reached;
mod rest;
mod run;
pub mod script;
pub(crate) mod sight;
mod story;
pub(crate) mod world;

pub use cut::cut;
pub use draw::{any_seed, drawn, read_seed, seed_of};
pub use reached::Reached;
pub use run::{Failure, Plan, play, replay, run};
