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
mod house;
mod insight;
mod media;
mod notify;
mod order;
mod payment;
mod people;
mod presale;
mod push;
mod round;
mod rush;
mod shop;
mod socket;
mod tryon;
mod walk;
