//! Reads, brand first.

use entity::brand::{self, BrandStatus};
use entity::member::{self, MemberStatus};
use entity::{address, consent, inbox_message, staff};
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, Select};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::people::actor::Actor;

/// The active brand with this short name.
pub async fn brand_by_slug(db: &impl ConnectionTrait, slug: &str) -> Result<brand::Model> {
    brand::Entity::find()
        .filter(brand::Column::Slug.eq(slug))
        .filter(brand::Column::Status.eq(BrandStatus::Active))
        .one(db)
        .await?
        .ok_or_else(|| Error::not_found("brand"))
}

/// The member, deleted ones not counted; `NOT_FOUND` for one of another brand just as for none.
pub async fn member(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<member::Model> {
    member::Entity::find_by_id((brand_id, id))
        .filter(member::Column::Status.ne(MemberStatus::Deleted))
        .one(db)
        .await?
        .ok_or_else(|| Error::not_found("member"))
}

pub async fn member_by_openid(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    openid: &str,
) -> Result<Option<member::Model>> {
    let found =
        member::Entity::find().filter(member::Column::BrandId.eq(brand_id)).filter(member::Column::Openid.eq(openid));
    Ok(found.one(db).await?)
}

/// The brand's members, deleted ones not counted; those whose nickname begins with `prefix` when given.
pub fn members(brand_id: Uuid, prefix: Option<&str>) -> Select<member::Entity> {
    let all = member::Entity::find()
        .filter(member::Column::BrandId.eq(brand_id))
        .filter(member::Column::Status.ne(MemberStatus::Deleted));
    match prefix {
        Some(prefix) => all.filter(Expr::col(member::Column::Nickname).like(beginning_with(prefix))),
        None => all,
    }
}

/// A pattern in which what people type stands for itself, `%` and `_` included.
fn beginning_with(prefix: &str) -> LikeExpr {
    let literal = prefix.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    LikeExpr::new(format!("{literal}%")).escape('\\')
}

pub async fn staff(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<staff::Model> {
    staff::Entity::find_by_id((brand_id, id)).one(db).await?.ok_or_else(|| Error::not_found("staff account"))
}

pub fn team(brand_id: Uuid) -> Select<staff::Entity> {
    staff::Entity::find().filter(staff::Column::BrandId.eq(brand_id))
}

/// Consents in force, oldest first.
pub async fn consents_of(db: &impl ConnectionTrait, brand_id: Uuid, member_id: Uuid) -> Result<Vec<consent::Model>> {
    let found = consent::Entity::find()
        .filter(consent::Column::BrandId.eq(brand_id))
        .filter(consent::Column::MemberId.eq(member_id))
        .filter(consent::Column::WithdrawnAt.is_null())
        .order_by_asc(consent::Column::Id);
    Ok(found.all(db).await?)
}

/// The address book, newest entry first.
pub async fn addresses_of(db: &impl ConnectionTrait, brand_id: Uuid, member_id: Uuid) -> Result<Vec<address::Model>> {
    let found = addresses(brand_id, member_id).order_by_desc(address::Column::Id);
    Ok(found.all(db).await?)
}

pub fn addresses(brand_id: Uuid, member_id: Uuid) -> Select<address::Entity> {
    address::Entity::find()
        .filter(address::Column::BrandId.eq(brand_id))
        .filter(address::Column::MemberId.eq(member_id))
        .filter(address::Column::DeletedAt.is_null())
}

pub fn inbox(brand_id: Uuid, member_id: Uuid) -> Select<inbox_message::Entity> {
    inbox_message::Entity::find()
        .filter(inbox_message::Column::BrandId.eq(brand_id))
        .filter(inbox_message::Column::MemberId.eq(member_id))
}

pub async fn unread_count(db: &impl ConnectionTrait, brand_id: Uuid, member_id: Uuid) -> Result<u64> {
    Ok(inbox(brand_id, member_id).filter(inbox_message::Column::ReadAt.is_null()).count(db).await?)
}

/// Those of `ids` that `actor` may see as a member: herself, or any of the brand for staff.
pub async fn members_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<member::Model>> {
    let Ok(brand_id) = actor.brand_id() else { return Ok(Vec::new()) };
    let mut found = members(brand_id, None).filter(member::Column::Id.is_in(ids.iter().copied()));
    if let Actor::Member(me) = actor {
        found = found.filter(member::Column::Id.eq(me.id));
    }
    Ok(found.all(db).await?)
}

/// Those of `ids` that are of the caller's team; none for others than staff.
pub async fn team_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<staff::Model>> {
    let Ok(me) = actor.any_staff() else { return Ok(Vec::new()) };
    Ok(team(me.brand_id).filter(staff::Column::Id.is_in(ids.iter().copied())).all(db).await?)
}

/// Those of `ids` that are the caller's own consents in force.
pub async fn consents_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<consent::Model>> {
    let Ok(me) = actor.member() else { return Ok(Vec::new()) };
    let found = consents_of(db, me.brand_id, me.id).await?;
    Ok(found.into_iter().filter(|row| ids.contains(&row.id)).collect())
}

/// Those of `ids` that are the caller's own messages.
pub async fn messages_among(
    db: &impl ConnectionTrait,
    actor: &Actor,
    ids: &[Uuid],
) -> Result<Vec<inbox_message::Model>> {
    let Ok(me) = actor.member() else { return Ok(Vec::new()) };
    let found = inbox(me.brand_id, me.id).filter(inbox_message::Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(db).await?)
}
