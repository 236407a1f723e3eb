//! Load and bench: how much a release server bears, against yardsticks of the same run.
//!
//! [`plan`] says what a data set holds, down to every id and token, from a handful of numbers; [`seed`]
//! writes it; [`client`] speaks as one of its people. On them stand the open loop ([`open_loop`]), the
//! closed loop ([`closed_loop`]) and the programs in `bin/`. A fault driver needs `plan`, `seed`,
//! `client` and [`server`].

pub mod chart;
pub mod client;
pub mod closed_loop;
pub mod open_loop;
pub mod pgbench;
pub mod plan;
pub mod process;
pub mod record;
pub mod report;
pub mod scenario;
pub mod seed;
pub mod server;
pub mod wire;
pub mod zipf;
