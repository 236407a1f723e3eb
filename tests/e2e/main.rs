//! End-to-end tests, one module per stage: sentences about people, spoken through the public API.

use tests::{TestApp, e2e};

mod authorization;
mod batch;
mod canary;
mod catalogue;
mod community;
mod delivery;
mod design;
mod edge;
mod factory;
mod finance;
mod hostile;
mod house;
mod insight;
mod ledger;
mod media;
mod node;
mod notify;
mod order;
mod payment;
mod payout;
mod people;
mod plan;
mod presale;
mod promise;
mod push;
mod reads;
mod refund;
mod round;
mod round_rush;
mod rush;
mod shop;
mod socket;
mod tools;
mod tryon;
mod walk;
