//! What came of a day, as rows. Whoever writes about a day holds its row, so that two looks at the same day come one
//! after the other.

use chrono::NaiveDate;
use entity::reconciliation::{self, Column, ReconciliationStatus};
use entity::reconciliation_difference::{self as row, DifferenceKind, DifferenceStatus};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveEnum, ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use super::fetch::Bills;
use super::rules::{Comparison, Difference};
use super::{book, query};
use crate::app::App;
use crate::base::db::sql;
use crate::base::tx::Tx;
use crate::error::{Error, Result};

/// The row of a day, made when there is none.
pub(super) async fn day(tx: &Tx, date: NaiveDate) -> Result<reconciliation::Model> {
    let fresh = reconciliation::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(tx.new_id()),
        bill_date: Set(date),
        status: Set(ReconciliationStatus::Waiting),
        attempts: Set(0),
        last_error: Set(None),
        trade_sha1: Set(None),
        flow_sha1: Set(None),
        bill_payments: Set(0),
        bill_paid: Set(0),
        bill_refunds: Set(0),
        bill_refunded: Set(0),
        bill_fees: Set(0),
        bill_movement: Set(0),
        bill_balance: Set(None),
        our_payments: Set(0),
        our_paid: Set(0),
        our_refunds: Set(0),
        our_refunded: Set(0),
        our_fees: Set(0),
        our_movement: Set(0),
        healed: Set(0),
        checked_at: Set(None),
        created_at: Set(tx.now()),
    };
    reconciliation::Entity::insert(fresh)
        .on_conflict(OnConflict::columns([Column::BrandId, Column::BillDate]).do_nothing().to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    query::of_date(tx.conn(), tx.brand_id(), date).await?.ok_or_else(|| Error::not_found("reconciliation"))
}

/// Takes the row of a day until the commit.
pub(super) async fn hold(tx: &Tx, id: Uuid) -> Result<()> {
    reconciliation::Entity::update_many()
        .col_expr(Column::Attempts, Expr::col(Column::Attempts))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// The bills could not be had, or not be believed. What an earlier look found stays.
pub(super) async fn in_vain(app: &App, day: &reconciliation::Model, why: &str) -> Result<()> {
    app.write(day.brand_id, |tx| async move {
        reconciliation::Entity::update_many()
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .col_expr(Column::LastError, Expr::value(why))
            .filter(Column::BrandId.eq(day.brand_id))
            .filter(Column::Id.eq(day.id))
            .exec(tx.conn())
            .await?;
        Ok(())
    })
    .await
}

/// Writes what came of the day. A difference that was there before keeps its row, and a settled one stays settled;
/// an open one that is no more goes.
pub(super) async fn result(
    app: &App,
    day: &reconciliation::Model,
    currency: &str,
    bills: &Bills,
    found: &Comparison,
    healed: i32,
) -> Result<()> {
    app.write(day.brand_id, |tx| async move {
        hold(&tx, day.id).await?;
        book::withdrawn(&tx, day.bill_date, currency, &found.withdrawals).await?;
        let status = differences(&tx, day.id, &found.differences).await?;
        reconciliation::Entity::update_many()
            .set(totals(found))
            .col_expr(Column::Status, Expr::value(status))
            .col_expr(Column::LastError, Expr::value(None::<String>))
            .col_expr(Column::TradeSha1, Expr::value(bills.trade_sha1.clone()))
            .col_expr(Column::FlowSha1, Expr::value(bills.flow_sha1.clone()))
            .col_expr(Column::Healed, Expr::col(Column::Healed).add(healed))
            .col_expr(Column::CheckedAt, Expr::value(tx.now()))
            .filter(Column::BrandId.eq(day.brand_id))
            .filter(Column::Id.eq(day.id))
            .exec(tx.conn())
            .await?;
        Ok(())
    })
    .await
}

fn totals(found: &Comparison) -> reconciliation::ActiveModel {
    let (bill, ours) = (&found.bill, &found.ours);
    reconciliation::ActiveModel {
        bill_payments: Set(bill.payments),
        bill_paid: Set(bill.paid),
        bill_refunds: Set(bill.refunds),
        bill_refunded: Set(bill.refunded),
        bill_fees: Set(bill.fees),
        bill_movement: Set(bill.movement),
        bill_balance: Set(found.balance),
        our_payments: Set(ours.payments),
        our_paid: Set(ours.paid),
        our_refunds: Set(ours.refunds),
        our_refunded: Set(ours.refunded),
        our_fees: Set(ours.fees),
        our_movement: Set(ours.movement),
        ..Default::default()
    }
}

async fn differences(tx: &Tx, day: Uuid, found: &[Difference]) -> Result<ReconciliationStatus> {
    let mut known = query::differences(tx.conn(), tx.brand_id(), &[day]).await?.remove(&day).unwrap_or_default();
    let (mut open, mut settled) = (0, 0);
    for difference in found {
        let same = known.iter().position(|row| is_same(row, difference));
        match same.map(|place| known.swap_remove(place)) {
            Some(row) if row.status == DifferenceStatus::Resolved => settled += 1,
            Some(_) => open += 1,
            None => {
                fresh(tx, day, difference).insert(tx.conn()).await?;
                open += 1;
            }
        }
    }
    let gone = known.iter().filter(|row| row.status == DifferenceStatus::Open).map(|row| row.id);
    row::Entity::delete_many()
        .filter(row::Column::BrandId.eq(tx.brand_id()))
        .filter(row::Column::Id.is_in(gone))
        .exec(tx.conn())
        .await?;
    Ok(match (open, settled) {
        (0, 0) => ReconciliationStatus::Balanced,
        (0, _) => ReconciliationStatus::Resolved,
        _ => ReconciliationStatus::Differing,
    })
}

fn is_same(row: &row::Model, found: &Difference) -> bool {
    (row.kind, &row.number, row.bill_amount, row.our_amount)
        == (found.kind, &found.number, found.bill_amount, found.our_amount)
        && row.provider_no == found.provider_no
}

fn fresh(tx: &Tx, day: Uuid, found: &Difference) -> row::ActiveModel {
    row::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(tx.new_id()),
        reconciliation_id: Set(day),
        kind: Set(found.kind),
        number: Set(found.number.clone()),
        provider_no: Set(found.provider_no.clone()),
        order_id: Set(found.order_id),
        bill_amount: Set(found.bill_amount),
        our_amount: Set(found.our_amount),
        detail: Set(found.detail.clone()),
        status: Set(DifferenceStatus::Open),
        created_at: Set(tx.now()),
        resolved_at: Set(None),
        resolved_by: Set(None),
        note: Set(None),
    }
}

/// A bill has named what an earlier day's bill lacked: what was missing there is found.
pub(super) async fn found_later(tx: &Tx, day: &reconciliation::Model, subjects: &[Uuid]) -> Result<()> {
    let numbers = query::numbers(tx.conn(), tx.brand_id(), subjects).await?;
    let missing = row::Entity::find()
        .filter(row::Column::BrandId.eq(tx.brand_id()))
        .filter(row::Column::Status.eq(DifferenceStatus::Open))
        .filter(row::Column::ReconciliationId.ne(day.id))
        .filter(row::Column::Kind.is_in([DifferenceKind::PaymentUnbilled, DifferenceKind::RefundUnbilled]))
        .filter(row::Column::Number.is_in(numbers));
    let missing = missing.all(tx.conn()).await?;
    if missing.is_empty() {
        return Ok(());
    }
    let days: Vec<_> = missing.iter().map(|row| row.reconciliation_id).collect();
    row::Entity::update_many()
        .col_expr(row::Column::Status, Expr::value(DifferenceStatus::Resolved))
        .col_expr(row::Column::ResolvedAt, Expr::value(tx.now()))
        .col_expr(row::Column::Note, Expr::value(format!("In the bill of {}.", day.bill_date)))
        .filter(row::Column::BrandId.eq(tx.brand_id()))
        .filter(row::Column::Id.is_in(missing.iter().map(|row| row.id)))
        .filter(row::Column::Status.eq(DifferenceStatus::Open))
        .exec(tx.conn())
        .await?;
    for day in days {
        settled(tx, day).await?;
    }
    Ok(())
}

/// A day none of whose differences is open any more is settled.
pub(super) async fn settled(tx: &Tx, day: Uuid) -> Result<()> {
    hold(tx, day).await?;
    let statement = sql(
        tx.conn().get_database_backend(),
        "update reconciliation set status = $3 where brand_id = $1 and id = $2 and status = $4 and not exists \
         (select 1 from reconciliation_difference d where d.brand_id = $1 and d.reconciliation_id = $2 and d.status = 'open')",
        [
            tx.brand_id().into(),
            day.into(),
            ReconciliationStatus::Resolved.to_value().into(),
            ReconciliationStatus::Differing.to_value().into(),
        ],
    );
    tx.conn().execute_raw(statement).await?;
    Ok(())
}
