//! Who acts: brands as tenants, members, KOCs, staff, factories; their sessions and consents.
//!
//! A request's token becomes an [`actor::Actor`]; a field's [`door`] says which actors may enter.

pub mod actor;
pub mod authenticate;
pub mod door;
pub mod graphql;
pub mod loader;
pub mod lockout;
pub mod mask;
pub mod nickname;
pub mod password;
pub mod query;
pub mod session;
pub mod team;
pub mod token;
pub mod vault;
pub mod wechat;
