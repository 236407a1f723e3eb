//! A person of the brand gives money back: all of an order, some of its pieces, or an amount.

use entity::audit::AuditAction;
use entity::order::{self, OrderStatus};
use entity::refund::RefundReason;
use entity::staff::StaffRole;
use serde::Serialize;
use uuid::Uuid;

use super::request::{Why, left, part, whole_order, within};
use super::short::count_refunded;
use super::withdrawn;
use crate::app::App;
use crate::base::id::OrderId;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{By, Tx};
use crate::error::{Refusal, Result};
use crate::flow::order::rules::changed_since;
use crate::flow::order::rules::price::{Due, amount_due};
use crate::flow::order::{lifecycle, query as orders};
use crate::flow::payment::after_sales::rules::{nothing_left, pieces};
use crate::flow::payment::audit;
use crate::flow::payment::close::closing_first;
use crate::flow::presale::capacity::{self, Bound, Pieces};
use crate::people::actor::Actor;

#[derive(Serialize)]
pub struct Agreed {
    pub order_id: Uuid,
    pub what: What,
    /// The version of the order that was looked at: of two people who give back the same, one does. `None` gives it back
    /// whatever happened since.
    pub version: Option<i32>,
    /// Why, in the words that the history keeps.
    pub reason: String,
}

/// What goes back.
#[derive(Serialize)]
pub enum What {
    /// Everything; the order ends.
    Whole,
    /// Order line and pieces of it, which will not be made.
    Pieces(Vec<(Uuid, i32)>),
    /// Fen; all pieces will be made all the same.
    Amount(i64),
}

/// Refunds what was agreed on with the buyer of an order that is not shipped; later see
/// [`crate::flow::payment::after_sales`].
pub async fn agreed(app: &App, actor: &Actor, key: &str, input: &Agreed) -> Result<Done<order::Model>> {
    let staff = actor.staff(&[StaffRole::Finance, StaffRole::Support])?;
    let brand_id = staff.brand_id;
    let reason = &text::required("reason", &input.reason, 200)?;
    let once = &Once::new(staff.id, "refundOrder", key, input)?;
    let order_id = input.order_id;
    let try_now = || {
        app.write(brand_id, |tx| async move {
            let order = orders::find(tx.conn(), brand_id, order_id).await?;
            if once.begin(&tx, &order_id).await?.is_some() {
                return Ok(Done::replay(order));
            }
            let before = left(&tx, order_id).await?;
            give(&tx, actor.by(), input, reason).await?;
            let deed = audit::Deed {
                action: AuditAction::OrderRefunded,
                subject: OrderId::new(order_id).to_string(),
                order_id: Some(order_id),
                amount: Some(before - left(&tx, order_id).await?),
                why: Some(reason),
            };
            audit::note(&tx, actor.by(), deed).await?;
            Ok(Done::new(orders::find(tx.conn(), brand_id, order_id).await?))
        })
    };
    // Its balance may be open for payment.
    closing_first(app, brand_id, order_id, try_now).await
}

async fn give(tx: &Tx, by: By, &Agreed { order_id, ref what, version, .. }: &Agreed, reason: &str) -> Result<()> {
    // Whoever batches, cancels or refunds it at the same time waits or has won.
    lifecycle::touch(tx, &[order_id]).await?;
    let order = orders::find(tx.conn(), tx.brand_id(), order_id).await?;
    if version.is_some_and(|version| version != order.version) {
        return Err(changed_since().into());
    }
    let why = Why { reason: RefundReason::Agreed, note: Some(reason), due_at: None };
    match what {
        What::Whole => whole(tx, by, &order, &why, reason).await,
        What::Pieces(wanted) => some_pieces(tx, by, &order, wanted, &why, reason).await,
        What::Amount(fen) => amount(tx, by, &order, *fen, &why).await,
    }
}

async fn whole(tx: &Tx, by: By, order: &order::Model, why: &Why<'_>, reason: &str) -> Result<()> {
    if withdrawn::if_so(tx, by, order).await?.is_some() {
        return Ok(());
    }
    match whole_order(tx, by, order.id, why, reason).await? {
        Some(_) => Ok(()),
        None => Err(not_refundable(order.status).into()),
    }
}

async fn some_pieces(
    tx: &Tx,
    by: By,
    order: &order::Model,
    wanted: &[(Uuid, i32)],
    why: &Why<'_>,
    reason: &str,
) -> Result<()> {
    if order.status != OrderStatus::Paid {
        return Err(not_refundable(order.status).into());
    }
    let lines = orders::lines_of(tx.conn(), tx.brand_id(), order.id).await?;
    let wanted = pieces(&lines, wanted)?;
    let terms = orders::terms(tx.conn(), order).await?;
    let count: i32 = wanted.values().sum();
    if count == terms.pieces {
        return whole(tx, by, order, why, reason).await;
    }
    let cost = amount_due(&terms, Due::Pieces(count), order.reached_pieces);
    // Some of it may have gone back before.
    let amount = within(tx, order.id, cost).await?;
    if amount == 0 {
        return Err(nothing_left().into());
    }
    let mut freed = Pieces::new();
    for line in lines.iter().filter(|line| wanted.contains_key(&line.id)) {
        count_refunded(tx, line.id, wanted[&line.id]).await?;
        *freed.entry(line.sku_id).or_default() += wanted[&line.id];
    }
    capacity::give_back(tx, order.presale_id, order.member_id, Bound::Paid, &freed).await?;
    part(tx, by, order.id, amount, why).await?;
    lifecycle::changed(tx, order.id).await?;
    tx.emit("order", order.id, "pieces_refunded", lifecycle::payload(order)).await
}

async fn amount(tx: &Tx, by: By, order: &order::Model, fen: i64, why: &Why<'_>) -> Result<()> {
    if !matches!(order.status, OrderStatus::Paid | OrderStatus::InBatch) {
        return Err(not_refundable(order.status).into());
    }
    let left = left(tx, order.id).await?;
    if !(1..left).contains(&fen) {
        let most = (left - 1).max(0);
        return Err(Refusal::invalid(
            "amount",
            format!("An amount of 1 to {most} fen can go back while its pieces are made; to return everything, refund the whole order."),
            format!("商品仍将生产时可退 1 至 {most} 分；如需全部退回，请整单退款。"),
        )
        .into());
    }
    part(tx, by, order.id, fen, why).await?;
    lifecycle::changed(tx, order.id).await?;
    tx.emit("order", order.id, "amount_refunded", lifecycle::payload(order)).await
}

fn not_refundable(status: OrderStatus) -> Refusal {
    use OrderStatus::*;
    let state = sea_orm::ActiveEnum::to_value(&status);
    match status {
        InBatch => Refusal::wrong_state(
            state,
            "Its pieces are being made: give an amount back, refund those that came short, or wait for shipment and an after-sales case.",
            "商品已在生产：可退部分金额、退短缺件，或待发货后走售后流程。",
        ),
        Shipped | Received | Completed => Refusal::wrong_state(
            state,
            "It is shipped: money goes back through an after-sales case, which the buyer opens.",
            "订单已发货，退款请由买家发起售后申请。",
        ),
        DepositPaid | BalanceDue => Refusal::wrong_state(
            state,
            "Its balance is not paid yet: it can only be refunded as a whole.",
            "尾款尚未支付，只能整单退款。",
        ),
        PendingPayment | Paid | Expired | Cancelled | Forfeited | RefundPending | Refunded => Refusal::wrong_state(
            state,
            "Nothing of this order can be refunded now; load it again.",
            "该订单当前没有可退款项，请重新加载。",
        ),
    }
}
