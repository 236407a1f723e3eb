//! Batched reads.

use std::collections::{HashMap, HashSet};

use async_graphql::dataloader::Loader;
use entity::{design_picture, design_version};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::load::{Load, asked, by_id, grouped};

by_id! {
    /// A design by (brand, id).
    DesignById: design
}

by_id! {
    /// A version by (brand, id of the version).
    VersionById: design_version
}

/// A version by (brand, design, number of the version).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VersionOf(pub Uuid, pub Uuid, pub i32);

impl Loader<VersionOf> for Load {
    type Value = design_version::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[VersionOf]) -> Result<HashMap<VersionOf, Self::Value>, DbErr> {
        let mut found = HashMap::new();
        for (brand_id, wanted) in grouped(keys.iter().map(|key| (key.0, (key.1, key.2)))) {
            let (designs, numbers): (HashSet<Uuid>, HashSet<i32>) = wanted.into_iter().unzip();
            let rows = design_version::Entity::find()
                .filter(design_version::Column::BrandId.eq(brand_id))
                .filter(design_version::Column::DesignId.is_in(designs))
                .filter(design_version::Column::Version.is_in(numbers))
                .all(self.app.db.read())
                .await?;
            // A few versions nobody asked for may be among them; they find no reader.
            found.extend(rows.into_iter().map(|row| (VersionOf(brand_id, row.design_id, row.version), row)));
        }
        Ok(found)
    }
}

/// The pictures of (brand, version), in order; their media come from `MediaById`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PicturesOf(pub Uuid, pub Uuid);

impl Loader<PicturesOf> for Load {
    type Value = Vec<design_picture::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[PicturesOf]) -> Result<HashMap<PicturesOf, Self::Value>, DbErr> {
        let rows = asked::<design_picture::Entity>(
            design_picture::Column::BrandId,
            design_picture::Column::DesignVersionId,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .order_by_asc(design_picture::Column::Position)
        .all(self.app.db.read())
        .await?;
        Ok(grouped(rows.into_iter().map(|row| (PicturesOf(row.brand_id, row.design_version_id), row))))
    }
}
