//! End-to-end tests, one module per stage: sentences about people, spoken through the public API.

use tests::{TestApp, e2e};

mod catalogue;
mod design;
mod edge;
mod house;
mod insight;
mod media;
mod round;
mod community;
mod people;
mod order;
mod payment;
mod presale;
mod shop;
mod walk;
mod notify;
mod tryon;
