//! What the brand owes a buyer beyond her money.

use entity::compensation::{self, CompensationReason, CompensationStatus};
use entity::order;
use sea_orm::{EntityTrait, Set, TryInsertResult};
use uuid::Uuid;

use crate::base::tx::{By, Tx};
use crate::error::Result;
use crate::flow::payment::ledger;

/// Writes and books `amount` fen, if any; `refund_id` names the refund that came late. A second look at the same owes
/// nothing more.
pub(super) async fn owe(
    tx: &Tx,
    by: By,
    order: &order::Model,
    reason: CompensationReason,
    refund_id: Option<Uuid>,
    amount: i64,
) -> Result<()> {
    if amount == 0 {
        return Ok(());
    }
    let id = tx.new_id();
    let row = compensation::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(id),
        order_id: Set(order.id),
        reason: Set(reason),
        refund_id: Set(refund_id),
        amount: Set(amount),
        status: Set(CompensationStatus::Owed),
        created_at: Set(tx.now()),
        paid_at: Set(None),
    };
    let owed = compensation::Entity::insert(row).on_conflict_do_nothing().exec_without_returning(tx.conn()).await?;
    let is_new = matches!(owed, TryInsertResult::Inserted(1..));
    if is_new { ledger::book::compensation_owed(tx, by, order, id, amount) } else { Ok(()) }
}
