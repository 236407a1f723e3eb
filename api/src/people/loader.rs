//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{brand, factory};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::load::{Load, by_id};

by_id! {
    /// A member by (brand, id), deleted ones included: their past votes and orders stay.
    MemberById: member
}

by_id! {
    /// A person of a brand's team by (brand, id).
    StaffById: staff
}

/// A factory; the directory is the same for all brands.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FactoryById(pub Uuid);

impl Loader<FactoryById> for Load {
    type Value = factory::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[FactoryById]) -> Result<HashMap<FactoryById, Self::Value>, DbErr> {
        let rows = factory::Entity::find()
            .filter(factory::Column::Id.is_in(keys.iter().map(|key| key.0)))
            .all(self.app.db.read())
            .await?;
        Ok(rows.into_iter().map(|row| (FactoryById(row.id), row)).collect())
    }
}

/// A brand; the directory is global.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BrandById(pub Uuid);

impl Loader<BrandById> for Load {
    type Value = brand::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[BrandById]) -> Result<HashMap<BrandById, Self::Value>, DbErr> {
        let rows = brand::Entity::find()
            .filter(brand::Column::Id.is_in(keys.iter().map(|key| key.0)))
            .all(self.app.db.read())
            .await?;
        Ok(rows.into_iter().map(|row| (BrandById(row.id), row)).collect())
    }
}
