//! A member commits to pieces of a presale.
//!
//! ```text
//! pending_payment → [deposit_paid → balance_due →] paid → in_batch → shipped → received → completed
//! leaving: expired, cancelled (nothing paid), forfeited (a 定金 whose balance was not paid),
//!          refund_pending → refunded (something paid)
//! in_batch → paid when its batch is given up
//! ```
//!
//! Placing puts the pieces on hold. What takes or returns money (paying, lapsing, cancelling,
//! refunding) lives in the payment stage, which moves orders through [`lifecycle`].
//!
//! Promises the next stage: price, payment plan, promise date, terms version, address, who earns and how
//! much are copies made at purchase; an order's pieces are on hold while it is pending and paid pieces until it is refunded or
//! forfeited; nothing is released whose balance is not paid; each move is made once, whoever else tries.

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
/// Timer that ends the time for an order's balance; handled like [`LAPSE`].
pub const BALANCE_LAPSE: &str = "order.balance_lapse";
/// Timer that reminds a buyer of her balance; handled by whoever tells members things.
pub const BALANCE_REMINDER: &str = "order.balance_reminder";
