//! The edge: actix only; knows no business.

pub mod metrics;
