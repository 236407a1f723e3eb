//! Batches in the API: what the brand's people see and do, and what a factory sees and does.

pub(crate) mod cursor;
mod factory;
mod factory_mutation;
mod factory_subscription;
mod hang_tag;
mod matrix;
mod progress;
mod shipment;
mod staff;
mod staff_mutation;
mod ticket;

pub use factory::{FactoryBatch, FactoryDesk, FactoryQuery};
pub use factory_mutation::FactoryMutation;
pub use factory_subscription::FactorySubscription;
pub use shipment::Shipment;
pub use staff::{Batch, BatchQuery};
pub use staff_mutation::BatchMutation;
pub use ticket::Unit;
