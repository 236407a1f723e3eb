//! What is paid for, and only that, is gathered and released to a factory.
//!
//! ```text
//! batch  released → leased → accepted → in_production → shipped → received → closed
//!        leased → released        rejected, or the lease lapsed; the next claim has the next epoch
//!        released, leased, accepted → cancelled   by the brand, before production
//! unit   planned → shipped        assigned in order of payment
//!        planned → void           its batch was cancelled
//!        planned → scrapped       short yield; the piece is free for the next batch
//! ```
//!
//! One live allocation per (order line, piece) ties a paid piece to one batch: the unique index, not
//! a look before, makes release exactly-once under any number of servers. Cancelled and short
//! allocations end and stay as history.
//!
//! Factories pull. What happens to a batch reaches each factory concerned through its feed, an
//! ordered queue without gaps across brands ([`service::feed`]). A claim is a lease under an epoch;
//! every write of a factory is fenced by holder, epoch and lease ([`service::fence`]). A factory sees
//! quantities, sizes and the hang tag, never a name, a phone, an address or an order number.
//!
//! Promises the next stage: a shipped unit names its shipment, and units ship in order of payment.

pub mod graphql;
pub mod loader;
pub mod policy;
pub mod query;
pub mod rules;
pub mod service;

use crate::app::App;
use crate::error::Result;
use crate::worker::{Event, Timer};

/// Timer: the lease of a batch ends.
pub const LEASE_LAPSE: &str = "batch.lease_lapse";

/// Writes the feeds of the factories that the event concerns.
pub async fn on_event(app: &App, event: &Event) -> Result<()> {
    service::feed::project(app, event).await
}

/// A lease has run out.
pub async fn on_lease_lapse(app: &App, timer: &Timer) -> Result<()> {
    service::claim::lapse(app, timer.brand_id, timer.subject_id).await
}
