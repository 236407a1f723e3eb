//! Reads, brand first.

use entity::design::{self, DesignStatus};
use entity::{design_picture, design_version};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Select};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::people::actor::Actor;

/// The design, or `NOT_FOUND` for one of another brand just as for none.
pub async fn find(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<design::Model> {
    design::Entity::find_by_id((brand_id, id)).one(db).await?.ok_or_else(|| Error::not_found("design"))
}

/// The version that `design` now works on or shows.
pub async fn current_version(db: &impl ConnectionTrait, design: &design::Model) -> Result<design_version::Model> {
    let found = design_version::Entity::find()
        .filter(design_version::Column::BrandId.eq(design.brand_id))
        .filter(design_version::Column::DesignId.eq(design.id))
        .filter(design_version::Column::Version.eq(design.version));
    found.one(db).await?.ok_or_else(|| Error::not_found("design version"))
}

/// The pictures of a version in order, as media ids.
pub async fn picture_ids(db: &impl ConnectionTrait, brand_id: Uuid, version_id: Uuid) -> Result<Vec<Uuid>> {
    let rows = design_picture::Entity::find()
        .filter(design_picture::Column::BrandId.eq(brand_id))
        .filter(design_picture::Column::DesignVersionId.eq(version_id))
        .order_by_asc(design_picture::Column::Position)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.media_id).collect())
}

/// All designs of the brand, or those in one state.
pub fn all(brand_id: Uuid, status: Option<DesignStatus>) -> Select<design::Entity> {
    let all = design::Entity::find().filter(design::Column::BrandId.eq(brand_id));
    match status {
        Some(status) => all.filter(design::Column::Status.eq(status)),
        None => all,
    }
}

/// Those of `ids` that staff of the brand see; none for others, who meet designs on slates and in presales.
pub async fn visible_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<design::Model>> {
    let Ok(me) = actor.any_staff() else { return Ok(Vec::new()) };
    Ok(all(me.brand_id, None).filter(design::Column::Id.is_in(ids.iter().copied())).all(db).await?)
}
