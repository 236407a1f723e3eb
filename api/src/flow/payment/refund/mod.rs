//! Money on its way back, under its own number, repeated with the same number until the end is known.

mod abnormal;
mod agreed;
mod hasten;
mod outcome;
mod owed;
mod request;
mod send;
pub(super) mod short;
pub(super) mod withdrawn;

pub use abnormal::{Elsewhere, apply_abnormal};
pub use agreed::{Agreed, What, agreed};
pub use hasten::hasten;
pub use outcome::apply;
pub use request::{Why, again, part, request, whole_order, whole_order_in_batch, within};
pub(super) use send::{poll, send};
pub use short::short_pieces;
pub use withdrawn::{double, owe_double};
