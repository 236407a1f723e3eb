//! Batched reads. A factory's page spans brands: one statement a brand and question.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{batch, batch_cell, batch_offer, batch_progress, presale_sku, shipment, shipment_cell};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::rules::matrix::Cell;
use crate::load::{Load, by_brand};

/// A batch by (brand, id).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BatchById(pub Uuid, pub Uuid);

impl Loader<BatchById> for Load {
    type Value = batch::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[BatchById]) -> Result<HashMap<BatchById, Self::Value>, DbErr> {
        let mut found = HashMap::new();
        for (brand_id, ids) in by_brand(keys.iter().map(|key| (key.0, key.1))) {
            let rows = batch::Entity::find()
                .filter(batch::Column::BrandId.eq(brand_id))
                .filter(batch::Column::Id.is_in(ids))
                .all(self.app.db.read())
                .await?;
            found.extend(rows.into_iter().map(|row| (BatchById(brand_id, row.id), row)));
        }
        Ok(found)
    }
}

/// The cells of a batch in the order of the presale's SKUs: (brand, batch).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CellsOf(pub Uuid, pub Uuid);

#[derive(FromQueryResult)]
struct CellRow {
    batch_id: Uuid,
    sku_id: Uuid,
    pieces: i32,
    shipped: i32,
    code: String,
    color: String,
    size: String,
    size_designation: Option<String>,
}

impl Loader<CellsOf> for Load {
    type Value = Vec<Cell>;
    type Error = DbErr;

    async fn load(&self, keys: &[CellsOf]) -> Result<HashMap<CellsOf, Self::Value>, DbErr> {
        let mut found = HashMap::<_, Vec<_>>::new();
        for (brand_id, batches) in by_brand(keys.iter().map(|key| (key.0, key.1))) {
            let rows = batch_cell::Entity::find()
                .join(sea_orm::JoinType::InnerJoin, sku_of_cell())
                .select_only()
                .columns([
                    batch_cell::Column::BatchId,
                    batch_cell::Column::SkuId,
                    batch_cell::Column::Pieces,
                    batch_cell::Column::Shipped,
                ])
                .columns([
                    presale_sku::Column::Code,
                    presale_sku::Column::Color,
                    presale_sku::Column::Size,
                    presale_sku::Column::SizeDesignation,
                ])
                .filter(batch_cell::Column::BrandId.eq(brand_id))
                .filter(batch_cell::Column::BatchId.is_in(batches))
                .order_by_asc(presale_sku::Column::Position)
                .into_model::<CellRow>()
                .all(self.app.db.read())
                .await?;
            for row in rows {
                found.entry(CellsOf(brand_id, row.batch_id)).or_default().push(Cell {
                    sku_id: row.sku_id,
                    code: row.code,
                    color: row.color,
                    size: row.size,
                    size_designation: row.size_designation,
                    pieces: row.pieces,
                    shipped: row.shipped,
                });
            }
        }
        Ok(found)
    }
}

/// The composite key of a cell's SKU, as a join.
fn sku_of_cell() -> sea_orm::RelationDef {
    batch_cell::Entity::belongs_to(presale_sku::Entity)
        .from((batch_cell::Column::BrandId, batch_cell::Column::SkuId))
        .to((presale_sku::Column::BrandId, presale_sku::Column::Id))
        .into()
}

/// Newest counts per stage and SKU: (brand, batch).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProgressOf(pub Uuid, pub Uuid);

/// Cumulative pieces of one SKU at one stage.
#[derive(Clone, Debug, FromQueryResult)]
pub struct StageCount {
    pub batch_id: Uuid,
    pub stage: batch_progress::BatchProgressStage,
    pub sku_id: Uuid,
    pub pieces: i32,
}

impl Loader<ProgressOf> for Load {
    type Value = Vec<StageCount>;
    type Error = DbErr;

    async fn load(&self, keys: &[ProgressOf]) -> Result<HashMap<ProgressOf, Self::Value>, DbErr> {
        let mut found = HashMap::<_, Vec<_>>::new();
        for (brand_id, batches) in by_brand(keys.iter().map(|key| (key.0, key.1))) {
            let rows = batch_progress::Entity::find()
                .select_only()
                .columns([
                    batch_progress::Column::BatchId,
                    batch_progress::Column::Stage,
                    batch_progress::Column::SkuId,
                ])
                .column_as(batch_progress::Column::Pieces.max(), "pieces")
                .filter(batch_progress::Column::BrandId.eq(brand_id))
                .filter(batch_progress::Column::BatchId.is_in(batches))
                .group_by(batch_progress::Column::BatchId)
                .group_by(batch_progress::Column::Stage)
                .group_by(batch_progress::Column::SkuId)
                .into_model::<StageCount>()
                .all(self.app.db.read())
                .await?;
            for row in rows {
                found.entry(ProgressOf(brand_id, row.batch_id)).or_default().push(row);
            }
        }
        Ok(found)
    }
}

/// Factories a batch is offered to: (brand, batch).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OffersOf(pub Uuid, pub Uuid);

impl Loader<OffersOf> for Load {
    type Value = Vec<Uuid>;
    type Error = DbErr;

    async fn load(&self, keys: &[OffersOf]) -> Result<HashMap<OffersOf, Self::Value>, DbErr> {
        let mut found = HashMap::<_, Vec<_>>::new();
        for (brand_id, batches) in by_brand(keys.iter().map(|key| (key.0, key.1))) {
            let rows = batch_offer::Entity::find()
                .filter(batch_offer::Column::BrandId.eq(brand_id))
                .filter(batch_offer::Column::BatchId.is_in(batches))
                .order_by_asc(batch_offer::Column::FactoryId)
                .all(self.app.db.read())
                .await?;
            for row in rows {
                found.entry(OffersOf(brand_id, row.batch_id)).or_default().push(row.factory_id);
            }
        }
        Ok(found)
    }
}

/// Ship notices of a batch, oldest first: (brand, batch).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShipmentsOf(pub Uuid, pub Uuid);

impl Loader<ShipmentsOf> for Load {
    type Value = Vec<shipment::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[ShipmentsOf]) -> Result<HashMap<ShipmentsOf, Self::Value>, DbErr> {
        let mut found = HashMap::<_, Vec<_>>::new();
        for (brand_id, batches) in by_brand(keys.iter().map(|key| (key.0, key.1))) {
            let rows = shipment::Entity::find()
                .filter(shipment::Column::BrandId.eq(brand_id))
                .filter(shipment::Column::BatchId.is_in(batches))
                .order_by_asc(shipment::Column::Id)
                .all(self.app.db.read())
                .await?;
            for row in rows {
                found.entry(ShipmentsOf(brand_id, row.batch_id)).or_default().push(row);
            }
        }
        Ok(found)
    }
}

/// What a ship notice holds: (brand, shipment).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShippedCells(pub Uuid, pub Uuid);

impl Loader<ShippedCells> for Load {
    type Value = Vec<shipment_cell::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[ShippedCells]) -> Result<HashMap<ShippedCells, Self::Value>, DbErr> {
        let mut found = HashMap::<_, Vec<_>>::new();
        for (brand_id, shipments) in by_brand(keys.iter().map(|key| (key.0, key.1))) {
            let rows = shipment_cell::Entity::find()
                .filter(shipment_cell::Column::BrandId.eq(brand_id))
                .filter(shipment_cell::Column::ShipmentId.is_in(shipments))
                .order_by_asc(shipment_cell::Column::SkuId)
                .all(self.app.db.read())
                .await?;
            for row in rows {
                found.entry(ShippedCells(brand_id, row.shipment_id)).or_default().push(row);
            }
        }
        Ok(found)
    }
}
