//! A member commits to pieces of a presale.
//!
//! ```text
//! pending_payment → paid → in_batch → shipped → received → completed
//! leaving: expired (unpaid), cancelled (unpaid), refund_pending → refunded (paid)
//! in_batch → paid when its batch is given up
//! ```
//!
//! Placing puts the pieces on hold. What takes or returns money (paying, lapsing, cancelling,
//! refunding) lives in the payment stage, which moves orders through [`lifecycle`].
//!
//! Promises the next stage: price, promise date, terms version and address are copies made at
//! purchase; an order's pieces are on hold while it is pending and paid pieces until it is refunded;
//! each move is made once, whoever else tries.

pub mod demand;
pub mod graphql;
pub mod lifecycle;
pub mod loader;
pub mod policy;
pub mod query;
pub mod rules;
pub mod service;

/// Timer that ends an unpaid order's hold; handled by the payment stage, which must first make sure
/// that nobody is paying.
pub const LAPSE: &str = "order.lapse";
