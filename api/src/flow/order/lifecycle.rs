//! Moves of orders. Each is one conditional update with its history and its event; `None` means the
//! order was not in the state that the move starts from, and nothing happened.

use chrono::{DateTime, NaiveDate, Utc};
use entity::order::{self, Column, OrderStatus};
use entity::order_line;
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use super::query;
use super::rules::Event;
use crate::base::tx::{By, Move, Moves, Tx};
use crate::error::{Error, Result};
use crate::flow::presale::capacity::{self, Bound, Pieces};

/// Moves one order by `event`.
async fn step(
    tx: &Tx,
    by: By,
    id: Uuid,
    event: Event,
    why: Option<&str>,
    set: &[(Column, SimpleExpr)],
) -> Result<Option<order::Model>> {
    let (from, to) = event.edge();
    let mut update = order::Entity::update_many()
        .col_expr(Column::Status, Expr::value(to))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1));
    for (column, value) in set {
        update = update.col_expr(*column, value.clone());
    }
    let moved = update
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(from))
        .exec_with_returning(tx.conn())
        .await?;
    let Some(order) = moved.into_iter().next() else { return Ok(None) };
    record(tx, by, &order, event, why).await?;
    Ok(Some(order))
}

/// History and event of a move that was made.
async fn record(tx: &Tx, by: By, order: &order::Model, event: Event, why: Option<&str>) -> Result<()> {
    let (from, to) = event.edge();
    let step = Move { kind: "order", id: order.id, from: Some(from), to, event: event.name(), by, why };
    tx.moved(step, payload(order)).await
}

/// The same for many orders that moved together.
async fn record_all(tx: &Tx, by: By, orders: &[order::Model], event: Event) -> Result<()> {
    let (from, to) = event.edge();
    let step = Moves { kind: "order", from: Some(from), to, event: event.name(), by, why: None };
    let items: Vec<_> = orders.iter().map(|order| (order.id, payload(order))).collect();
    tx.moved_all(step, &items).await
}

/// What every event of an order carries.
pub fn payload(order: &order::Model) -> serde_json::Value {
    json!({
        "presale_id": order.presale_id,
        "member_id": order.member_id,
        "pieces": order.pieces,
        "amount": order.amount,
    })
}

/// Pieces of an order that are bound to it, by SKU.
async fn pieces_of(tx: &Tx, order: &order::Model) -> Result<Pieces> {
    let mut pieces = Pieces::new();
    for line in query::lines_of(tx.conn(), tx.brand_id(), order.id).await? {
        *pieces.entry(line.sku_id).or_default() += line.quantity - line.refunded;
    }
    Ok(pieces)
}

/// Takes the rows of these orders until the transaction ends and changes nothing. Whoever judges an
/// order by rows of another table calls it first: two transactions that each change one of those rows
/// would otherwise not see each other, and neither would make the move that both together call for.
pub async fn touch(tx: &Tx, ids: &[Uuid]) -> Result<()> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    for ids in ids.chunks(query::CHUNK) {
        order::Entity::update_many()
            .col_expr(Column::Version, Expr::col(Column::Version))
            .filter(Column::BrandId.eq(tx.brand_id()))
            .filter(Column::Id.is_in(ids.iter().copied()))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

/// pending_payment → paid; what was held is paid.
pub async fn paid(tx: &Tx, by: By, id: Uuid) -> Result<Option<order::Model>> {
    let set = [(Column::PaidAt, Expr::value(tx.now()))];
    let Some(order) = step(tx, by, id, Event::Pay, None, &set).await? else { return Ok(None) };
    capacity::settle(tx, order.presale_id, &pieces_of(tx, &order).await?).await?;
    Ok(Some(order))
}

/// pending_payment → deposit_paid; what was held counts as paid, though nothing of it can be made yet.
pub async fn deposit_paid(tx: &Tx, by: By, id: Uuid) -> Result<Option<order::Model>> {
    let Some(order) = step(tx, by, id, Event::PayFirst, None, &[]).await? else { return Ok(None) };
    capacity::settle(tx, order.presale_id, &pieces_of(tx, &order).await?).await?;
    Ok(Some(order))
}

/// deposit_paid → balance_due, at the tier of `reached` pieces, payable until `until`.
pub async fn balance_due(tx: &Tx, id: Uuid, reached: i32, until: DateTime<Utc>) -> Result<Option<order::Model>> {
    let set = [(Column::ReachedPieces, Expr::value(reached)), (Column::BalanceDueAt, Expr::value(until))];
    step(tx, By::SYSTEM, id, Event::DueBalance, None, &set).await
}

/// Leaves more time to pay a balance that is due; false when it is not any more.
pub async fn balance_postponed(tx: &Tx, id: Uuid, until: DateTime<Utc>) -> Result<bool> {
    let postponed = order::Entity::update_many()
        .col_expr(Column::BalanceDueAt, Expr::value(until))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(OrderStatus::BalanceDue))
        .exec(tx.conn())
        .await?;
    Ok(postponed.rows_affected == 1)
}

/// Something about the order that its status does not say changed: who was shown it before has to look again.
pub async fn changed(tx: &Tx, id: Uuid) -> Result<()> {
    order::Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// balance_due → paid.
pub async fn balance_paid(tx: &Tx, by: By, id: Uuid) -> Result<Option<order::Model>> {
    step(tx, by, id, Event::PayBalance, None, &[(Column::PaidAt, Expr::value(tx.now()))]).await
}

/// balance_due → forfeited; the pieces are free again.
pub async fn forfeited(tx: &Tx, id: Uuid) -> Result<Option<order::Model>> {
    let why = Some("the balance was not paid in time");
    let Some(order) = step(tx, By::SYSTEM, id, Event::Forfeit, why, &[]).await? else { return Ok(None) };
    free_paid(tx, &order).await?;
    Ok(Some(order))
}

/// Writes which tier was applied to an order that was paid in full; false when one was before.
pub async fn tier_applied(tx: &Tx, id: Uuid, reached: i32) -> Result<bool> {
    let applied = order::Entity::update_many()
        .col_expr(Column::ReachedPieces, Expr::value(reached))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.is_in(query::PAID))
        .filter(Column::ReachedPieces.is_null())
        .exec(tx.conn())
        .await?;
    Ok(applied.rows_affected == 1)
}

async fn free_paid(tx: &Tx, order: &order::Model) -> Result<()> {
    let pieces = pieces_of(tx, order).await?;
    capacity::give_back(tx, order.presale_id, order.member_id, Bound::Paid, &pieces).await
}

/// pending_payment → expired; the hold goes back.
pub async fn expired(tx: &Tx, id: Uuid) -> Result<Option<order::Model>> {
    left_unpaid(tx, By::SYSTEM, id, Event::Expire, Some("the hold ended unpaid")).await
}

/// pending_payment → cancelled; the hold goes back.
pub async fn cancelled(tx: &Tx, by: By, id: Uuid) -> Result<Option<order::Model>> {
    left_unpaid(tx, by, id, Event::Cancel, None).await
}

async fn left_unpaid(tx: &Tx, by: By, id: Uuid, event: Event, why: Option<&str>) -> Result<Option<order::Model>> {
    let Some(order) = step(tx, by, id, event, why, &[]).await? else { return Ok(None) };
    let pieces = pieces_of(tx, &order).await?;
    capacity::give_back(tx, order.presale_id, order.member_id, Bound::Held, &pieces).await?;
    Ok(Some(order))
}

/// paid, deposit_paid or balance_due → refund_pending; the pieces are free again, though the money is
/// still on its way. With the state it was in: an amount that was due is to be voided.
pub async fn refund_started(tx: &Tx, by: By, id: Uuid, why: &str) -> Result<Option<(order::Model, OrderStatus)>> {
    for event in [Event::StartRefund, Event::StartRefundOfFirst, Event::StartRefundOfDue] {
        if let Some(order) = step(tx, by, id, event, Some(why), &[]).await? {
            free_paid(tx, &order).await?;
            return Ok(Some((order, event.edge().0)));
        }
    }
    Ok(None)
}

/// in_batch → refund_pending: the pieces are free again, and those that are being made are made for nobody.
pub async fn refund_started_in_batch(tx: &Tx, by: By, id: Uuid, why: &str) -> Result<Option<order::Model>> {
    let Some(order) = step(tx, by, id, Event::StartRefundInBatch, Some(why), &[]).await? else { return Ok(None) };
    free_paid(tx, &order).await?;
    Ok(Some(order))
}

/// refund_pending → refunded, with all its lines.
pub async fn refunded(tx: &Tx, by: By, id: Uuid) -> Result<Option<order::Model>> {
    let Some(order) = step(tx, by, id, Event::Refund, None, &[]).await? else { return Ok(None) };
    order_line::Entity::update_many()
        .col_expr(order_line::Column::Refunded, Expr::col(order_line::Column::Quantity))
        .filter(order_line::Column::BrandId.eq(tx.brand_id()))
        .filter(order_line::Column::OrderId.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(Some(order))
}

/// All paid orders of a presale → in_batch, in the order they were paid, with their lines. One
/// update decides: an order that is cancelled or changed at the same time is in wholly, as changed,
/// or not at all.
pub async fn into_batch(tx: &Tx, by: By, presale_id: Uuid) -> Result<Vec<(order::Model, Vec<order_line::Model>)>> {
    let (from, to) = Event::Batch.edge();
    let mut orders = order::Entity::update_many()
        .col_expr(Column::Status, Expr::value(to))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::PresaleId.eq(presale_id))
        .filter(Column::Status.eq(from))
        .exec_with_returning(tx.conn())
        .await?;
    orders.sort_by_key(|order| (order.paid_at, order.id));
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id).collect();
    let mut lines = query::lines_of_all(tx.conn(), tx.brand_id(), &ids).await?;
    record_all(tx, by, &orders, Event::Batch).await?;
    let with_lines = |order: order::Model| {
        let lines = lines.remove(&order.id).unwrap_or_default();
        (order, lines)
    };
    Ok(orders.into_iter().map(with_lines).collect())
}

/// in_batch → paid for those of `order_ids` that are in a batch, when their batch is given up.
pub async fn out_of_batch(tx: &Tx, by: By, order_ids: &[Uuid]) -> Result<Vec<order::Model>> {
    let (from, to) = Event::Unbatch.edge();
    let mut back = Vec::with_capacity(order_ids.len());
    for ids in order_ids.chunks(query::CHUNK) {
        let orders = order::Entity::update_many()
            .col_expr(Column::Status, Expr::value(to))
            .col_expr(Column::Version, Expr::col(Column::Version).add(1))
            .filter(Column::BrandId.eq(tx.brand_id()))
            .filter(Column::Id.is_in(ids.iter().copied()))
            .filter(Column::Status.eq(from))
            .exec_with_returning(tx.conn())
            .await?;
        record_all(tx, by, &orders, Event::Unbatch).await?;
        back.extend(orders);
    }
    Ok(back)
}

/// in_batch → shipped: its first parcel is on the way.
pub async fn shipped(tx: &Tx, by: By, id: Uuid) -> Result<Option<order::Model>> {
    step(tx, by, id, Event::Ship, None, &[(Column::ShippedAt, Expr::value(tx.now()))]).await
}

/// shipped → received; `why` says who or what found it received.
pub async fn received(tx: &Tx, by: By, id: Uuid, why: &str) -> Result<Option<order::Model>> {
    step(tx, by, id, Event::Receive, Some(why), &[(Column::ReceivedAt, Expr::value(tx.now()))]).await
}

/// received → completed: nothing more can happen to it.
pub async fn completed(tx: &Tx, by: By, id: Uuid) -> Result<Option<order::Model>> {
    step(tx, by, id, Event::Complete, None, &[]).await
}

/// WeChat has settled all that was paid for the order, `at`. Not a state: the money of an order that is
/// completed may settle later, and the other way round. False when it was known before.
pub async fn settled(tx: &Tx, id: Uuid, at: DateTime<Utc>) -> Result<bool> {
    let settled = order::Entity::update_many()
        .col_expr(Column::SettledAt, Expr::value(at))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(id))
        .filter(Column::SettledAt.is_null())
        .exec_with_returning(tx.conn())
        .await?;
    let Some(order) = settled.into_iter().next() else { return Ok(false) };
    tx.emit("order", id, "settled", payload(&order)).await?;
    Ok(true)
}

/// The buyer accepted that it ships by a later `date`. What she was promised at purchase stays as it was.
pub async fn promise_agreed(tx: &Tx, id: Uuid, date: NaiveDate) -> Result<()> {
    let agreed = order::Entity::update_many()
        .col_expr(Column::AgreedDate, Expr::value(date))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(id))
        .exec_with_returning(tx.conn())
        .await?;
    let order = agreed.into_iter().next().ok_or_else(|| Error::not_found("order"))?;
    tx.emit("order", id, "promise_agreed", payload(&order)).await
}
