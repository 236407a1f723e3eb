//! Money for pieces that were paid and never made.

use entity::audit::AuditAction;
use entity::order::{self, OrderStatus};
use entity::order_line::{self, Column};
use entity::presale::Model as Presale;
use entity::refund::{self, RefundReason};
use entity::staff::StaffRole;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::request::{Why, part_as, within};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{By, Tx};
use crate::error::{Refusal, Result};
use crate::flow::order::lifecycle;
use crate::flow::order::query as orders;
use crate::flow::order::rules::price::{Due, amount_due};
use crate::flow::payment::audit;
use crate::flow::payment::query::{self, Missing};
use crate::flow::presale;
use crate::flow::presale::capacity::{self, Bound, Pieces};
use crate::people::actor::Actor;

/// Returns the money for the pieces of an order that a batch came short of. They are in no later
/// batch; the order goes on with those that were made.
pub async fn short_pieces(
    app: &App,
    actor: &Actor,
    key: &str,
    order_id: Uuid,
    why: Option<&str>,
) -> Result<Done<refund::Model>> {
    let staff = actor.staff(&[StaffRole::Finance, StaffRole::Merchandiser])?;
    let brand_id = staff.brand_id;
    let why = &text::optional("why", why, audit::MAX_WHY)?;
    let once = &Once::new(staff.id, "refundShortPieces", key, &(order_id, why))?;
    app.write(brand_id, |tx| async move {
        let id = tx.new_id();
        if let Some(id) = once.begin(&tx, &id).await? {
            return Ok(Done::replay(query::refund(tx.conn(), brand_id, id).await?));
        }
        let order = held(&tx, order_id).await?;
        must_be_in_production(&order)?;
        let missing = query::missing_pieces(tx.conn(), brand_id, order_id).await?;
        if missing.is_empty() {
            return Err(nothing_missing().into());
        }
        let why_back = RefundReason::ShortYield.into();
        let (refund, amount) = give_up(&tx, actor.by(), id, &order, &missing, &why_back).await?;
        let deed = audit::Deed::on_refund(AuditAction::ShortPiecesRefunded, &refund, why.as_deref());
        audit::note(&tx, actor.by(), audit::Deed { amount: Some(amount), ..deed }).await?;
        Ok(Done::new(refund))
    })
    .await
}

/// The order, while this transaction decides about its pieces. A release takes the presale's row too: a missing piece is
/// refunded or made, never both.
async fn held(tx: &Tx, order_id: Uuid) -> Result<order::Model> {
    let presale_id = orders::find(tx.conn(), tx.brand_id(), order_id).await?.presale_id;
    presale::service::touch(tx, presale_id).await?;
    lifecycle::touch(tx, &[order_id]).await?;
    orders::find(tx.conn(), tx.brand_id(), order_id).await
}

/// Returns the money for what is missing of an order whose presale came to nothing: no batch will make it.
pub(in crate::flow::payment) async fn return_missing(app: &App, of: &Presale, order_id: Uuid) -> Result<()> {
    app.write(of.brand_id, |tx| async move {
        let order = held(&tx, order_id).await?;
        let missing = query::missing_pieces(tx.conn(), of.brand_id, order_id).await?;
        if missing.is_empty() || must_be_in_production(&order).is_err() {
            return Ok(());
        }
        let why = Why { due_at: of.refund_due_at, ..RefundReason::ShortYield.into() };
        give_up(&tx, By::SYSTEM, tx.new_id(), &order, &missing, &why).await.map(drop)
    })
    .await
}

/// The first of its refunds, and the fen of all.
async fn give_up(
    tx: &Tx,
    by: By,
    id: Uuid,
    order: &order::Model,
    missing: &[Missing],
    why: &Why<'_>,
) -> Result<(refund::Model, i64)> {
    let terms = orders::terms(tx.conn(), order).await?;
    let mut pieces = Pieces::new();
    for line in missing {
        count_refunded(tx, line.order_line_id, line.pieces).await?;
        *pieces.entry(line.sku_id).or_default() += line.pieces;
    }
    capacity::give_back(tx, order.presale_id, order.member_id, Bound::Paid, &pieces).await?;
    let cost = amount_due(&terms, Due::Pieces(pieces.values().sum()), order.reached_pieces);
    // Some of it may have gone back before, as agreed with the buyer.
    let amount = within(tx, order.id, cost).await?;
    let refunds = part_as(tx, by, id, order.id, amount, why).await?;
    tx.emit("order", order.id, "pieces_refunded", lifecycle::payload(order)).await?;
    refunds.into_iter().next().map(|refund| (refund, amount)).ok_or_else(|| nothing_missing().into())
}

/// Counts pieces of a line as refunded that will not be made.
pub(super) async fn count_refunded(tx: &Tx, line_id: Uuid, pieces: i32) -> Result<()> {
    let counted = order_line::Entity::update_many()
        .col_expr(Column::Refunded, Expr::col(Column::Refunded).add(pieces))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(line_id))
        .filter(
            Expr::col(Column::Refunded).add(Expr::col(Column::Returned)).add(pieces).lte(Expr::col(Column::Quantity)),
        )
        .exec(tx.conn())
        .await?;
    if counted.rows_affected == 1 {
        return Ok(());
    }
    Err(anyhow::anyhow!("line {line_id} has fewer than {pieces} pieces left").into())
}

fn must_be_in_production(order: &order::Model) -> Result<(), Refusal> {
    if matches!(order.status, OrderStatus::InBatch | OrderStatus::Shipped | OrderStatus::Received) {
        return Ok(());
    }
    let state = order.status.to_value();
    Err(Refusal::wrong_state(
        state.clone(),
        format!("An order that is {state} has no pieces that production came short of; a paid one is cancelled whole."),
        format!("订单当前状态为 {state}，没有生产短缺的商品；已付款未投产的订单请整单取消。"),
    ))
}

fn nothing_missing() -> Refusal {
    Refusal::invalid(
        "orderId",
        "Every piece of this order is made or in a batch, or was refunded before; there is nothing to refund.",
        "该订单的商品均已生产、在生产中或已退款，无需退款。",
    )
}
