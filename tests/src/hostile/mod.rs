//! Hostile requests, and conversations over a WebSocket: a corpus of named ones in `tests/corpus`, and what sends
//! and judges them.
//!
//! The server runs in a process of its own ([`server`]), which counts what each request takes: SQL
//! statements, bytes on the heap at the worst moment, nanoseconds of CPU. The end-to-end tests judge all
//! but the CPU, which means little in a debug build; the program `hostile` judges that too.

pub mod corpus;
mod expand;
mod files;
mod judge;
mod line;
pub mod meter;
pub mod report;
mod run;
mod send;
pub mod server;
mod socket;
mod talk;
mod world;

pub use judge::Budget;
pub use run::run;
