//! Batched reads. A factory's page spans brands, so each question is one statement for all of them.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{batch_cell, batch_offer, batch_progress, presale_sku, shipment, shipment_cell};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::rules::matrix::Cell;
use crate::load::{Load, asked, by_id, grouped};

by_id! {
    /// A batch by (brand, id).
    BatchById: batch
}

/// The cells of a batch in the order of the presale's SKUs: (brand, batch).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CellsOf(pub Uuid, pub Uuid);

#[derive(FromQueryResult)]
struct CellRow {
    brand_id: Uuid,
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
        let rows = asked::<batch_cell::Entity>(
            batch_cell::Column::BrandId,
            batch_cell::Column::BatchId,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .join(sea_orm::JoinType::InnerJoin, sku_of_cell())
        .select_only()
        .columns([
            batch_cell::Column::BrandId,
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
        .order_by_asc(presale_sku::Column::Position)
        .into_model::<CellRow>()
        .all(self.app.db.read())
        .await?;
        Ok(grouped(rows.into_iter().map(|row| {
            let cell = Cell {
                sku_id: row.sku_id,
                code: row.code,
                color: row.color,
                size: row.size,
                size_designation: row.size_designation,
                pieces: row.pieces,
                shipped: row.shipped,
            };
            (CellsOf(row.brand_id, row.batch_id), cell)
        })))
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
    pub brand_id: Uuid,
    pub batch_id: Uuid,
    pub stage: batch_progress::BatchProgressStage,
    pub sku_id: Uuid,
    pub pieces: i32,
}

impl Loader<ProgressOf> for Load {
    type Value = Vec<StageCount>;
    type Error = DbErr;

    async fn load(&self, keys: &[ProgressOf]) -> Result<HashMap<ProgressOf, Self::Value>, DbErr> {
        let rows = asked::<batch_progress::Entity>(
            batch_progress::Column::BrandId,
            batch_progress::Column::BatchId,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .select_only()
        .columns([
            batch_progress::Column::BrandId,
            batch_progress::Column::BatchId,
            batch_progress::Column::Stage,
            batch_progress::Column::SkuId,
        ])
        .column_as(batch_progress::Column::Pieces.max(), "pieces")
        .group_by(batch_progress::Column::BrandId)
        .group_by(batch_progress::Column::BatchId)
        .group_by(batch_progress::Column::Stage)
        .group_by(batch_progress::Column::SkuId)
        .into_model::<StageCount>()
        .all(self.app.db.read())
        .await?;
        Ok(grouped(rows.into_iter().map(|row| (ProgressOf(row.brand_id, row.batch_id), row))))
    }
}

/// Factories a batch is offered to: (brand, batch).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OffersOf(pub Uuid, pub Uuid);

impl Loader<OffersOf> for Load {
    type Value = Vec<Uuid>;
    type Error = DbErr;

    async fn load(&self, keys: &[OffersOf]) -> Result<HashMap<OffersOf, Self::Value>, DbErr> {
        let rows = asked::<batch_offer::Entity>(
            batch_offer::Column::BrandId,
            batch_offer::Column::BatchId,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .order_by_asc(batch_offer::Column::FactoryId)
        .all(self.app.db.read())
        .await?;
        Ok(grouped(rows.into_iter().map(|row| (OffersOf(row.brand_id, row.batch_id), row.factory_id))))
    }
}

/// Ship notices of a batch, oldest first: (brand, batch).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShipmentsOf(pub Uuid, pub Uuid);

impl Loader<ShipmentsOf> for Load {
    type Value = Vec<shipment::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[ShipmentsOf]) -> Result<HashMap<ShipmentsOf, Self::Value>, DbErr> {
        let rows = asked::<shipment::Entity>(
            shipment::Column::BrandId,
            shipment::Column::BatchId,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .order_by_asc(shipment::Column::Id)
        .all(self.app.db.read())
        .await?;
        Ok(grouped(rows.into_iter().map(|row| (ShipmentsOf(row.brand_id, row.batch_id), row))))
    }
}

/// What a ship notice holds: (brand, shipment).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShippedCells(pub Uuid, pub Uuid);

impl Loader<ShippedCells> for Load {
    type Value = Vec<shipment_cell::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[ShippedCells]) -> Result<HashMap<ShippedCells, Self::Value>, DbErr> {
        let rows = asked::<shipment_cell::Entity>(
            shipment_cell::Column::BrandId,
            shipment_cell::Column::ShipmentId,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .order_by_asc(shipment_cell::Column::SkuId)
        .all(self.app.db.read())
        .await?;
        Ok(grouped(rows.into_iter().map(|row| (ShippedCells(row.brand_id, row.shipment_id), row))))
    }
}
