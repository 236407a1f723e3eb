//! Reads, brand first.

use entity::promise_change;
use entity::promise_question::{self, Column, PromiseQuestionStatus};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use crate::base::db::sql;
use crate::error::{Error, Result};
use crate::flow::order::query as orders;
use crate::people::actor::Actor;

/// The change, or `NOT_FOUND` for one of another brand just as for none.
pub async fn change(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<promise_change::Model> {
    let found = promise_change::Entity::find_by_id((brand_id, id)).one(db).await?;
    found.ok_or_else(|| Error::not_found("change of a promise"))
}

/// The newest change of a presale.
pub async fn newest(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    presale_id: Uuid,
) -> Result<Option<promise_change::Model>> {
    let found = changes(brand_id, presale_id).order_by_desc(promise_change::Column::Id).limit(1);
    Ok(found.one(db).await?)
}

/// All changes of a presale.
pub fn changes(brand_id: Uuid, presale_id: Uuid) -> Select<promise_change::Entity> {
    promise_change::Entity::find()
        .filter(promise_change::Column::BrandId.eq(brand_id))
        .filter(promise_change::Column::PresaleId.eq(presale_id))
}

/// The question. Not scoped to its buyer.
pub async fn find(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<promise_question::Model> {
    let found = promise_question::Entity::find_by_id((brand_id, id)).one(db).await?;
    found.ok_or_else(|| Error::not_found("question"))
}

/// A question about the member's own order; anyone else's is `NOT_FOUND` just as none.
pub async fn find_own(db: &impl ConnectionTrait, actor: &Actor, id: Uuid) -> Result<promise_question::Model> {
    let found = visible_to(actor)?.filter(Column::Id.eq(id)).one(db).await?;
    found.ok_or_else(|| Error::not_found("question"))
}

/// What `actor` may see: questions about her own orders for a member, all of the brand for staff.
pub fn visible_to(actor: &Actor) -> Result<Select<promise_question::Entity>> {
    let orders = orders::visible_to(actor)?.select_only().column(entity::order::Column::Id);
    Ok(promise_question::Entity::find()
        .filter(Column::BrandId.eq(actor.brand_id()?))
        .filter(Column::OrderId.in_subquery(QueryTrait::into_query(orders))))
}

/// Those of `ids` that `actor` may see.
pub async fn visible_among(
    db: &impl ConnectionTrait,
    actor: &Actor,
    ids: &[Uuid],
) -> Result<Vec<promise_question::Model>> {
    let Ok(visible) = visible_to(actor) else { return Ok(Vec::new()) };
    Ok(visible.filter(Column::Id.is_in(ids.iter().copied())).all(db).await?)
}

/// Those changes of `ids` that `actor` may see: the brand's people theirs.
pub async fn changes_among(
    db: &impl ConnectionTrait,
    actor: &Actor,
    ids: &[Uuid],
) -> Result<Vec<promise_change::Model>> {
    let Ok(staff) = actor.any_staff() else { return Ok(Vec::new()) };
    let found = promise_change::Entity::find()
        .filter(promise_change::Column::BrandId.eq(staff.brand_id))
        .filter(promise_change::Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(db).await?)
}

/// At most `limit` unanswered questions of a change after `after`, in their order.
pub async fn unanswered(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    change_id: Uuid,
    after: Uuid,
    limit: u64,
) -> Result<Vec<promise_question::Model>> {
    let found = promise_question::Entity::find()
        .filter(Column::BrandId.eq(brand_id))
        .filter(Column::ChangeId.eq(change_id))
        .filter(Column::Status.eq(PromiseQuestionStatus::Asked))
        .filter(Column::Id.gt(after))
        .order_by_asc(Column::Id)
        .limit(limit);
    Ok(found.all(db).await?)
}

/// At most `limit` orders that wait for the presale under an older promise than the change's and have not been
/// asked about it, with their buyers.
pub async fn to_ask(
    db: &impl ConnectionTrait,
    change: &promise_change::Model,
    only: Option<Uuid>,
    limit: u32,
) -> Result<Vec<(Uuid, Uuid)>> {
    let one = if only.is_some() { "and o.id = $6" } else { "and $6 is null" };
    let text = format!(
        "select o.id, o.member_id from orders o where o.brand_id = $1 and o.presale_id = $2 \
         and o.status in ('deposit_paid', 'balance_due', 'paid', 'in_batch') and coalesce(o.agreed_date, o.promise_date) < $3 {one} \
         and not exists (select 1 from promise_question q where q.brand_id = $1 and q.order_id = o.id and q.change_id = $4) \
         order by o.id limit $5"
    );
    let values = [
        change.brand_id.into(),
        change.presale_id.into(),
        change.promise_date.into(),
        change.id.into(),
        i64::from(limit).into(),
        only.into(),
    ];
    let rows = db.query_all_raw(sql(db.get_database_backend(), &text, values)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "member_id")?))).collect()
}
