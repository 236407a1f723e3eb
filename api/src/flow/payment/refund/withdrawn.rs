//! The money of an order whose presale came to nothing.

use entity::compensation::CompensationReason;
use entity::order;
use entity::presale::{self, PresalePlan, PresaleStatus};
use entity::refund::RefundReason;
use uuid::Uuid;

use super::owed::owe;
use super::{Why, whole_order};
use crate::app::App;
use crate::base::tx::{By, Tx};
use crate::error::Result;
use crate::flow::order::lifecycle;
use crate::flow::order::query as orders;
use crate::flow::order::rules::price::{Due, amount_due};
use crate::flow::payment::close::closing_first;
use crate::flow::presale::query as presales;

const WHY: &str = "the presale came to nothing";

/// Refunds an order wholly, once what is open for payment is closed at WeChat.
pub(in crate::flow::payment) async fn refund(app: &App, presale: &presale::Model, order_id: Uuid) -> Result<()> {
    closing_first(app, presale.brand_id, order_id, || refund_now(app, presale, order_id)).await
}

async fn refund_now(app: &App, presale: &presale::Model, order_id: Uuid) -> Result<()> {
    app.write(presale.brand_id, |tx| async move { give_back(&tx, By::SYSTEM, presale, order_id).await.map(drop) }).await
}

/// Whoever ends an order of a presale that came to nothing, before all of its orders were gone through, ends it as the
/// presale does: nothing is forfeited, and what is owed on top is owed. `None` when the presale did not, or when nothing
/// of the order can go back.
pub(in crate::flow::payment) async fn if_so(tx: &Tx, by: By, order: &order::Model) -> Result<Option<order::Model>> {
    let presale = presales::find(tx.conn(), tx.brand_id(), order.presale_id).await?;
    if came_to_nothing(presale.status) { give_back(tx, by, &presale, order.id).await } else { Ok(None) }
}

async fn give_back(tx: &Tx, by: By, presale: &presale::Model, order_id: Uuid) -> Result<Option<order::Model>> {
    let why = Why { reason: RefundReason::PresaleFailed, note: None, due_at: presale.refund_due_at };
    let on_top = if owes_double(presale) { double(tx, order_id).await? } else { 0 };
    let Some(order) = whole_order(tx, by, order_id, &why, WHY).await? else { return Ok(None) };
    owe_double(tx, &order, on_top).await?;
    Ok(Some(order))
}

pub(in crate::flow::payment) fn came_to_nothing(status: PresaleStatus) -> bool {
    matches!(status, PresaleStatus::Failed | PresaleStatus::Cancelled)
}

/// A target that was not reached is nobody's fault; a promise that was taken back is the brand's.
fn owes_double(presale: &presale::Model) -> bool {
    let broke_its_word = presale.status == PresaleStatus::Cancelled && presale.reached_pieces.is_some();
    broke_its_word && presale.plan == PresalePlan::Deposit
}

/// Fen that are owed on top of the refund of a deposit order: as much again for each of its pieces. Count them
/// before the refund: when all its money is back already, that ends the order and leaves no piece.
pub async fn double(tx: &Tx, order_id: Uuid) -> Result<i64> {
    // Whoever refunds pieces of it at the same time waits or has done so.
    lifecycle::touch(tx, &[order_id]).await?;
    let order = orders::find(tx.conn(), tx.brand_id(), order_id).await?;
    Ok(amount_due(&orders::terms(tx.conn(), &order).await?, Due::First, None))
}

/// The deposit goes back with the refund; `amount` fen are owed on top, if any.
pub async fn owe_double(tx: &Tx, order: &order::Model, amount: i64) -> Result<()> {
    owe(tx, By::SYSTEM, order, CompensationReason::DepositDoubled, None, amount).await
}
