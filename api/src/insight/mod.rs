//! What the numbers say; reads only.
//!
//! The question everything here serves: did the vote foretell the orders? [`funnel`] sets the members
//! who picked a design apart from those who did not, and counts who of each bought it.

pub mod funnel;
pub mod graphql;
pub mod rate;
