//! Reads, brand first.

use entity::media::{self, MediaOwnerKind};
use entity::membership::{self, MembershipStatus};
use entity::sample::{self, SampleStatus};
use entity::security_check;
use entity::tryon::{self, TryonStatus};
use entity::{design_picture, member, round_entry, tryon_community, tryon_media};
use sea_orm::sea_query::{ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::flow::round as rounds;
use crate::people::actor::Actor;

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

/// The try-ons that `actor` may see: staff all of the brand; a member her own and those published to a
/// community she is in now.
pub fn visible_to(actor: &Actor) -> Result<Select<tryon::Entity>> {
    let brand_id = actor.brand_id()?;
    let all = tryons(brand_id, None, None);
    let Actor::Member(me) = actor else { return Ok(all) };
    let shown =
        tryon::Column::Status.eq(TryonStatus::Published).and(tryon::Column::Id.in_subquery(shown_to(brand_id, me.id)));
    Ok(all.filter(tryon::Column::KocMemberId.eq(me.id).or(shown)))
}

/// Those of `ids` that `actor` may see.
pub async fn visible_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<tryon::Model>> {
    let Ok(visible) = visible_to(actor) else { return Ok(Vec::new()) };
    Ok(visible.filter(tryon::Column::Id.is_in(ids.iter().copied())).all(db).await?)
}

/// Those of `ids` that `actor` may see: staff all of the brand, a member those sent to her.
pub async fn samples_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<sample::Model>> {
    let Ok(brand_id) = actor.brand_id() else { return Ok(Vec::new()) };
    let koc_id = actor.member().ok().map(|me| me.id);
    Ok(samples(brand_id, koc_id, None).filter(sample::Column::Id.is_in(ids.iter().copied())).all(db).await?)
}

/// Those of `ids` that wrote a try-on which `actor` may see.
pub async fn authors_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<member::Model>> {
    let (Ok(brand_id), Ok(visible)) = (actor.brand_id(), visible_to(actor)) else { return Ok(Vec::new()) };
    let authors = QueryTrait::into_query(visible.select_only().column(tryon::Column::KocMemberId));
    let found = crate::people::query::members(brand_id, None)
        .filter(member::Column::Id.is_in(ids.iter().copied()))
        .filter(member::Column::Id.in_subquery(authors));
    Ok(found.all(db).await?)
}

/// The versions in which `actor` meets `designs` in posts, oldest sample first: (design, version).
pub async fn tried_among(db: &impl ConnectionTrait, actor: &Actor, designs: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    let (Ok(brand_id), Ok(visible)) = (actor.brand_id(), visible_to(actor)) else { return Ok(Vec::new()) };
    let posts = QueryTrait::into_query(visible.select_only().column(tryon::Column::SampleId));
    let found = samples(brand_id, None, None)
        .filter(sample::Column::DesignId.is_in(designs.iter().copied()))
        .filter(sample::Column::Id.in_subquery(posts))
        .order_by_asc(sample::Column::Id);
    Ok(found.all(db).await?.into_iter().map(|row| (row.design_id, row.design_version_id)).collect())
}

/// Those of `ids` that `actor` meets: her own uploads (for staff all of the team's), what is on a slate
/// she sees, and what is in a post she sees. Nothing that was taken back.
pub async fn media_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<media::Model>> {
    let (Ok(brand_id), Ok(posts), Ok(slates)) =
        (actor.brand_id(), visible_to(actor), rounds::query::entries_visible_to(actor))
    else {
        return Ok(Vec::new());
    };
    let posts = QueryTrait::into_query(posts.select_only().column(tryon::Column::Id));
    let slates = QueryTrait::into_query(slates.select_only().column(round_entry::Column::DesignVersionId));
    let in_posts = Query::select()
        .column(tryon_media::Column::MediaId)
        .from(tryon_media::Entity)
        .and_where(tryon_media::Column::BrandId.eq(brand_id))
        .and_where(tryon_media::Column::TryonId.in_subquery(posts))
        .take();
    let on_slates = Query::select()
        .column(design_picture::Column::MediaId)
        .from(design_picture::Entity)
        .and_where(design_picture::Column::BrandId.eq(brand_id))
        .and_where(design_picture::Column::DesignVersionId.in_subquery(slates))
        .take();
    let own = match actor {
        Actor::Member(me) => media::Column::OwnerKind.eq(MediaOwnerKind::Member).and(media::Column::OwnerId.eq(me.id)),
        _ => media::Column::OwnerKind.eq(MediaOwnerKind::Staff),
    };
    let found = media::Entity::find()
        .filter(media::Column::BrandId.eq(brand_id))
        .filter(media::Column::Id.is_in(ids.iter().copied()))
        .filter(media::Column::ErasedAt.is_null())
        .filter(own.or(media::Column::Id.in_subquery(in_posts)).or(media::Column::Id.in_subquery(on_slates)));
    Ok(found.all(db).await?)
}
