//! What a buyer is owed beyond her money is paid like a commission.

use entity::audit::AuditAction;
use entity::compensation::{self, Column, CompensationStatus};
use entity::staff::StaffRole;
use entity::transfer::{self, TransferKind};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::pay::limits;
use super::query;
use super::rules::{self, Limits, refusal};
use super::transfer::{Order, write};
use crate::app::App;
use crate::base::id::CompensationId;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{By, Tx};
use crate::error::{Fault, Result};
use crate::flow::order::query as orders;
use crate::flow::payment::audit;
use crate::people::actor::Actor;

/// owed → paying for everything that the buyer of this compensation is owed: a few fen of interest are too little for a
/// transfer of their own. The transfers that carry it.
pub async fn pay(
    app: &App,
    actor: &Actor,
    key: &str,
    id: Uuid,
    why: Option<&str>,
) -> Result<Done<Vec<transfer::Model>>> {
    let staff = actor.staff(&[StaffRole::Finance])?;
    let brand_id = staff.brand_id;
    let why = &text::optional("why", why, audit::MAX_WHY)?;
    let once = &Once::new(staff.id, "payCompensation", key, &(id, why))?;
    app.write(brand_id, |tx| async move {
        let payout_id = tx.new_id();
        if let Some(payout_id) = once.begin(&tx, &payout_id).await? {
            return Ok(Done::replay(query::payout(tx.conn(), brand_id, payout_id).await?));
        }
        let named = query::compensation(tx.conn(), brand_id, id).await?;
        if named.status != CompensationStatus::Owed {
            return Err(refusal::not_owed(named.status.to_value()).into());
        }
        let transfers = start(&tx, actor.by(), limits(app), payout_id, &named).await?;
        let deed = audit::Deed {
            action: AuditAction::CompensationPaid,
            subject: CompensationId::new(id).to_string(),
            order_id: Some(named.order_id),
            amount: Some(transfers.iter().map(|transfer| transfer.amount).sum()),
            why: why.as_deref(),
        };
        audit::note(&tx, actor.by(), deed).await?;
        Ok(Done::new(transfers))
    })
    .await
}

async fn start(
    tx: &Tx,
    by: By,
    limits: Limits,
    payout_id: Uuid,
    named: &compensation::Model,
) -> Result<Vec<transfer::Model>> {
    let to = orders::find(tx.conn(), tx.brand_id(), named.order_id).await?;
    query::payee(tx.conn(), tx.brand_id(), to.member_id).await?;
    let mut open = Vec::new();
    for owed in query::owed_to(tx.conn(), tx.brand_id(), to.member_id).await? {
        if !step(tx, owed.id, CompensationStatus::Owed, CompensationStatus::Paying).await? {
            return Err(Fault::Overtaken("a compensation").into());
        }
        // A part of it may have arrived before another failed.
        let (_, paid) = query::progress(tx.conn(), tx.brand_id(), owed.id).await?;
        open.push((owed.id, owed.amount - paid));
    }
    let total = open.iter().map(|(_, fen)| fen).sum();
    let parts = rules::parts(total, limits).ok_or_else(|| refusal::too_little(total, limits))?;
    let order = Order { payout_id, kind: TransferKind::Compensation, member_id: to.member_id, currency: &to.currency };
    let mut transfers = Vec::with_capacity(parts.len());
    for lines in rules::allot(&open, &parts) {
        transfers.push(write(tx, by, &order, &lines).await?);
    }
    Ok(transfers)
}

/// One of its transfers has ended: paying → paid once all of it arrived, or owed again once nothing is on its way.
pub(super) async fn judge(tx: &Tx, id: Uuid) -> Result<()> {
    // Of two transfers that end at the same time, the later one sees the other.
    if !step(tx, id, CompensationStatus::Paying, CompensationStatus::Paying).await? {
        return Ok(());
    }
    let owed = query::compensation(tx.conn(), tx.brand_id(), id).await?;
    match query::progress(tx.conn(), tx.brand_id(), id).await? {
        (_, paid) if paid == owed.amount => step(tx, id, CompensationStatus::Paying, CompensationStatus::Paid).await?,
        (0, _) => step(tx, id, CompensationStatus::Paying, CompensationStatus::Owed).await?,
        _ => return Ok(()),
    };
    Ok(())
}

async fn step(tx: &Tx, id: Uuid, from: CompensationStatus, to: CompensationStatus) -> Result<bool> {
    let mut update = compensation::Entity::update_many().col_expr(Column::Status, Expr::value(to));
    if to == CompensationStatus::Paid {
        update = update.col_expr(Column::PaidAt, Expr::value(tx.now()));
    }
    let moved = update
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(from))
        .exec(tx.conn())
        .await?;
    Ok(moved.rows_affected == 1)
}
