//! Smallbatch makes only what people asked for.
//!
//! A KOC, a loyal customer people trust, gathers a [`flow::community`]. A designer proposes a
//! [`flow::design`]; the community votes in a [`flow::round`] and the top designs advance. Samples go
//! to the KOC, who posts an honest [`flow::tryon`]. A [`flow::presale`] puts a price, a window, a
//! target and a promise to it; members [`flow::order`] and [`flow::payment`] collects. What is paid
//! for, and only that, is gathered into a [`flow::batch`] that a factory pulls, makes and ships;
//! [`flow::delivery`] brings the parcels to the people, and [`flow::payout`] pays KOCs and factories.
//! [`insight`] measures whether the vote foretold the orders. [`growth`] tells people of what they
//! asked for.
//!
//! A request goes resolver → service or query → entity. [`people`] says who acts, [`base`] holds
//! small tools without business, [`http`] knows no business, [`wechat`] is the only way out to
//! WeChat, [`provider`] takes in what it tells us, [`storage`] keeps media, [`reads`] keeps answers for
//! a while, [`worker`] does what happens by itself, and [`app`] wires it all.

// The schema merges one object into the next, stage by stage: its type is deeper than the compiler follows by itself.
#![recursion_limit = "256"]

pub mod app;
pub mod base;
pub mod cli;
pub mod config;
pub mod demo;
pub mod error;
pub mod flow;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod growth;
pub mod http;
pub mod insight;
pub mod invariants;
pub mod live;
pub mod load;
pub mod news;
pub mod node;
pub mod people;
pub mod provider;
pub mod reads;
pub mod schema;
pub mod storage;
pub mod wechat;
pub mod worker;
