//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::brand_wechat;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::load::Load;

/// A brand's mini-program and merchant account, as everybody may know them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccountOf(pub Uuid);

/// `appid` and `mchid`.
#[derive(Clone)]
pub struct AccountIds {
    pub appid: String,
    pub mchid: String,
}

impl Loader<AccountOf> for Load {
    type Value = AccountIds;
    type Error = DbErr;

    async fn load(&self, keys: &[AccountOf]) -> Result<HashMap<AccountOf, Self::Value>, DbErr> {
        let rows = brand_wechat::Entity::find()
            .filter(brand_wechat::Column::BrandId.is_in(keys.iter().map(|key| key.0)))
            .all(self.app.db.read())
            .await?;
        let ids =
            |row: brand_wechat::Model| (AccountOf(row.brand_id), AccountIds { appid: row.appid, mchid: row.mchid });
        Ok(rows.into_iter().map(ids).collect())
    }
}
