//! The edge: actix only; knows no business.

pub mod graphiql;
pub mod guard;
pub mod metrics;
