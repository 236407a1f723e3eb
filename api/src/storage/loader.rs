//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::media;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::load::{Load, by_brand};

/// A media row by (brand, id).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MediaById(pub Uuid, pub Uuid);

impl Loader<MediaById> for Load {
    type Value = media::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[MediaById]) -> Result<HashMap<MediaById, Self::Value>, DbErr> {
        let mut found = HashMap::new();
        for (brand_id, ids) in by_brand(keys.iter().map(|key| (key.0, key.1))) {
            let rows = media::Entity::find()
                .filter(media::Column::BrandId.eq(brand_id))
                .filter(media::Column::Id.is_in(ids))
                .all(self.app.db.read())
                .await?;
            found.extend(rows.into_iter().map(|row| (MediaById(brand_id, row.id), row)));
        }
        Ok(found)
    }
}
