//! What a KOC earns with an order: written once, taken back by refunds, set free by time.

use std::collections::HashMap;

use entity::commission::{self, Column, CommissionStatus};
use entity::commission_reversal;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use serde_json::json;
use uuid::Uuid;

use super::{AVAILABLE, query, rules};
use crate::app::App;
use crate::base::tx::{By, Move, Moves, Tx};
use crate::error::{Error, Fault, Result};
use crate::flow::order::lifecycle;
use crate::flow::order::query as orders;
use crate::flow::payment::ledger::query::brand;
use crate::flow::payment::ledger::record;
use crate::flow::payment::ledger::rules::{self as books, Event, Party};

/// The order is received, or its money settled: with both, its earner has earned her share. Once, however often it is
/// told.
pub async fn accrue(app: &App, brand_id: Uuid, order_id: Uuid) -> Result<()> {
    if !has_earner(app, brand_id, order_id).await? {
        return Ok(());
    }
    app.write(brand_id, |tx| async move {
        // Its row decides between two who tell it at the same time.
        lifecycle::touch(&tx, &[order_id]).await?;
        let order = orders::find(tx.conn(), brand_id, order_id).await?;
        let (Some(member_id), Some(received_at)) = (order.earner_id, order.received_at) else { return Ok(()) };
        if order.settled_at.is_none() || query::commission_of(tx.conn(), brand_id, order_id).await?.is_some() {
            return Ok(());
        }
        let base = query::money_left(tx.conn(), brand_id, order_id).await?;
        let amount = rules::earned(base, order.commission_bp);
        if amount == 0 {
            return Ok(());
        }
        let (_, zone) = brand(tx.conn(), brand_id).await?;
        let earned = commission::Model {
            brand_id,
            id: tx.new_id(),
            order_id,
            member_id,
            base,
            rate_bp: order.commission_bp,
            amount,
            reversed: 0,
            paying: 0,
            paid: 0,
            currency: order.currency,
            status: CommissionStatus::Frozen,
            version: 1,
            available_at: rules::available_at(received_at, zone),
            matured_at: None,
            created_at: tx.now(),
        };
        write(&tx, earned).await
    })
    .await
}

/// Most orders earn nobody anything, which never changes: they cost a read and no transaction.
async fn has_earner(app: &App, brand_id: Uuid, order_id: Uuid) -> Result<bool> {
    Ok(orders::find(app.db.read(), brand_id, order_id).await?.earner_id.is_some())
}

async fn write(tx: &Tx, earned: commission::Model) -> Result<()> {
    let (id, to, by) = (earned.id, earned.status, By::SYSTEM);
    commission::Entity::insert(earned.clone().into_active_model()).exec_without_returning(tx.conn()).await?;
    tx.set_timer(AVAILABLE, id, earned.available_at).await?;
    let step = Move { kind: "commission", id, from: None, to, event: "accrued", by, why: None };
    tx.moved(step, payload(&earned)).await?;
    record(tx, by, books::commission_accrued(&event(&earned, id, earned.amount))?);
    Ok(())
}

/// What the books say of a commission.
fn event(of: &commission::Model, source_id: Uuid, amount: i64) -> Event<'_> {
    let party = Party::Member(of.member_id);
    Event { source_id, order_id: Some(of.order_id), party, currency: &of.currency, amount }
}

fn payload(of: &commission::Model) -> serde_json::Value {
    json!({ "member_id": of.member_id, "order_id": of.order_id })
}

/// A refund of the order is with the buyer: what her money no longer earns is taken back, also when it is paid by then.
pub async fn reverse(app: &App, brand_id: Uuid, order_id: Uuid, refund_id: Uuid) -> Result<()> {
    if !has_earner(app, brand_id, order_id).await? {
        return Ok(());
    }
    app.write(brand_id, |tx| async move {
        lifecycle::touch(&tx, &[order_id]).await?;
        let Some(earned) = query::commission_of(tx.conn(), brand_id, order_id).await? else { return Ok(()) };
        let amount = rules::reversal(&earned, query::money_left(tx.conn(), brand_id, order_id).await?);
        if amount == 0 {
            return Ok(());
        }
        let id = tx.new_id();
        let row = commission_reversal::ActiveModel {
            brand_id: Set(brand_id),
            id: Set(id),
            commission_id: Set(earned.id),
            refund_id: Set(refund_id),
            amount: Set(amount),
            created_at: Set(tx.now()),
        };
        row.insert(tx.conn()).await?;
        let less = commission::Model { reversed: earned.reversed + amount, ..earned.clone() };
        record(&tx, By::SYSTEM, books::commission_reversed(&event(&earned, id, amount))?);
        save(&tx, By::SYSTEM, vec![(earned, less)], "reversed").await
    })
    .await
}

/// Timer [`AVAILABLE`]: it may be paid from now on.
pub async fn mature(app: &App, brand_id: Uuid, id: Uuid) -> Result<()> {
    app.write(brand_id, |tx| async move {
        let earned = query::commission(tx.conn(), brand_id, id).await?;
        if earned.matured_at.is_some() || tx.now() < earned.available_at {
            return Ok(());
        }
        let free = commission::Model { matured_at: Some(tx.now()), ..earned.clone() };
        save(&tx, By::SYSTEM, vec![(earned, free)], "matured").await
    })
    .await
}

/// Writes commissions as they are after `event`, in the states that their numbers say. Each as it was read before, or
/// the transaction runs again.
pub(super) async fn save(
    tx: &Tx,
    by: By,
    changes: Vec<(commission::Model, commission::Model)>,
    event: &'static str,
) -> Result<()> {
    let mut moved = HashMap::<_, Vec<_>>::new();
    for (before, after) in changes {
        let to = rules::status(&after);
        update(tx, &before, &after, to).await?;
        if to != before.status {
            moved.entry((before.status, to)).or_default().push((after.id, payload(&after)));
        }
    }
    for ((from, to), items) in moved {
        let step = Moves { kind: "commission", from: Some(from), to, event, by, why: None };
        tx.moved_all(step, &items).await?;
    }
    Ok(())
}

async fn update(tx: &Tx, before: &commission::Model, after: &commission::Model, to: CommissionStatus) -> Result<()> {
    let saved = commission::Entity::update_many()
        .col_expr(Column::Reversed, Expr::value(after.reversed))
        .col_expr(Column::Paying, Expr::value(after.paying))
        .col_expr(Column::Paid, Expr::value(after.paid))
        .col_expr(Column::MaturedAt, Expr::value(after.matured_at))
        .col_expr(Column::Status, Expr::value(to))
        .col_expr(Column::Version, Expr::value(before.version + 1))
        .filter(Column::BrandId.eq(before.brand_id))
        .filter(Column::Id.eq(before.id))
        .filter(Column::Version.eq(before.version))
        .exec(tx.conn())
        .await?;
    if saved.rows_affected == 1 { Ok(()) } else { Err(Error::Fault(Fault::Overtaken("a commission"))) }
}
