//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{round, round_community, round_entry, round_tally};
use sea_orm::{DbErr, QueryOrder};
use uuid::Uuid;

use crate::load::{Load, asked};

/// A round by (brand, id).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RoundById(pub Uuid, pub Uuid);

impl Loader<RoundById> for Load {
    type Value = round::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[RoundById]) -> Result<HashMap<RoundById, Self::Value>, DbErr> {
        let rows =
            asked::<round::Entity>(round::Column::BrandId, round::Column::Id, keys.iter().map(|key| (key.0, key.1)))
                .all(self.app.db.read())
                .await?;
        Ok(rows.into_iter().map(|row| (RoundById(row.brand_id, row.id), row)).collect())
    }
}

/// A slate entry by (brand, id).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntryById(pub Uuid, pub Uuid);

impl Loader<EntryById> for Load {
    type Value = round_entry::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[EntryById]) -> Result<HashMap<EntryById, Self::Value>, DbErr> {
        let rows = asked::<round_entry::Entity>(
            round_entry::Column::BrandId,
            round_entry::Column::Id,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .all(self.app.db.read())
        .await?;
        Ok(rows.into_iter().map(|row| (EntryById(row.brand_id, row.id), row)).collect())
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
        let rows = asked::<round_community::Entity>(
            round_community::Column::BrandId,
            round_community::Column::RoundId,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .order_by_asc(round_community::Column::CommunityId)
        .all(self.app.db.read())
        .await?;
        for row in rows {
            found.entry(CommunitiesOf(row.brand_id, row.round_id)).or_default().push(row.community_id);
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
        let rows = asked::<round_tally::Entity>(
            round_tally::Column::BrandId,
            round_tally::Column::RoundId,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .order_by_asc(round_tally::Column::CommunityId)
        .all(self.app.db.read())
        .await?;
        for row in rows {
            found.entry(TalliesOf(row.brand_id, row.round_id)).or_default().push(row);
        }
        Ok(found)
    }
}
