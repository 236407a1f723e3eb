//! Reading the inbox; other stages write to it.

use entity::inbox_message;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::actor::Actor;
use super::query;
use crate::app::App;
use crate::error::{Refusal, Result};
use crate::news;

const MAX_AT_ONCE: usize = 100;

/// Marks the caller's messages as read and counts those still unread. Ids of anyone else's messages
/// change nothing. Needs no idempotency key: reading twice is reading once.
pub async fn mark_read(app: &App, actor: &Actor, ids: &[Uuid]) -> Result<u64> {
    let (brand_id, member_id) = (actor.member()?.brand_id, actor.member()?.id);
    if ids.len() > MAX_AT_ONCE {
        return Err(Refusal::invalid(
            "ids",
            format!("At most {MAX_AT_ONCE} messages can be marked at once."),
            format!("一次最多标记 {MAX_AT_ONCE} 条消息。"),
        )
        .into());
    }
    app.write(brand_id, |tx| async move {
        inbox_message::Entity::update_many()
            .col_expr(inbox_message::Column::ReadAt, Expr::value(tx.now()))
            .filter(inbox_message::Column::BrandId.eq(brand_id))
            .filter(inbox_message::Column::MemberId.eq(member_id))
            .filter(inbox_message::Column::Id.is_in(ids.iter().copied()))
            .filter(inbox_message::Column::ReadAt.is_null())
            .exec(tx.conn())
            .await?;
        tx.news(news::inbox_of(member_id));
        query::unread_count(tx.conn(), brand_id, member_id).await
    })
    .await
}
