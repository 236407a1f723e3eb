//! Writing down that money goes to a member. It is called after the commit.

use entity::transfer::{self, TransferKind, TransferStatus};
use entity::transfer_line;
use sea_orm::{EntityTrait, IntoActiveModel, Set};
use serde_json::json;
use uuid::Uuid;

use super::DRIVE;
use crate::base::tx::{By, Move, Tx};
use crate::error::Result;

/// What is paid to whom.
pub(super) struct Order<'a> {
    pub payout_id: Uuid,
    pub kind: TransferKind,
    pub member_id: Uuid,
    pub currency: &'a str,
}

/// One transfer that pays `lines` (id of the commission or compensation, and fen).
pub(super) async fn write(tx: &Tx, by: By, order: &Order<'_>, lines: &[(Uuid, i64)]) -> Result<transfer::Model> {
    let id = tx.new_id();
    let row = transfer::Model {
        brand_id: tx.brand_id(),
        id,
        payout_id: order.payout_id,
        kind: order.kind,
        member_id: order.member_id,
        // 32 letters and digits, as WeChat takes.
        out_bill_no: id.simple().to_string(),
        amount: lines.iter().map(|(_, fen)| fen).sum(),
        currency: order.currency.to_owned(),
        status: TransferStatus::Created,
        package_info: None,
        transfer_bill_no: None,
        fail_reason: None,
        called_at: None,
        cancel_requested_at: None,
        attempts: 0,
        last_error: None,
        created_at: tx.now(),
        finished_at: None,
    };
    transfer::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx.conn()).await?;
    let pays = |(position, (of, amount)): (i32, &(Uuid, i64))| transfer_line::ActiveModel {
        brand_id: Set(tx.brand_id()),
        transfer_id: Set(id),
        position: Set(position),
        commission_id: Set((order.kind == TransferKind::Commission).then_some(*of)),
        compensation_id: Set((order.kind == TransferKind::Compensation).then_some(*of)),
        amount: Set(*amount),
    };
    let rows: Vec<_> = (1..).zip(lines).map(pays).collect();
    for rows in rows.chunks(1_000) {
        transfer_line::Entity::insert_many(rows.to_vec()).exec_without_returning(tx.conn()).await?;
    }
    tx.set_timer(DRIVE, id, tx.now()).await?;
    let to = TransferStatus::Created;
    let step = Move { kind: "transfer", id, from: None, to, event: "created", by, why: None };
    tx.moved(step, json!({ "member_id": order.member_id })).await?;
    Ok(row)
}
