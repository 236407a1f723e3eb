//! The published vectors, and the client against the stand-in over real HTTP.
mod error;
mod notification;
mod published;
mod push;
mod user_data;
pub mod vectors;

#[cfg(feature = "standin")]
mod live;
