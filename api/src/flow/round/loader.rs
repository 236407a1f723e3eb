//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::{round_community, round_tally};
use sea_orm::{DbErr, QueryOrder};
use uuid::Uuid;

use crate::load::{Load, asked, by_id, grouped};

by_id! {
    /// A round by (brand, id).
    RoundById: round
}

by_id! {
    /// A slate entry by (brand, id).
    EntryById: round_entry
}

/// The communities of (brand, round).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommunitiesOf(pub Uuid, pub Uuid);

impl Loader<CommunitiesOf> for Load {
    type Value = Vec<Uuid>;
    type Error = DbErr;

    async fn load(&self, keys: &[CommunitiesOf]) -> Result<HashMap<CommunitiesOf, Self::Value>, DbErr> {
        let rows = asked::<round_community::Entity>(
            round_community::Column::BrandId,
            round_community::Column::RoundId,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .order_by_asc(round_community::Column::CommunityId)
        .all(self.app.db.read())
        .await?;
        Ok(grouped(rows.into_iter().map(|row| (CommunitiesOf(row.brand_id, row.round_id), row.community_id))))
    }
}

/// The tally per community of (brand, round).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TalliesOf(pub Uuid, pub Uuid);

impl Loader<TalliesOf> for Load {
    type Value = Vec<round_tally::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[TalliesOf]) -> Result<HashMap<TalliesOf, Self::Value>, DbErr> {
        let rows = asked::<round_tally::Entity>(
            round_tally::Column::BrandId,
            round_tally::Column::RoundId,
            keys.iter().map(|key| (key.0, key.1)),
        )
        .order_by_asc(round_tally::Column::CommunityId)
        .all(self.app.db.read())
        .await?;
        Ok(grouped(rows.into_iter().map(|row| (TalliesOf(row.brand_id, row.round_id), row))))
    }
}
