//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{brand, factory, member, staff};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::load::{Load, asked};

/// A member by (brand, id), deleted ones included: their past votes and orders stay.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MemberById(pub Uuid, pub Uuid);

impl Loader<MemberById> for Load {
    type Value = member::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[MemberById]) -> Result<HashMap<MemberById, Self::Value>, DbErr> {
        let rows =
            asked::<member::Entity>(member::Column::BrandId, member::Column::Id, keys.iter().map(|key| (key.0, key.1)))
                .all(self.app.db.read())
                .await?;
        Ok(rows.into_iter().map(|row| (MemberById(row.brand_id, row.id), row)).collect())
    }
}

/// A person of a brand's team by (brand, id).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StaffById(pub Uuid, pub Uuid);

impl Loader<StaffById> for Load {
    type Value = staff::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[StaffById]) -> Result<HashMap<StaffById, Self::Value>, DbErr> {
        let rows =
            asked::<staff::Entity>(staff::Column::BrandId, staff::Column::Id, keys.iter().map(|key| (key.0, key.1)))
                .all(self.app.db.read())
                .await?;
        Ok(rows.into_iter().map(|row| (StaffById(row.brand_id, row.id), row)).collect())
    }
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
