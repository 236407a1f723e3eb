//! Reads, brand first.

use entity::membership::{self, MembershipStatus};
use entity::sample::{self, SampleStatus};
use entity::security_check;
use entity::tryon::{self, TryonStatus};
use entity::tryon_community;
use sea_orm::sea_query::{ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Select};
use uuid::Uuid;

use crate::error::{Error, Result};

/// What security checks of a post carry as their subject.
pub const SUBJECT: &str = "tryon";

/// The sample, or `NOT_FOUND` for one of another brand just as for none.
pub async fn find_sample(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<sample::Model> {
    sample::Entity::find_by_id((brand_id, id)).one(db).await?.ok_or_else(|| Error::not_found("sample"))
}

/// A KOC's own sample; another's is not found.
pub async fn find_own_sample(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    koc_id: Uuid,
    id: Uuid,
) -> Result<sample::Model> {
    let sample = find_sample(db, brand_id, id).await?;
    if sample.koc_member_id == koc_id { Ok(sample) } else { Err(Error::not_found("sample")) }
}

/// The try-on, or `NOT_FOUND` for one of another brand just as for none.
pub async fn find(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<tryon::Model> {
    tryon::Entity::find_by_id((brand_id, id)).one(db).await?.ok_or_else(|| Error::not_found("try-on"))
}

/// A KOC's own try-on; another's is not found.
pub async fn find_own(db: &impl ConnectionTrait, brand_id: Uuid, koc_id: Uuid, id: Uuid) -> Result<tryon::Model> {
    let tryon = find(db, brand_id, id).await?;
    if tryon.koc_member_id == koc_id { Ok(tryon) } else { Err(Error::not_found("try-on")) }
}

/// Samples of the brand; of one KOC or in one state when given.
pub fn samples(brand_id: Uuid, koc_id: Option<Uuid>, status: Option<SampleStatus>) -> Select<sample::Entity> {
    let mut all = sample::Entity::find().filter(sample::Column::BrandId.eq(brand_id));
    if let Some(koc_id) = koc_id {
        all = all.filter(sample::Column::KocMemberId.eq(koc_id));
    }
    if let Some(status) = status {
        all = all.filter(sample::Column::Status.eq(status));
    }
    all
}

/// Try-ons of the brand in any state; of one KOC or in one state when given.
pub fn tryons(brand_id: Uuid, koc_id: Option<Uuid>, status: Option<TryonStatus>) -> Select<tryon::Entity> {
    let mut all = tryon::Entity::find().filter(tryon::Column::BrandId.eq(brand_id));
    if let Some(koc_id) = koc_id {
        all = all.filter(tryon::Column::KocMemberId.eq(koc_id));
    }
    if let Some(status) = status {
        all = all.filter(tryon::Column::Status.eq(status));
    }
    all
}

/// Published posts that one community is shown.
pub fn feed_of_community(brand_id: Uuid, community_id: Uuid) -> Select<tryon::Entity> {
    let shown = Query::select()
        .column(tryon_community::Column::TryonId)
        .from(tryon_community::Entity)
        .and_where(tryon_community::Column::BrandId.eq(brand_id))
        .and_where(tryon_community::Column::CommunityId.eq(community_id))
        .to_owned();
    published(brand_id).filter(tryon::Column::Id.in_subquery(shown))
}

/// Published posts about one design: those shown to a community of `member_id` or written by her, or
/// all when it is `None`.
pub fn feed_of_design(brand_id: Uuid, design_id: Uuid, member_id: Option<Uuid>) -> Select<tryon::Entity> {
    let posts = published(brand_id).filter(tryon::Column::DesignId.eq(design_id));
    match member_id {
        None => posts,
        Some(member_id) => posts.filter(
            tryon::Column::Id.in_subquery(shown_to(brand_id, member_id)).or(tryon::Column::KocMemberId.eq(member_id)),
        ),
    }
}

fn published(brand_id: Uuid) -> Select<tryon::Entity> {
    tryon::Entity::find()
        .filter(tryon::Column::BrandId.eq(brand_id))
        .filter(tryon::Column::Status.eq(TryonStatus::Published))
}

/// Ids of the posts that were put to a community the member is in now.
pub(super) fn shown_to(brand_id: Uuid, member_id: Uuid) -> SelectStatement {
    let communities = Query::select()
        .column(membership::Column::CommunityId)
        .from(membership::Entity)
        .and_where(membership::Column::BrandId.eq(brand_id))
        .and_where(membership::Column::MemberId.eq(member_id))
        .and_where(membership::Column::Status.eq(MembershipStatus::Active))
        .to_owned();
    Query::select()
        .column(tryon_community::Column::TryonId)
        .from(tryon_community::Entity)
        .and_where(tryon_community::Column::BrandId.eq(brand_id))
        .and_where(tryon_community::Column::CommunityId.in_subquery(communities))
        .to_owned()
}

/// Whether the post was put to a community the member is in now.
pub async fn is_shown_to(db: &impl ConnectionTrait, brand_id: Uuid, tryon_id: Uuid, member_id: Uuid) -> Result<bool> {
    let found = tryon::Entity::find_by_id((brand_id, tryon_id))
        .filter(tryon::Column::Id.in_subquery(shown_to(brand_id, member_id)));
    Ok(found.one(db).await?.is_some())
}

/// The checks of one revision of a post.
pub async fn checks_of(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    tryon_id: Uuid,
    revision: i32,
) -> Result<Vec<security_check::Model>> {
    Ok(security_check::Entity::find()
        .filter(security_check::Column::BrandId.eq(brand_id))
        .filter(security_check::Column::SubjectKind.eq(SUBJECT))
        .filter(security_check::Column::SubjectId.eq(tryon_id))
        .filter(security_check::Column::Revision.eq(revision))
        .order_by_asc(security_check::Column::Id)
        .all(db)
        .await?)
}
