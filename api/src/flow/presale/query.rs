//! Reads, brand first.

use chrono_tz::Tz;
use entity::membership::{self, MembershipStatus};
use entity::presale::{self, PresaleStatus};
use entity::{design_picture, media, presale_community, presale_sku, presale_tier};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, Iden, Iterable, QueryFilter, QueryOrder,
    QueryTrait, Select,
};
use serde_json::json;
use uuid::Uuid;

use super::rules::plan::Tier;
use crate::base::db::sql;
use crate::base::rows::{Kind, rows};
use crate::error::{Error, Result};
use crate::people::actor::Actor;

/// The presale, or `NOT_FOUND` for one of another brand just as for none. Not scoped to an audience.
pub async fn find(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<presale::Model> {
    presale::Entity::find_by_id((brand_id, id)).one(db).await?.ok_or_else(|| Error::not_found("presale"))
}

pub async fn find_sku(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<presale_sku::Model> {
    presale_sku::Entity::find_by_id((brand_id, id)).one(db).await?.ok_or_else(|| Error::not_found("SKU"))
}

/// SKUs of a presale in matrix order.
pub async fn skus_of(db: &impl ConnectionTrait, brand_id: Uuid, presale_id: Uuid) -> Result<Vec<presale_sku::Model>> {
    let found = presale_sku::Entity::find()
        .filter(presale_sku::Column::BrandId.eq(brand_id))
        .filter(presale_sku::Column::PresaleId.eq(presale_id))
        .order_by_asc(presale_sku::Column::Position);
    Ok(found.all(db).await?)
}

/// Price tiers of a presale, from fewer pieces to more.
pub async fn tiers_of(db: &impl ConnectionTrait, brand_id: Uuid, presale_id: Uuid) -> Result<Vec<Tier>> {
    let found = presale_tier::Entity::find()
        .filter(presale_tier::Column::BrandId.eq(brand_id))
        .filter(presale_tier::Column::PresaleId.eq(presale_id))
        .order_by_asc(presale_tier::Column::FromPieces);
    Ok(found.all(db).await?.into_iter().map(Tier::from).collect())
}

/// What `actor` may see: staff everything of the brand, a member what is offered to her communities
/// or to everyone, drafts excepted.
pub fn visible_to(actor: &Actor) -> Result<Select<presale::Entity>> {
    let all = presale::Entity::find().filter(presale::Column::BrandId.eq(actor.brand_id()?));
    let Actor::Member(member) = actor else { return Ok(all) };
    let audience = || {
        Query::select()
            .expr(Expr::val(1))
            .from(presale_community::Entity)
            .and_where(presale_community::Column::BrandId.eq(member.brand_id))
            .and_where(
                Expr::col((presale_community::Entity, presale_community::Column::PresaleId))
                    .equals((presale::Entity, presale::Column::Id)),
            )
            .to_owned()
    };
    let mine = membership::Entity::find()
        .filter(membership::Column::BrandId.eq(member.brand_id))
        .filter(membership::Column::MemberId.eq(member.id))
        .filter(membership::Column::Status.eq(MembershipStatus::Active));
    let mine = sea_orm::QuerySelect::column(sea_orm::QuerySelect::select_only(mine), membership::Column::CommunityId);
    let invited = audience()
        .and_where(presale_community::Column::CommunityId.in_subquery(QueryTrait::into_query(mine)))
        .to_owned();
    Ok(all
        .filter(presale::Column::Status.ne(PresaleStatus::Draft))
        .filter(Condition::any().add(Expr::exists(audience()).not()).add(Expr::exists(invited))))
}

/// The presale if `actor` may see it. One statement.
pub async fn find_visible(db: &impl ConnectionTrait, actor: &Actor, id: Uuid) -> Result<presale::Model> {
    let found = visible_to(actor)?.filter(presale::Column::Id.eq(id)).one(db).await?;
    found.ok_or_else(|| Error::not_found("presale"))
}

/// A presale as its buyers meet it, with some of its SKUs.
pub struct Offer {
    pub presale: presale::Model,
    /// The brand's.
    pub time_zone: Tz,
    /// For members of some communities only.
    by_invitation: bool,
    pub skus: Vec<presale_sku::Model>,
}

impl Offer {
    /// The community an order of a member counts for: of the presale's audience, or of its round when
    /// everyone may buy, the first that she joined and has not left (see [`COMMUNITIES`]).
    /// `NOT_FOUND` outside the audience.
    pub fn community(&self, invited_by: Option<Uuid>, voted_in: Option<Uuid>) -> Result<Option<Uuid>> {
        if !super::policy::shown_to_members(self.presale.status) || (self.by_invitation && invited_by.is_none()) {
            return Err(Error::not_found("presale"));
        }
        Ok(if self.by_invitation { invited_by } else { voted_in })
    }

    /// The column of [`COMMUNITIES`] that [`Offer::community`] chooses.
    pub fn counts_for(&self) -> &'static str {
        if self.by_invitation { "invited_by" } else { "voted_in" }
    }
}

/// Columns `invited_by` and `voted_in` for the member `v.member_id`, the presale `$2` and its entry `$3`.
pub const COMMUNITIES: &str = "(select m.community_id from membership m join presale_community a \
       on a.brand_id = m.brand_id and a.community_id = m.community_id and a.presale_id = $2 \
     where m.brand_id = $1 and m.member_id = v.member_id and m.status = 'active' \
     order by m.joined_at, m.community_id limit 1) as invited_by, \
    (select m.community_id from membership m \
       join round_community r on r.brand_id = m.brand_id and r.community_id = m.community_id \
       join round_entry e on e.brand_id = r.brand_id and e.round_id = r.round_id and e.id = $3 \
     where m.brand_id = $1 and m.member_id = v.member_id and m.status = 'active' \
     order by m.joined_at, m.community_id limit 1) as voted_in";

/// The presale and those of `skus` that are its own. One statement.
pub async fn offer(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    id: Uuid,
    skus: impl Iterator<Item = Uuid>,
) -> Result<Option<Offer>> {
    let columns = presale_sku::Column::iter().map(|column| column.to_string());
    let columns: Vec<_> = columns.map(|column| format!("s.{column} as sku_{column}")).collect();
    let wanted = rows(db.get_database_backend(), 3, &[("id", Kind::Uuid)]);
    let text = format!(
        "select p.*, b.time_zone, \
         exists (select 1 from presale_community a where a.brand_id = p.brand_id and a.presale_id = p.id) as by_invitation, \
         {} from presale p join brand b on b.id = p.brand_id \
         left join presale_sku s on s.brand_id = p.brand_id and s.presale_id = p.id and s.id in (select v.id from {wanted}) \
         where p.brand_id = $1 and p.id = $2",
        columns.join(", ")
    );
    let skus: serde_json::Value = skus.map(|id| json!({ "id": id })).collect();
    let values = [brand_id.into(), id.into(), skus.into()];
    let found = db.query_all_raw(sql(db.get_database_backend(), &text, values)).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let time_zone: String = row.try_get("", "time_zone")?;
    let mut offer = Offer {
        presale: presale::Model::from_query_result(row, "")?,
        time_zone: zone(&time_zone)?,
        by_invitation: row.try_get("", "by_invitation")?,
        skus: Vec::with_capacity(found.len()),
    };
    for row in &found {
        if row.try_get::<Option<Uuid>>("", "sku_id")?.is_some() {
            offer.skus.push(presale_sku::Model::from_query_result(row, "sku_")?);
        }
    }
    Ok(Some(offer))
}

/// Reads an IANA name as stored with a brand.
pub fn zone(name: &str) -> Result<Tz> {
    name.parse().map_err(|_| anyhow::anyhow!("the brand's time zone “{name}” is not known").into())
}

/// Those of `ids` that `actor` may see.
pub async fn visible_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<presale::Model>> {
    let Ok(visible) = visible_to(actor) else { return Ok(Vec::new()) };
    Ok(visible.filter(presale::Column::Id.is_in(ids.iter().copied())).all(db).await?)
}

/// Those of `ids` that are of a presale which `actor` may see.
pub async fn skus_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<presale_sku::Model>> {
    let (Ok(brand_id), Ok(visible)) = (actor.brand_id(), visible_to(actor)) else { return Ok(Vec::new()) };
    let presales = sea_orm::QuerySelect::column(sea_orm::QuerySelect::select_only(visible), presale::Column::Id);
    let found = presale_sku::Entity::find()
        .filter(presale_sku::Column::BrandId.eq(brand_id))
        .filter(presale_sku::Column::Id.is_in(ids.iter().copied()))
        .filter(presale_sku::Column::PresaleId.in_subquery(QueryTrait::into_query(presales)));
    Ok(found.all(db).await?)
}

/// The versions in which `actor` meets `designs` in presales, oldest first: (design, version).
pub async fn offered_among(db: &impl ConnectionTrait, actor: &Actor, designs: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    let Ok(visible) = visible_to(actor) else { return Ok(Vec::new()) };
    let found =
        visible.filter(presale::Column::DesignId.is_in(designs.iter().copied())).order_by_asc(presale::Column::Id);
    Ok(found.all(db).await?.into_iter().map(|row| (row.design_id, row.design_version_id)).collect())
}

/// Those of `ids` that show a design in a presale which `actor` may see. Nothing that was taken back.
pub async fn pictures_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<media::Model>> {
    let (Ok(brand_id), Ok(visible)) = (actor.brand_id(), visible_to(actor)) else { return Ok(Vec::new()) };
    let versions =
        sea_orm::QuerySelect::column(sea_orm::QuerySelect::select_only(visible), presale::Column::DesignVersionId);
    let pictures = Query::select()
        .column(design_picture::Column::MediaId)
        .from(design_picture::Entity)
        .and_where(design_picture::Column::BrandId.eq(brand_id))
        .and_where(design_picture::Column::DesignVersionId.in_subquery(QueryTrait::into_query(versions)))
        .take();
    let found = media::Entity::find()
        .filter(media::Column::BrandId.eq(brand_id))
        .filter(media::Column::Id.is_in(ids.iter().copied()))
        .filter(media::Column::ErasedAt.is_null())
        .filter(media::Column::Id.in_subquery(pictures));
    Ok(found.all(db).await?)
}
