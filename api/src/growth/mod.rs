//! What keeps people: they hear of what they asked for, and only of that.

pub mod graphql;
pub mod notify;
