//! Small tools without business: time, ids, money, pages, transactions, events, timers, secrets.

pub mod bus;
pub mod cache;
pub mod clock;
pub mod crypto;
pub mod db;
pub mod fresh;
pub mod group;
pub mod home;
pub mod id;
pub mod lang;
pub mod limit;
pub mod moment;
pub mod money;
pub mod neighbours;
pub mod once;
pub mod page;
pub mod payload;
pub mod rows;
pub mod share;
pub mod stats;
pub mod text;
pub mod tx;
