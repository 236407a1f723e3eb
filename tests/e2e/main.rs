//! End-to-end tests, one module per stage: sentences about people, spoken through the public API.

use tests::{TestApp, e2e};

mod catalogue;
mod edge;
mod house;
mod notify;
mod tryon;
