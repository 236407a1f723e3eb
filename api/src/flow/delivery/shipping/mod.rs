//! Shipping information: WeChat holds the money of a payment until it knows with whom the goods travel and the buyer,
//! or time, has confirmed their receipt.
//!
//! ```text
//! shipping record  pending → uploaded → settled
//!                  pending → stuck → pending again, by a correction or by hand ; refunded when the money went back
//! ```
//!
//! One payment is one record: an order with a deposit and a balance has two, with the same parcels. What WeChat is to
//! have follows from the parcels that have left ([`rules::content`]); when that changes, the record gets a new version
//! ([`note()`]), which is uploaded until its outcome is known ([`upload`]). A call is written down before it is made: after
//! one whose outcome nobody knows WeChat is asked what it has, so that no repetition uses up the one correction it
//! allows. An order in one parcel is told when that leaves; one in several is told piece by piece, at most fifteen, and
//! the last of them completes it.
//!
//! WeChat tells twice of the money: when it expects to settle, and when it has, because the buyer confirmed or ten days
//! passed. The second is the receipt of the order. A daily question finds what no push ever told. When all payments of
//! an order are settled, the order is ([`crate::flow::order::lifecycle::settled`]).

mod carriers;
mod correct;
mod note;
mod outcome;
mod poll;
pub mod query;
mod retry;
pub mod rules;
mod send;
mod settle;
mod told;

pub use carriers::all as carriers;
pub use correct::correct;
pub use note::note;
pub use poll::poll;
pub use retry::retry;
pub use send::upload;
pub use told::{reminded, told};

/// Uploads a record; the subject is the payment.
pub const UPLOAD: &str = "shipping.upload";
/// Asks WeChat how far the money of a record is; the subject is the payment.
pub const POLL: &str = "shipping.poll";
