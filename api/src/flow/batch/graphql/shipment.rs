//! Ship notices as they are shown.

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};
use entity::{batch, shipment};

use super::super::loader::{ShipmentsOf, ShippedCells};
use super::progress::CellPieces;
use crate::base::id::ShipmentId;
use crate::error::Result;
use crate::load;

/// A ship notice: what left the factory, in how many cartons.
pub struct Shipment(pub shipment::Model);

/// A ship notice: what left the factory, in how many cartons.
#[Object]
impl Shipment {
    /// Names the ship notice.
    pub async fn id(&self) -> ShipmentId {
        self.0.id.into()
    }

    /// Carrier, as the factory wrote it.
    async fn carrier(&self) -> &str {
        &self.0.carrier
    }

    /// Waybill number of the carrier.
    async fn tracking_no(&self) -> &str {
        &self.0.tracking_no
    }

    /// Number of cartons.
    async fn cartons(&self) -> i32 {
        self.0.cartons
    }

    /// Pieces in all.
    async fn pieces(&self) -> i32 {
        self.0.pieces
    }

    /// Pieces per SKU.
    async fn cells(&self, ctx: &Context<'_>) -> Result<Vec<CellPieces>> {
        let cells = load::of(ctx).load_one(ShippedCells(self.0.brand_id, self.0.id)).await?.unwrap_or_default();
        Ok(cells.into_iter().map(|cell| CellPieces { sku_id: cell.sku_id.into(), pieces: cell.pieces }).collect())
    }

    /// When the factory sent the notice.
    async fn shipped_at(&self) -> DateTime<Utc> {
        self.0.shipped_at
    }

    /// When the brand's warehouse confirmed it; null before.
    async fn received_at(&self) -> Option<DateTime<Utc>> {
        self.0.received_at
    }
}

/// The ship notices of a batch, oldest first.
pub async fn of(ctx: &Context<'_>, batch: &batch::Model) -> Result<Vec<Shipment>> {
    let shipments = load::of(ctx).load_one(ShipmentsOf(batch.brand_id, batch.id)).await?.unwrap_or_default();
    Ok(shipments.into_iter().map(Shipment).collect())
}
