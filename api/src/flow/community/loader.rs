//! Batched reads.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use entity::membership::{self, MembershipStatus};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::load::{Load, by_id, grouped};

by_id! {
    /// A community by (brand, id).
    CommunityById: community
}

/// When `member` joined `community`, if she is in it now: (brand, member, community).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MembershipOf(pub Uuid, pub Uuid, pub Uuid);

impl Loader<MembershipOf> for Load {
    type Value = membership::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[MembershipOf]) -> Result<HashMap<MembershipOf, Self::Value>, DbErr> {
        let mut found = HashMap::new();
        // One request has one member, so this is one statement.
        for ((brand_id, member_id), communities) in grouped(keys.iter().map(|key| ((key.0, key.1), key.2))) {
            let rows = membership::Entity::find()
                .filter(membership::Column::BrandId.eq(brand_id))
                .filter(membership::Column::MemberId.eq(member_id))
                .filter(membership::Column::CommunityId.is_in(communities))
                .filter(membership::Column::Status.eq(MembershipStatus::Active))
                .all(self.app.db.read())
                .await?;
            found.extend(rows.into_iter().map(|row| (MembershipOf(brand_id, member_id, row.community_id), row)));
        }
        Ok(found)
    }
}
