//! Use cases: found a community, join it, leave it.

use entity::community::{self, CommunityStatus};
use entity::membership::{self, MembershipSource, MembershipStatus};
use entity::{brand, koc};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, NotSet, QueryFilter, Set, TryInsertResult};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{policy, query, rules};
use crate::app::App;
use crate::base::fresh::Subject;
use crate::base::id::random_bytes;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{By, Move, Tx};
use crate::error::{Code, Error, Refusal, Result};
use crate::people::actor::Actor;

#[derive(Serialize)]
pub struct Create {
    pub koc_id: Uuid,
    pub name: String,
    pub need: String,
    pub cap: Option<i32>,
}

/// Founds a community around a KOC. Refused when the KOC leads as many as the brand allows.
pub async fn create(app: &App, actor: &Actor, key: &str, input: &Create) -> Result<Done<community::Model>> {
    let brand_id = policy::may_create(actor, input.koc_id)?;
    let name = &text::required("name", &input.name, 40)?;
    let need = &text::required("need", &input.need, 400)?;
    let once = &Once::new(actor.id().unwrap_or(brand_id), "createCommunity", key, input)?;
    let mut random = [0; 8];
    random_bytes(&mut random);
    let code = &rules::invite_code(random);
    app.write(brand_id, |tx| async move {
        let id = tx.new_id();
        if let Some(id) = once.begin(&tx, &id).await? {
            return Ok(Done::replay(query::find(tx.conn(), brand_id, id).await?));
        }
        let brand = find_brand(&tx).await?;
        let cap = rules::cap(input.cap, brand.community_cap)?;
        take_koc_place(&tx, &brand, input.koc_id).await?;
        let community = community::ActiveModel {
            brand_id: Set(brand_id),
            id: Set(id),
            koc_member_id: Set(input.koc_id),
            name: Set(name.clone()),
            need: Set(need.clone()),
            invite_code: Set(code.clone()),
            cap: Set(cap),
            member_count: Set(0),
            status: Set(CommunityStatus::Active),
            created_at: Set(tx.now()),
        }
        .insert(tx.conn())
        .await?;
        moved(&tx, actor.by(), id, None, CommunityStatus::Active, "created").await?;
        Ok(Done::new(community))
    })
    .await
}

async fn find_brand(tx: &Tx) -> Result<brand::Model> {
    brand::Entity::find_by_id(tx.brand_id()).one(tx.conn()).await?.ok_or_else(|| Error::not_found("brand"))
}

async fn take_koc_place(tx: &Tx, brand: &brand::Model, koc_id: Uuid) -> Result<()> {
    let taken = koc::Entity::update_many()
        .col_expr(koc::Column::Communities, Expr::col(koc::Column::Communities).add(1))
        .filter(koc::Column::BrandId.eq(brand.id))
        .filter(koc::Column::MemberId.eq(koc_id))
        .filter(koc::Column::Communities.lt(brand.koc_max_communities))
        .exec(tx.conn())
        .await?;
    if taken.rows_affected == 1 {
        return Ok(());
    }
    match koc::Entity::find_by_id((brand.id, koc_id)).one(tx.conn()).await? {
        Some(_) => Err(rules::too_many_communities(brand.koc_max_communities).into()),
        None => Err(Error::not_found("KOC")),
    }
}

#[derive(Serialize)]
pub struct Join {
    pub invite_code: String,
    pub source: MembershipSource,
    pub scene: Option<i32>,
}

/// Joins the community of an invite code. Joining again while a member changes nothing; after
/// leaving it brings the membership back.
pub async fn join(app: &App, actor: &Actor, key: &str, input: &Join) -> Result<Done<community::Model>> {
    let member = actor.member()?;
    let (brand_id, member_id) = (member.brand_id, member.id);
    let once = &Once::new(member_id, "joinCommunity", key, input)?;
    let code = &rules::normalise_code(&input.invite_code);
    app.write(brand_id, |tx| async move {
        let community = query::find_by_code(tx.conn(), brand_id, code).await?.ok_or_else(|| {
            Refusal::invalid(
                "inviteCode",
                "This invite code does not open a community here; check it with the KOC.",
                "邀请码无效，请与 KOC 核对。",
            )
        })?;
        if let Some(id) = once.begin(&tx, &community.id).await? {
            return Ok(Done::replay(query::find(tx.conn(), brand_id, id).await?));
        }
        if !enter(&tx, &community, member_id, input).await? {
            return Ok(Done::new(query::find(tx.conn(), brand_id, community.id).await?));
        }
        take_member_place(&tx, &community).await?;
        tx.touch(Subject::Access(member_id));
        tx.emit("community", community.id, "joined", json!({ "member_id": member_id })).await?;
        Ok(Done::new(query::find(tx.conn(), brand_id, community.id).await?))
    })
    .await
}

/// Writes the membership; false when it was active already. Inserting first lets the database decide
/// between two calls at once. Who comes back keeps the day she first joined: her picks from then
/// stay those of a member.
async fn enter(tx: &Tx, community: &community::Model, member_id: Uuid, input: &Join) -> Result<bool> {
    let row = membership::ActiveModel {
        brand_id: Set(community.brand_id),
        community_id: Set(community.id),
        member_id: Set(member_id),
        status: Set(MembershipStatus::Active),
        source: Set(input.source),
        scene: Set(input.scene),
        joined_at: Set(tx.now()),
        left_at: Set(None),
    };
    let back = membership::ActiveModel { joined_at: NotSet, ..row.clone() };
    let joined = membership::Entity::insert(row).on_conflict_do_nothing().exec_without_returning(tx.conn()).await?;
    if matches!(joined, TryInsertResult::Inserted(1..)) {
        return Ok(true);
    }
    let returned = membership::Entity::update_many()
        .set(back)
        .filter(membership::Column::BrandId.eq(community.brand_id))
        .filter(membership::Column::CommunityId.eq(community.id))
        .filter(membership::Column::MemberId.eq(member_id))
        .filter(membership::Column::Status.eq(MembershipStatus::Left))
        .exec(tx.conn())
        .await?;
    Ok(returned.rows_affected == 1)
}

/// Counts one more member of the community and of its KOC, within the cap and the brand's limit.
async fn take_member_place(tx: &Tx, community: &community::Model) -> Result<()> {
    let brand = find_brand(tx).await?;
    let counted = community::Entity::update_many()
        .col_expr(community::Column::MemberCount, Expr::col(community::Column::MemberCount).add(1))
        .filter(community::Column::BrandId.eq(community.brand_id))
        .filter(community::Column::Id.eq(community.id))
        .filter(community::Column::Status.eq(CommunityStatus::Active))
        .filter(Expr::col(community::Column::MemberCount).lt(Expr::col(community::Column::Cap)))
        .exec(tx.conn())
        .await?;
    if counted.rows_affected == 0 {
        return Err(rules::full(community.cap).into());
    }
    if count_for_koc(tx, community, 1, brand.koc_max_members).await? == 0 {
        return Err(rules::too_many_members(brand.koc_max_members).into());
    }
    Ok(())
}

async fn count_for_koc(tx: &Tx, community: &community::Model, change: i32, limit: i32) -> Result<u64> {
    let counted = koc::Entity::update_many()
        .col_expr(koc::Column::Members, Expr::col(koc::Column::Members).add(change))
        .filter(koc::Column::BrandId.eq(community.brand_id))
        .filter(koc::Column::MemberId.eq(community.koc_member_id))
        .filter(Expr::col(koc::Column::Members).add(change).lte(limit))
        .exec(tx.conn())
        .await?;
    Ok(counted.rows_affected)
}

/// Leaves a community; leaving one that one is not in is refused.
pub async fn leave(app: &App, actor: &Actor, key: &str, community_id: Uuid) -> Result<Done<community::Model>> {
    let member = actor.member()?;
    let (brand_id, member_id) = (member.brand_id, member.id);
    let once = &Once::new(member_id, "leaveCommunity", key, &community_id)?;
    app.write(brand_id, |tx| async move {
        let community = query::find(tx.conn(), brand_id, community_id).await?;
        if once.begin(&tx, &community_id).await?.is_some() {
            return Ok(Done::replay(community));
        }
        let left = membership::Entity::update_many()
            .col_expr(membership::Column::Status, Expr::value(MembershipStatus::Left))
            .col_expr(membership::Column::LeftAt, Expr::value(tx.now()))
            .filter(membership::Column::BrandId.eq(brand_id))
            .filter(membership::Column::CommunityId.eq(community_id))
            .filter(membership::Column::MemberId.eq(member_id))
            .filter(membership::Column::Status.eq(MembershipStatus::Active))
            .exec(tx.conn())
            .await?;
        if left.rows_affected == 0 {
            return Err(Refusal::new(
                Code::WrongState,
                "You are not a member of this community.",
                "您不是该社群的成员。",
            )
            .into());
        }
        community::Entity::update_many()
            .col_expr(community::Column::MemberCount, Expr::col(community::Column::MemberCount).sub(1))
            .filter(community::Column::BrandId.eq(brand_id))
            .filter(community::Column::Id.eq(community_id))
            .exec(tx.conn())
            .await?;
        count_for_koc(&tx, &community, -1, i32::MAX).await?;
        tx.touch(Subject::Access(member_id));
        tx.emit("community", community_id, "left", json!({ "member_id": member_id })).await?;
        Ok(Done::new(query::find(tx.conn(), brand_id, community_id).await?))
    })
    .await
}

async fn moved(
    tx: &Tx,
    by: By,
    id: Uuid,
    from: Option<CommunityStatus>,
    to: CommunityStatus,
    event: &'static str,
) -> Result<()> {
    tx.moved(Move { kind: "community", id, from, to, event, by, why: None }, json!({})).await
}
