//! Samples and try-ons in the API.

mod input;
mod mutation;
mod query;
mod sample;
mod tryon;

pub use mutation::TryOnMutation;
pub use query::TryOnQuery;
pub use sample::Sample;
pub use tryon::TryOn;
