//! Parcels arrive: the buyer says so, or time does.

use entity::order::OrderStatus;
use entity::parcel::{self, ParcelStatus};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use super::super::rules::{self, Arrived, COMPLETE_AFTER};
use super::super::{COMPLETE, RECEIPT, query};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::tx::{By, Move, Tx};
use crate::error::{Error, Result};
use crate::flow::order::{self, lifecycle};
use crate::flow::payment::ledger::book;
use crate::people::actor::Actor;

/// The buyer has everything of the order that is on its way.
pub async fn confirm(app: &App, actor: &Actor, key: &str, order_id: Uuid) -> Result<Done<entity::order::Model>> {
    let member = actor.member()?;
    let (brand_id, member_id) = (member.brand_id, member.id);
    let once = &Once::new(member_id, "confirmReceipt", key, &order_id)?;
    app.write(brand_id, |tx| async move {
        let order = order::query::find_own(tx.conn(), brand_id, member_id, order_id).await?;
        if once.begin(&tx, &()).await?.is_some() {
            return Ok(Done::replay(order));
        }
        if receive_all(&tx, actor.by(), order_id, "the buyer confirmed").await? == 0 {
            return Err(rules::nothing_on_its_way().into());
        }
        settle_order(&tx, actor.by(), order_id, "the buyer confirmed").await?;
        Ok(Done::new(order::query::find(tx.conn(), brand_id, order_id).await?))
    })
    .await
}

/// WeChat says that an order that is shipped was received. One that is received, or of which something is still to
/// come, stays as it is.
pub async fn shipped_order(tx: &Tx, by: By, order_id: Uuid, why: &str) -> Result<()> {
    let order = order::query::find(tx.conn(), tx.brand_id(), order_id).await?;
    if order.status != OrderStatus::Shipped || receive_all(tx, by, order_id, why).await? == 0 {
        return Ok(());
    }
    settle_order(tx, by, order_id, why).await
}

/// Receives the parcels of an order that are on their way; how many.
async fn receive_all(tx: &Tx, by: By, order_id: Uuid, why: &str) -> Result<u64> {
    let mut received = 0;
    for parcel in query::of_order(tx.conn(), tx.brand_id(), order_id).await? {
        if parcel.status == ParcelStatus::Shipped {
            received += receive(tx, by, &parcel, why).await?;
            tx.cancel_timer(RECEIPT, parcel.id).await?;
        }
    }
    Ok(received)
}

/// A parcel counts as received when nobody has said so in time.
pub async fn by_time(app: &App, brand_id: Uuid, parcel_id: Uuid) -> Result<()> {
    let why = "nobody confirmed in time";
    app.write(brand_id, |tx| async move {
        let parcel = parcel::Entity::find_by_id((brand_id, parcel_id)).one(tx.conn()).await?;
        let parcel = parcel.ok_or_else(|| Error::not_found("parcel"))?;
        if receive(&tx, By::SYSTEM, &parcel, why).await? == 1 {
            settle_order(&tx, By::SYSTEM, parcel.order_id, why).await?;
        }
        Ok(())
    })
    .await
}

/// An order needs fewer pieces than before: those it still needs may all be on the way, or there.
pub async fn judge_again(app: &App, brand_id: Uuid, order_id: Uuid) -> Result<()> {
    app.write(brand_id, |tx| async move {
        lifecycle::touch(&tx, &[order_id]).await?;
        let arrivals = query::arrivals(tx.conn(), brand_id, &[order_id]).await?;
        if arrivals.get(&order_id).is_some_and(|arrived| *arrived >= Arrived::AllShipped) {
            lifecycle::shipped(&tx, By::SYSTEM, order_id).await?;
        }
        settle_order(&tx, By::SYSTEM, order_id, "the missing pieces were refunded").await
    })
    .await
}

/// received → completed, once.
pub async fn complete(app: &App, brand_id: Uuid, order_id: Uuid) -> Result<()> {
    app.write(brand_id, |tx| async move { lifecycle::completed(&tx, By::SYSTEM, order_id).await.map(drop) }).await
}

/// shipped → received; 0 when it was not on its way.
async fn receive(tx: &Tx, by: By, parcel: &parcel::Model, why: &str) -> Result<u64> {
    let received = parcel::Entity::update_many()
        .col_expr(parcel::Column::Status, Expr::value(ParcelStatus::Received))
        .col_expr(parcel::Column::ReceivedAt, Expr::value(tx.now()))
        .filter(parcel::Column::BrandId.eq(parcel.brand_id))
        .filter(parcel::Column::Id.eq(parcel.id))
        .filter(parcel::Column::Status.eq(ParcelStatus::Shipped))
        .exec(tx.conn())
        .await?
        .rows_affected;
    if received == 1 {
        let step = Move {
            kind: "parcel",
            id: parcel.id,
            from: Some(ParcelStatus::Shipped),
            to: ParcelStatus::Received,
            event: "received",
            by,
            why: Some(why),
        };
        tx.moved(step, json!({ "order_id": parcel.order_id })).await?;
    }
    Ok(received)
}

/// The order is received with its last parcel, which earns its price, and completed a week later.
async fn settle_order(tx: &Tx, by: By, order_id: Uuid, why: &str) -> Result<()> {
    lifecycle::touch(tx, &[order_id]).await?;
    let arrivals = query::arrivals(tx.conn(), tx.brand_id(), &[order_id]).await?;
    if arrivals.get(&order_id) != Some(&Arrived::AllReceived) {
        return Ok(());
    }
    if let Some(order) = lifecycle::received(tx, by, order_id, why).await? {
        tx.set_timer(COMPLETE, order_id, tx.now() + COMPLETE_AFTER).await?;
        book::order_received(tx, by, &order).await?;
    }
    Ok(())
}
