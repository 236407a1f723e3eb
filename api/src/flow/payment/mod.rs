//! Collecting and returning money through WeChat Pay.
//!
//! ```text
//! leg      due → paid | void
//! attempt  created → prepaid → paid ; closed or failed when it can no longer be paid
//! refund   pending → processing → succeeded | abnormal | closed
//! ```
//!
//! An order has an amount due, a leg, or a first one and a balance after it; each try at it is an attempt with an `out_trade_no` of its
//! own, and a leg has one open attempt at a time. Whatever WeChat says about a payment, by
//! notification, by query or in answer to a close, goes through [`settle`]: the first paid attempt
//! settles its leg, any other paid attempt is refunded by itself.
//!
//! A call to WeChat is never made inside a transaction. What is to be called is written first, the
//! call repeats under the same number until its outcome is known, and the outcome is a conditional
//! update; the process may be killed anywhere between.
//!
//! What happens to money is booked in [`ledger`] by the transaction that makes it happen, and what people
//! do to it by hand is noted in [`audit`]. [`desk`] shows the brand's finance people what needs them, and
//! [`reconcile`] finds by WeChat Pay's daily bills what was told of by nothing else. Payments whose goods come late
//! are declared to WeChat in [`declare`].
//!
//! Promises the next stage: a paid order's money is with the merchant, `0 ≤ refunded ≤ paid`, and
//! pieces return to sale exactly once, and only after WeChat confirmed that they can no longer be paid.

pub mod audit;
pub mod after_sales;
mod balance;
mod cancel;
mod close;
pub mod declare;
pub mod desk;
pub mod graphql;
mod lapse;
pub mod ledger;
pub mod loader;
mod mass;
pub mod notification;
mod poll;
mod prepay;
pub mod problem;
pub mod query;
pub mod reconcile;
pub mod refund;
pub mod rules;
mod settle;
pub mod terms;
mod tier;
pub mod timers;

pub use cancel::cancel;
pub use close::closing_first;
pub use prepay::{Payable, pay};
pub use settle::{Settled, confirm, settle};
