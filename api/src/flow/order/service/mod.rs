//! Use cases: place an order, change it.

mod change;
mod place;

pub use change::{Change, change};
pub use place::{Place, Queue, place, queue};
