//! Use cases, by verb.

pub mod dispatch;
pub mod plan;
pub mod receive;
