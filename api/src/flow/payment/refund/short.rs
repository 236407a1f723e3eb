//! Money for pieces that were paid and never made.

use entity::audit::AuditAction;
use entity::order::{self, OrderStatus};
use entity::order_line::{self, Column};
use entity::refund::{self, RefundReason};
use entity::staff::StaffRole;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::request::{part_as, within};
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
        let presale_id = orders::find(tx.conn(), brand_id, order_id).await?.presale_id;
        // A release takes the presale's row too: a missing piece is refunded or made, never both.
        presale::service::touch(&tx, presale_id).await?;
        lifecycle::touch(&tx, &[order_id]).await?;
        let order = orders::find(tx.conn(), brand_id, order_id).await?;
        must_be_in_production(&order)?;
        let missing = query::missing_pieces(tx.conn(), brand_id, order_id).await?;
        if missing.is_empty() {
            return Err(nothing_missing().into());
        }
        let refund = give_up(&tx, actor.by(), id, &order, &missing).await?;
        let deed = audit::Deed::on_refund(AuditAction::ShortPiecesRefunded, &refund, why.as_deref());
        audit::note(&tx, actor.by(), deed).await?;
        tx.emit("order", order_id, "pieces_refunded", lifecycle::payload(&order)).await?;
        Ok(Done::new(refund))
    })
    .await
}

async fn give_up(tx: &Tx, by: By, id: Uuid, order: &order::Model, missing: &[Missing]) -> Result<refund::Model> {
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
    let refunds = part_as(tx, by, id, order.id, amount, &RefundReason::ShortYield.into()).await?;
    refunds.into_iter().next().ok_or_else(|| nothing_missing().into())
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
