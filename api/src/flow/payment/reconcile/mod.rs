//! A day of Beijing held against WeChat Pay's bills of it, for what no notification and no question ever told.
//!
//! ```text
//! day         waiting → balanced | differing → resolved
//! difference  open → resolved
//! ```
//!
//! The bills of a day are there from 10:00 on the next day; ours are read at 10:30. What they know and we do not is
//! acted on first, by the rules that every report about money goes through: a payment is settled or refunded as
//! surplus, a refund takes its state. Only then are both held against each other, and what stays is a difference for
//! a person. WeChat Pay's fees and withdrawals are booked here, since nothing but the bills tells of them.
//!
//! Which day something is of: a payment is in the bill of the day WeChat took it; a refund is in the bill of the day
//! on which it left the merchant's account, which may be the day it was accepted rather than the one it arrived.
//! So rows are matched by their numbers, whichever day we would count them to, and what a bill named is remembered:
//! a payment or refund of ours is missing only while no day's bill has named it, and no longer when a later one does.
//!
//! The fund-flow bill is that of the basic account, from which refunds and transfers to users are paid.

mod book;
mod day;
mod fetch;
mod heal;
mod keep;
pub mod query;
mod read;
mod resolve;
pub mod rules;
mod run;
mod schedule;

pub use resolve::{reconcile_day, resolve};
pub(super) use run::reconcile;
pub(super) use schedule::{begin, open_days};
