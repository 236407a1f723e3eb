//! What WeChat says about a transfer meets its row, and what the transfer pays.

use std::collections::HashMap;

use entity::transfer::{self, Column, TransferKind, TransferStatus};
use entity::{commission, member, transfer_line};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use uuid::Uuid;

use super::{DRIVE, commission as earned, compensation, query, rules};
use crate::app::App;
use crate::base::tx::{By, Move, Tx};
use crate::error::{Error, Result};
use crate::flow::payment::ledger::record;
use crate::flow::payment::ledger::rules::{self as books, Event, Party};
use crate::wechat::Account;
use crate::wechat::pay::TransferBill;

/// Applies WeChat's word about a transfer of this account to `payee`; repeats and late news change nothing. `Some` tells
/// why it cannot be ours.
pub(super) async fn apply(
    app: &App,
    account: &Account,
    payee: &member::Model,
    bill: &TransferBill,
) -> Result<Option<String>> {
    if let Some(problem) = mismatch(account, payee, bill) {
        return Ok(Some(problem));
    }
    app.write(account.brand_id, |tx| async move {
        // The answer to our request and what we asked meanwhile may come together: whoever finds the row moved under
        // it looks again, or the later news would be lost with the earlier one's state.
        loop {
            if let Some(outcome) = apply_once(&tx, bill).await? {
                return Ok(outcome);
            }
        }
    })
    .await
}

fn mismatch(account: &Account, payee: &member::Model, bill: &TransferBill) -> Option<String> {
    if bill.mchid.as_ref().is_some_and(|mchid| *mchid != account.mchid) {
        return Some("it belongs to another merchant account".to_owned());
    }
    if bill.appid.as_ref().is_some_and(|appid| *appid != account.appid) {
        return Some("it belongs to another app".to_owned());
    }
    // Whoever deleted her account has another name here since.
    let is_reachable = payee.status != member::MemberStatus::Deleted;
    let goes_elsewhere = bill.openid.as_ref().is_some_and(|openid| *openid != payee.openid);
    (is_reachable && goes_elsewhere).then(|| "it goes to someone else".to_owned())
}

/// `None` when someone else moved it in between.
async fn apply_once(tx: &Tx, bill: &TransferBill) -> Result<Option<Option<String>>> {
    let Some(row) = query::transfer_by_number(tx.conn(), tx.brand_id(), &bill.out_bill_no).await? else {
        return Ok(Some(Some("nothing is paid under this number".to_owned())));
    };
    if let Some(fen) = bill.amount_fen.filter(|fen| *fen != row.amount) {
        return Ok(Some(Some(format!("it is over {fen} fen, ours over {}", row.amount))));
    }
    let to = rules::next(row.status, bill.state);
    if !write(tx, &row, to.unwrap_or(row.status), bill).await? {
        return Ok(None);
    }
    if let Some(to) = to {
        moved(tx, &row, to).await?;
    }
    Ok(Some(None))
}

/// False when it is in another state by now. The first `package_info` stays: later answers may not repeat it.
async fn write(tx: &Tx, row: &transfer::Model, to: TransferStatus, bill: &TransferBill) -> Result<bool> {
    let package = row.package_info.clone().or_else(|| bill.package_info.clone());
    let mut update = transfer::Entity::update_many()
        .col_expr(Column::Status, Expr::value(to))
        .col_expr(Column::PackageInfo, Expr::value(package))
        .col_expr(Column::TransferBillNo, Expr::value(bill.transfer_bill_no.clone()));
    if to == TransferStatus::Waiting && row.status == TransferStatus::Accepted {
        // It had waited for the merchant's money: her day to confirm it begins only now.
        update = update.col_expr(Column::CalledAt, Expr::value(tx.now()));
    }
    if rules::is_final(to) && !rules::is_final(row.status) {
        update = update
            .col_expr(Column::FailReason, Expr::value(bill.fail_reason.clone()))
            .col_expr(Column::FinishedAt, Expr::value(bill.update_time.unwrap_or(tx.now())));
    }
    let written = update
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(row.id))
        .filter(Column::Status.eq(row.status))
        .exec(tx.conn())
        .await?;
    Ok(written.rows_affected == 1)
}

/// WeChat has never taken a transfer that was asked back: it is over. False when it is in another state by now.
pub(super) async fn give_up(tx: &Tx, row: &transfer::Model) -> Result<bool> {
    let to = TransferStatus::Cancelled;
    let given = transfer::Entity::update_many()
        .col_expr(Column::Status, Expr::value(to))
        .col_expr(Column::FinishedAt, Expr::value(tx.now()))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(row.id))
        .filter(Column::Status.eq(TransferStatus::Created))
        .exec(tx.conn())
        .await?;
    if given.rows_affected == 1 {
        moved(tx, row, to).await?;
    }
    Ok(given.rows_affected == 1)
}

async fn moved(tx: &Tx, row: &transfer::Model, to: TransferStatus) -> Result<()> {
    let event = event(to);
    let step = Move { kind: "transfer", id: row.id, from: Some(row.status), to, event, by: By::WECHAT, why: None };
    tx.moved(step, json!({ "member_id": row.member_id })).await?;
    if !rules::is_final(to) {
        return Ok(());
    }
    tx.cancel_timer(DRIVE, row.id).await?;
    let arrived = to == TransferStatus::Succeeded;
    let lines = query::lines(tx.conn(), tx.brand_id(), row.id).await?;
    match row.kind {
        TransferKind::Commission => commissions(tx, row, &lines, arrived).await,
        TransferKind::Compensation => compensations(tx, row, &lines, arrived).await,
    }
}

fn event(to: TransferStatus) -> &'static str {
    match to {
        TransferStatus::Created => "created",
        TransferStatus::Accepted => "accepted",
        TransferStatus::Waiting => "waiting",
        TransferStatus::Transferring => "transferring",
        TransferStatus::Cancelling => "cancelling",
        TransferStatus::Succeeded => "succeeded",
        TransferStatus::Failed => "failed",
        TransferStatus::Cancelled => "cancelled",
    }
}

/// What was on its way is paid, or open again.
async fn commissions(tx: &Tx, row: &transfer::Model, lines: &[transfer_line::Model], arrived: bool) -> Result<()> {
    let fen: HashMap<Uuid, i64> = lines.iter().filter_map(|line| Some((line.commission_id?, line.amount))).collect();
    let mut changes = Vec::with_capacity(fen.len());
    // In their order, so that two transfers that share one never wait for each other.
    let mut ids: Vec<_> = fen.keys().copied().collect();
    ids.sort_unstable();
    for ids in ids.chunks(1_000) {
        let found = query::commissions(tx.brand_id(), None, None)
            .filter(commission::Column::Id.is_in(ids.iter().copied()))
            .order_by_asc(commission::Column::Id)
            .all(tx.conn())
            .await?;
        for before in found {
            let fen = fen[&before.id];
            let paid = if arrived { before.paid + fen } else { before.paid };
            let after = commission::Model { paying: before.paying - fen, paid, ..before.clone() };
            changes.push((before, after));
        }
    }
    if changes.len() != fen.len() {
        return Err(Error::from(anyhow::anyhow!("transfer {} pays commissions that are not there", row.id)));
    }
    if arrived {
        let party = Party::Member(row.member_id);
        let of = Event { source_id: row.id, order_id: None, party, currency: &row.currency, amount: row.amount };
        record(tx, By::WECHAT, books::commission_paid(&of)?);
    }
    earned::save(tx, By::WECHAT, changes, if arrived { "paid" } else { "payout_failed" }).await
}

async fn compensations(tx: &Tx, row: &transfer::Model, lines: &[transfer_line::Model], arrived: bool) -> Result<()> {
    let mut orders = Vec::with_capacity(lines.len());
    for id in lines.iter().filter_map(|line| line.compensation_id) {
        orders.push(query::compensation(tx.conn(), tx.brand_id(), id).await?.order_id);
        compensation::judge(tx, id).await?;
    }
    if arrived {
        orders.dedup();
        let order_id = orders.first().copied().filter(|_| orders.len() == 1);
        let of =
            Event { source_id: row.id, order_id, party: Party::Nobody, currency: &row.currency, amount: row.amount };
        record(tx, By::WECHAT, books::compensation_paid(&of)?);
    }
    Ok(())
}
