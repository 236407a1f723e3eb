//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{round, round_community, round_entry, round_tally};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::load::{Load, by_brand};

/// A round by (brand, id).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RoundById(pub Uuid, pub Uuid);

impl Loader<RoundById> for Load {
    type Value = round::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[RoundById]) -> Result<HashMap<RoundById, Self::Value>, DbErr> {
        let mut found = HashMap::new();
        for (brand_id, ids) in by_brand(keys.iter().map(|key| (key.0, key.1))) {
            let rows = round::Entity::find()
                .filter(round::Column::BrandId.eq(brand_id))
                .filter(round::Column::Id.is_in(ids))
                .all(self.app.db.read())
                .await?;
            found.extend(rows.into_iter().map(|row| (RoundById(brand_id, row.id), row)));
        }
        Ok(found)
    }
}

/// A slate entry by (brand, id).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntryById(pub Uuid, pub Uuid);

impl Loader<EntryById> for Load {
    type Value = round_entry::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[EntryById]) -> Result<HashMap<EntryById, Self::Value>, DbErr> {
        let mut found = HashMap::new();
        for (brand_id, ids) in by_brand(keys.iter().map(|key| (key.0, key.1))) {
            let rows = round_entry::Entity::find()
                .filter(round_entry::Column::BrandId.eq(brand_id))
                .filter(round_entry::Column::Id.is_in(ids))
                .all(self.app.db.read())
                .await?;
            found.extend(rows.into_iter().map(|row| (EntryById(brand_id, row.id), row)));
        }
        Ok(found)
    }
}

/// The communities of (brand, round).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommunitiesOf(pub Uuid, pub Uuid);

impl Loader<CommunitiesOf> for Load {
    type Value = Vec<Uuid>;
    type Error = DbErr;

    async fn load(&self, keys: &[CommunitiesOf]) -> Result<HashMap<CommunitiesOf, Self::Value>, DbErr> {
        let mut found: HashMap<CommunitiesOf, Self::Value> = HashMap::new();
        for (brand_id, rounds) in by_brand(keys.iter().map(|key| (key.0, key.1))) {
            let rows = round_community::Entity::find()
                .filter(round_community::Column::BrandId.eq(brand_id))
                .filter(round_community::Column::RoundId.is_in(rounds))
                .order_by_asc(round_community::Column::CommunityId)
                .all(self.app.db.read())
                .await?;
            for row in rows {
                found.entry(CommunitiesOf(brand_id, row.round_id)).or_default().push(row.community_id);
            }
        }
        Ok(found)
    }
}

/// The tally per community of (brand, round).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TalliesOf(pub Uuid, pub Uuid);

impl Loader<TalliesOf> for Load {
    type Value = Vec<round_tally::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[TalliesOf]) -> Result<HashMap<TalliesOf, Self::Value>, DbErr> {
        let mut found: HashMap<TalliesOf, Self::Value> = HashMap::new();
        for (brand_id, rounds) in by_brand(keys.iter().map(|key| (key.0, key.1))) {
            let rows = round_tally::Entity::find()
                .filter(round_tally::Column::BrandId.eq(brand_id))
                .filter(round_tally::Column::RoundId.is_in(rounds))
                .order_by_asc(round_tally::Column::CommunityId)
                .all(self.app.db.read())
                .await?;
            for row in rows {
                found.entry(TalliesOf(brand_id, row.round_id)).or_default().push(row);
            }
        }
        Ok(found)
    }
}
