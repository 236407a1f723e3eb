//! Reads, brand first.

use entity::community::{self, CommunityStatus};
use entity::koc;
use entity::membership::{self, MembershipStatus};
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Select};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::people::actor::Actor;

/// The community, or `NOT_FOUND` for one of another brand just as for none.
pub async fn find(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<community::Model> {
    community::Entity::find_by_id((brand_id, id)).one(db).await?.ok_or_else(|| Error::not_found("community"))
}

pub async fn find_by_code(db: &impl ConnectionTrait, brand_id: Uuid, code: &str) -> Result<Option<community::Model>> {
    let found = community::Entity::find()
        .filter(community::Column::BrandId.eq(brand_id))
        .filter(community::Column::InviteCode.eq(code))
        .filter(community::Column::Status.eq(CommunityStatus::Active));
    Ok(found.one(db).await?)
}

/// All communities of the brand, or of one KOC.
pub fn all(brand_id: Uuid, koc_id: Option<Uuid>) -> Select<community::Entity> {
    let all = community::Entity::find().filter(community::Column::BrandId.eq(brand_id));
    match koc_id {
        Some(koc_id) => all.filter(community::Column::KocMemberId.eq(koc_id)),
        None => all,
    }
}

/// The code by which buyers name a KOC.
pub async fn koc_code(db: &impl ConnectionTrait, brand_id: Uuid, member_id: Uuid) -> Result<Option<String>> {
    Ok(koc::Entity::find_by_id((brand_id, member_id)).one(db).await?.map(|koc| koc.code))
}

/// The communities a member is in now, in the order she joined.
pub async fn memberships_of(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    member_id: Uuid,
) -> Result<Vec<membership::Model>> {
    let found = membership::Entity::find()
        .filter(membership::Column::BrandId.eq(brand_id))
        .filter(membership::Column::MemberId.eq(member_id))
        .filter(membership::Column::Status.eq(MembershipStatus::Active))
        .order_by_asc(membership::Column::JoinedAt)
        .order_by_asc(membership::Column::CommunityId);
    Ok(found.all(db).await?)
}

/// Those of `ids` that `actor` may see: staff all of the brand; a member those she is in or leads.
pub async fn visible_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<community::Model>> {
    let Ok(brand_id) = actor.brand_id() else { return Ok(Vec::new()) };
    let mut found = all(brand_id, None).filter(community::Column::Id.is_in(ids.iter().copied()));
    if let Actor::Member(me) = actor {
        let joined = Query::select()
            .column(membership::Column::CommunityId)
            .from(membership::Entity)
            .and_where(membership::Column::BrandId.eq(brand_id))
            .and_where(membership::Column::MemberId.eq(me.id))
            .and_where(membership::Column::Status.eq(MembershipStatus::Active))
            .take();
        let hers = Condition::any()
            .add(community::Column::Id.in_subquery(joined))
            .add(community::Column::KocMemberId.eq(me.id));
        found = found.filter(hers);
    }
    Ok(found.all(db).await?)
}
