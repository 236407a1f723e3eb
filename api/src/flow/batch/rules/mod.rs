//! Pure decisions.

pub mod feed;
pub mod hang_tag;
pub mod matrix;
pub mod pieces;
pub mod progress;
pub mod refusal;
pub mod state;
pub mod unit_code;
