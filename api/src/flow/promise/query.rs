//! Reads, brand first.

use entity::promise_change;
use entity::promise_question::{self, Column, PromiseQuestionStatus};
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

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
    limit: u64,
) -> Result<Vec<(Uuid, Uuid)>> {
    use entity::order::{Column as Order, Entity as Orders};
    let asked = promise_question::Entity::find()
        .select_only()
        .column(Column::OrderId)
        .filter(Column::BrandId.eq(change.brand_id))
        .filter(Column::ChangeId.eq(change.id));
    let promised = Func::coalesce([Expr::col(Order::AgreedDate), Expr::col(Order::PromiseDate)]);
    let mut found = Orders::find()
        .select_only()
        .columns([Order::Id, Order::MemberId])
        .filter(Order::BrandId.eq(change.brand_id))
        .filter(Order::PresaleId.eq(change.presale_id))
        .filter(Order::Status.is_in(orders::WAITING))
        .filter(Expr::expr(promised).lt(change.promise_date))
        .filter(Order::Id.not_in_subquery(QueryTrait::into_query(asked)))
        .order_by_asc(Order::Id)
        .limit(limit);
    if let Some(order_id) = only {
        found = found.filter(Order::Id.eq(order_id));
    }
    Ok(found.into_tuple().all(db).await?)
}
