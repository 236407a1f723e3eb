//! Money back after shipment: the buyer asks, a person of the brand decides.
//!
//! ```text
//! requested → approved → refunded
//!           → refused
//! ```
//!
//! The pieces were made, so they stay counted as paid and made; the line says how many came back.

mod decide;
mod open;
pub mod query;
pub mod rules;

pub use decide::{Decision, decide, refunded, succeed_refund};
pub use open::{Request, open};
