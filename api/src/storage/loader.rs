//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::media;
use sea_orm::DbErr;
use uuid::Uuid;

use crate::load::{Load, asked};

/// A media row by (brand, id).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MediaById(pub Uuid, pub Uuid);

impl Loader<MediaById> for Load {
    type Value = media::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[MediaById]) -> Result<HashMap<MediaById, Self::Value>, DbErr> {
        let rows =
            asked::<media::Entity>(media::Column::BrandId, media::Column::Id, keys.iter().map(|key| (key.0, key.1)))
                .all(self.app.db.read())
                .await?;
        Ok(rows.into_iter().map(|row| (MediaById(row.brand_id, row.id), row)).collect())
    }
}
