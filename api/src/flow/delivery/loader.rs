//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{presale_sku, unit};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::load::{Load, grouped};

/// The garments in a parcel: (brand, parcel).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnitsIn(pub Uuid, pub Uuid);

/// A garment in a parcel.
#[derive(Clone, Debug, FromQueryResult)]
pub struct PackedUnit {
    pub parcel_id: Option<Uuid>,
    pub sku_id: Uuid,
    /// On its label.
    pub unit_code: String,
    pub sku_code: String,
    pub color: String,
    pub size: String,
}

impl Loader<UnitsIn> for Load {
    type Value = Vec<PackedUnit>;
    type Error = DbErr;

    async fn load(&self, keys: &[UnitsIn]) -> Result<HashMap<UnitsIn, Self::Value>, DbErr> {
        let mut found = HashMap::<_, Vec<_>>::new();
        for (brand_id, parcels) in grouped(keys.iter().map(|key| (key.0, key.1))) {
            let sku: sea_orm::RelationDef = unit::Entity::belongs_to(presale_sku::Entity)
                .from((unit::Column::BrandId, unit::Column::SkuId))
                .to((presale_sku::Column::BrandId, presale_sku::Column::Id))
                .into();
            let rows = unit::Entity::find()
                .join(JoinType::InnerJoin, sku)
                .select_only()
                .columns([unit::Column::ParcelId, unit::Column::SkuId])
                .column_as(unit::Column::Code, "unit_code")
                .column_as(presale_sku::Column::Code, "sku_code")
                .columns([presale_sku::Column::Color, presale_sku::Column::Size])
                .filter(unit::Column::BrandId.eq(brand_id))
                .filter(unit::Column::ParcelId.is_in(parcels))
                .order_by_asc(presale_sku::Column::Position)
                .order_by_asc(unit::Column::Id)
                .into_model::<PackedUnit>()
                .all(self.app.db.read())
                .await?;
            for row in rows {
                let Some(parcel_id) = row.parcel_id else { continue };
                found.entry(UnitsIn(brand_id, parcel_id)).or_default().push(row);
            }
        }
        Ok(found)
    }
}
