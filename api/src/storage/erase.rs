//! What a member uploaded is taken back.

use chrono::{DateTime, Utc};
use entity::media::{self, MediaKind, MediaOwnerKind};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{Rendition, key};
use crate::app::App;
use crate::error::{Fault, Result};

/// Removes the files of all that a member uploaded until then; the rows stay, marked. From the mark on
/// nothing is given back, even while the store is down. Repeats finish what was begun; `UNAVAILABLE`
/// when the store cannot be reached.
pub async fn of_member(app: &App, brand_id: Uuid, member_id: Uuid, until: DateTime<Utc>) -> Result<()> {
    app.write(brand_id, |tx| async move {
        media::Entity::update_many()
            .col_expr(media::Column::ErasedAt, Expr::value(tx.now()))
            .filter(media::Column::BrandId.eq(brand_id))
            .filter(media::Column::OwnerKind.eq(MediaOwnerKind::Member))
            .filter(media::Column::OwnerId.eq(member_id))
            .filter(media::Column::CreatedAt.lte(until))
            .filter(media::Column::ErasedAt.is_null())
            .exec(tx.conn())
            .await?;
        Ok(())
    })
    .await?;
    // All that is marked, also by an earlier call that did not get to the end.
    let marked = media::Entity::find()
        .filter(media::Column::BrandId.eq(brand_id))
        .filter(media::Column::OwnerKind.eq(MediaOwnerKind::Member))
        .filter(media::Column::OwnerId.eq(member_id))
        .filter(media::Column::ErasedAt.is_not_null())
        .all(app.db.read())
        .await?;
    for row in marked {
        let renditions: &[Rendition] = match row.kind {
            MediaKind::Picture => &Rendition::PICTURE,
            MediaKind::Video => &[Rendition::Video],
        };
        for rendition in renditions {
            let gone = app.storage.delete(&key(brand_id, row.id, *rendition)).await;
            gone.map_err(|error| Fault::Unavailable(error.to_string()))?;
        }
    }
    Ok(())
}
