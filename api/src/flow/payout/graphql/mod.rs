//! Payouts in the API: what a KOC earned, what is on its way to a member, what the brand's finance people do.

mod commission;
mod desk;
mod factory;
mod input;
mod mutation;
mod query;
mod transfer;

pub use commission::Commission;
pub use factory::FactoryPayment;
pub use mutation::PayoutMutation;
pub use query::PayoutQuery;
pub use transfer::Transfer;
