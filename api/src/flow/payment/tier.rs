//! The lower price of a tier, for those who paid all of it at once.

use entity::presale;
use entity::refund::RefundReason;
use uuid::Uuid;

use super::refund;
use crate::app::App;
use crate::base::tx::By;
use crate::error::Result;
use crate::flow::order::rules::price::{Due, amount_due};
use crate::flow::order::{lifecycle, query};

/// Refunds what a paid order cost more than the tier that its presale reached. Once: the order says which
/// tier was applied to it.
pub(super) async fn refund_difference(app: &App, presale: &presale::Model, order_id: Uuid) -> Result<()> {
    let Some(reached) = presale.reached_pieces else { return Ok(()) };
    app.write(presale.brand_id, |tx| async move {
        if !lifecycle::tier_applied(&tx, order_id, reached).await? {
            return Ok(());
        }
        let order = query::find(tx.conn(), tx.brand_id(), order_id).await?;
        let terms = query::terms(tx.conn(), &order).await?;
        // Pieces that went back before were given back at the price that was shown.
        let owed = amount_due(&terms, Due::Difference, order.reached_pieces);
        let amount = refund::within(&tx, order_id, owed).await?;
        if amount > 0 {
            refund::part(&tx, By::SYSTEM, order_id, amount, &RefundReason::PriceTier.into()).await?;
            tx.emit("order", order_id, "amount_refunded", lifecycle::payload(&order)).await?;
        }
        Ok(())
    })
    .await
}
