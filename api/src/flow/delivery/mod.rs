//! Parcels to the people, and what they confirm.
//!
//! ```text
//! parcel  packing → shipped → received
//! ```
//!
//! Each ship notice of a batch plans one parcel for every order that has pieces in it. When parcels
//! with all pieces of an order are on the way, the order is shipped; when the buyer confirms, or ten
//! days after the last of them left (a setting), it is received; seven days later it is completed. WeChat
//! is told what has left, and tells when the money settles: see [`shipping`].
//!
//! The packing list is the one place where the brand's support and merchandisers read addresses in
//! full: they print the labels. Factories ship to the brand's warehouse and have no part in it.

pub mod graphql;
pub mod loader;
pub mod policy;
pub mod query;
pub mod rules;
pub mod service;
pub mod shipping;

use uuid::Uuid;

use crate::app::App;
use crate::error::Result;
use crate::worker::{Event, Timer};

/// Timer of a parcel: it counts as received.
pub const RECEIPT: &str = "parcel.receipt";
/// Timer of an order: the time for questions is over.
pub const COMPLETE: &str = "order.complete";

/// Plans the parcels of a ship notice, moves an order on whose missing pieces are waited for no more, and has WeChat
/// told of what has left.
pub async fn on_event(app: &App, event: &Event) -> Result<()> {
    match event.kind.as_str() {
        "parcel.shipped" | "parcel.corrected" => match event.payload["order_id"].as_str().map(Uuid::parse_str) {
            Some(Ok(order_id)) => shipping::note(app, event.brand_id, order_id).await,
            _ => Err(anyhow::anyhow!("event {} of kind {} names no order", event.id, event.kind).into()),
        },
        // The rest of it may have been refunded.
        "order.shipped" => shipping::note(app, event.brand_id, event.aggregate_id).await,
        "batch.shipment_sent" => service::plan::plan(app, event).await,
        "order.pieces_refunded" => service::receive::judge_again(app, event.brand_id, event.aggregate_id).await,
        _ => Ok(()),
    }
}

/// A parcel has been on the way long enough to count as received.
pub async fn on_receipt_due(app: &App, timer: &Timer) -> Result<()> {
    service::receive::by_time(app, timer.brand_id, timer.subject_id).await
}

/// An order was received long enough ago.
pub async fn on_complete_due(app: &App, timer: &Timer) -> Result<()> {
    service::receive::complete(app, timer.brand_id, timer.subject_id).await
}
