//! Reads, brand first.

use entity::community;
use entity::membership::{self, MembershipStatus};
use entity::round::{self, RoundStatus};
use entity::{round_community, round_entry};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::people::actor::Actor;

/// The round, or `NOT_FOUND` for one of another brand just as for none. Not scoped to communities.
pub async fn find(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<round::Model> {
    round::Entity::find_by_id((brand_id, id)).one(db).await?.ok_or_else(|| Error::not_found("round"))
}

/// An entry by its own id, which samples and presales refer to.
pub async fn find_entry(db: &impl ConnectionTrait, brand_id: Uuid, entry_id: Uuid) -> Result<round_entry::Model> {
    round_entry::Entity::find_by_id((brand_id, entry_id)).one(db).await?.ok_or_else(|| Error::not_found("round entry"))
}

/// The entry of a design on a round's slate.
pub async fn find_entry_of(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    round_id: Uuid,
    design_id: Uuid,
) -> Result<round_entry::Model> {
    let found = round_entry::Entity::find()
        .filter(round_entry::Column::BrandId.eq(brand_id))
        .filter(round_entry::Column::RoundId.eq(round_id))
        .filter(round_entry::Column::DesignId.eq(design_id));
    found.one(db).await?.ok_or_else(|| Error::not_found("design of this round"))
}

/// The slate in its order.
pub async fn entries_of(db: &impl ConnectionTrait, brand_id: Uuid, round_id: Uuid) -> Result<Vec<round_entry::Model>> {
    let found = round_entry::Entity::find()
        .filter(round_entry::Column::BrandId.eq(brand_id))
        .filter(round_entry::Column::RoundId.eq(round_id))
        .order_by_asc(round_entry::Column::Position);
    Ok(found.all(db).await?)
}

/// The communities a round is put to.
pub async fn communities_of(db: &impl ConnectionTrait, brand_id: Uuid, round_id: Uuid) -> Result<Vec<Uuid>> {
    let found = round_community::Entity::find()
        .select_only()
        .column(round_community::Column::CommunityId)
        .filter(round_community::Column::BrandId.eq(brand_id))
        .filter(round_community::Column::RoundId.eq(round_id))
        .order_by_asc(round_community::Column::CommunityId);
    Ok(found.into_tuple().all(db).await?)
}

/// The rounds that `actor` may see: staff all of the brand; a member those put to a community she is
/// in, a KOC also those put to a community she leads.
pub fn visible_to(actor: &Actor) -> Result<Select<round::Entity>> {
    let brand_id = actor.brand_id()?;
    let all = round::Entity::find().filter(round::Column::BrandId.eq(brand_id));
    let Actor::Member(member) = actor else { return Ok(all) };
    let mut hers = Condition::any().add(round::Column::Id.in_subquery(joined(brand_id, member.id)));
    if member.is_koc {
        hers = hers.add(round::Column::Id.in_subquery(led(brand_id, member.id)));
    }
    Ok(all.filter(round::Column::Status.ne(RoundStatus::Draft)).filter(hers))
}

/// Those in `status`, or all.
pub fn in_status(rounds: Select<round::Entity>, status: Option<RoundStatus>) -> Select<round::Entity> {
    match status {
        Some(status) => rounds.filter(round::Column::Status.eq(status)),
        None => rounds,
    }
}

/// The round if `actor` may see it.
pub async fn find_visible(db: &impl ConnectionTrait, actor: &Actor, id: Uuid) -> Result<round::Model> {
    let found = visible_to(actor)?.filter(round::Column::Id.eq(id));
    found.one(db).await?.ok_or_else(|| Error::not_found("round"))
}

fn joined(brand_id: Uuid, member_id: Uuid) -> SelectStatement {
    Query::select()
        .column((round_community::Entity, round_community::Column::RoundId))
        .from(round_community::Entity)
        .inner_join(
            membership::Entity,
            same(membership::Column::BrandId, round_community::Column::BrandId)
                .and(same(membership::Column::CommunityId, round_community::Column::CommunityId)),
        )
        .and_where(round_community::Column::BrandId.eq(brand_id))
        .and_where(membership::Column::MemberId.eq(member_id))
        .and_where(membership::Column::Status.eq(MembershipStatus::Active))
        .take()
}

fn led(brand_id: Uuid, koc_id: Uuid) -> SelectStatement {
    Query::select()
        .column((round_community::Entity, round_community::Column::RoundId))
        .from(round_community::Entity)
        .inner_join(
            community::Entity,
            same(community::Column::BrandId, round_community::Column::BrandId)
                .and(same(community::Column::Id, round_community::Column::CommunityId)),
        )
        .and_where(round_community::Column::BrandId.eq(brand_id))
        .and_where(community::Column::KocMemberId.eq(koc_id))
        .take()
}

fn same(left: impl ColumnTrait, right: impl ColumnTrait) -> sea_orm::sea_query::SimpleExpr {
    Expr::col(left.as_column_ref()).equals(right.as_column_ref())
}

/// Those of `ids` that `actor` may see.
pub async fn visible_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<round::Model>> {
    let Ok(visible) = visible_to(actor) else { return Ok(Vec::new()) };
    Ok(visible.filter(round::Column::Id.is_in(ids.iter().copied())).all(db).await?)
}

/// The entries of the slates that `actor` may see.
pub fn entries_visible_to(actor: &Actor) -> Result<Select<round_entry::Entity>> {
    let rounds = QueryTrait::into_query(visible_to(actor)?.select_only().column(round::Column::Id));
    Ok(round_entry::Entity::find()
        .filter(round_entry::Column::BrandId.eq(actor.brand_id()?))
        .filter(round_entry::Column::RoundId.in_subquery(rounds)))
}

/// Those of `ids` that are on a slate that `actor` may see.
pub async fn entries_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<round_entry::Model>> {
    let Ok(visible) = entries_visible_to(actor) else { return Ok(Vec::new()) };
    Ok(visible.filter(round_entry::Column::Id.is_in(ids.iter().copied())).all(db).await?)
}

/// The versions in which `actor` meets `designs` on slates, oldest slate first: (design, version).
pub async fn slated_among(db: &impl ConnectionTrait, actor: &Actor, designs: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    let Ok(visible) = entries_visible_to(actor) else { return Ok(Vec::new()) };
    let found = visible
        .filter(round_entry::Column::DesignId.is_in(designs.iter().copied()))
        .order_by_asc(round_entry::Column::Id);
    Ok(found.all(db).await?.into_iter().map(|entry| (entry.design_id, entry.design_version_id)).collect())
}
