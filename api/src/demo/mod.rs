//! `demo`: the pilot replayed through the public API on an embedded database, against the WeChat
//! stand-in; then a short report, and the server keeps serving.

pub mod pictures;

#[cfg(feature = "standin")]
mod caller;
#[cfg(feature = "standin")]
mod diary;
#[cfg(feature = "standin")]
mod money;
#[cfg(feature = "standin")]
mod pilot;
#[cfg(feature = "standin")]
mod report;
#[cfg(feature = "standin")]
mod run;
#[cfg(feature = "standin")]
pub use run::run;
