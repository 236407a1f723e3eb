//! Money on its way back, under its own number, repeated with the same number until the end is known.

mod outcome;
mod request;
mod send;
mod short;

pub use outcome::apply;
pub use request::{again, request, whole_order};
pub(super) use send::{poll, send};
pub use short::short_pieces;
