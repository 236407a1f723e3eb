//! What happens to payments by itself.

use super::{balance, declare, lapse, mass, poll, reconcile, refund};
use crate::app::App;
use crate::error::Result;
use crate::flow::order;
use crate::worker::{Event, Timer};

/// Asks WeChat about an open attempt; the subject is the attempt.
pub const POLL: &str = "payment.poll";
/// Sends a refund; the subject is the refund.
pub const REFUND_SEND: &str = "refund.send";
/// Asks WeChat about a refund on its way; the subject is the refund.
pub const REFUND_POLL: &str = "refund.poll";
/// Opens the days whose bills are there; the subject is the brand.
pub const BILLS_DUE: &str = "bills.due";
/// Holds a day's bills against our rows; the subject is the reconciliation.
pub const RECONCILE: &str = "bills.reconcile";

/// Handles a due timer; false when it is not one of payments.
pub async fn on_timer(app: &App, timer: &Timer) -> Result<bool> {
    let (brand_id, id) = (timer.brand_id, timer.subject_id);
    match timer.kind.as_str() {
        order::LAPSE => lapse::lapse(app, brand_id, id).await?,
        order::BALANCE_LAPSE => balance::lapse(app, brand_id, id).await?,
        POLL => poll::poll(app, brand_id, id).await?,
        REFUND_SEND => refund::send(app, brand_id, id).await?,
        REFUND_POLL => refund::poll(app, brand_id, id).await?,
        BILLS_DUE => reconcile::open_days(app, brand_id).await?,
        RECONCILE => reconcile::reconcile(app, brand_id, id).await?,
        declare::DECLARE => declare::send(app, brand_id, id).await?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Returns the money when a presale came to nothing; asks for balances when it succeeded; declares what was paid for
/// goods that come late; reads the bills of a brand from its first day on.
pub async fn on_event(app: &App, event: &Event) -> Result<()> {
    match event.kind.as_str() {
        "presale.failed" | "presale.cancelled" | "presale.withdrawn" | "presale.refunds_due" => {
            mass::refund_presale(app, event.brand_id, event.aggregate_id).await
        }
        "presale.missing_due" => mass::return_missing(app, event.brand_id, event.aggregate_id).await,
        "batch.shipped" => mass::came_short(app, event.brand_id, event.aggregate_id).await,
        "presale.succeeded" | "presale.balances_due" | "presale.differences_due" => {
            mass::succeeded(app, event.brand_id, event.aggregate_id).await
        }
        // Paid, or free of its batch again, after the presale's own round was through.
        "order.paid" | "order.deposit_paid" | "order.balance_paid" | "order.unbatched" => {
            let order = order::query::find(app.db.read(), event.brand_id, event.aggregate_id).await?;
            declare::begin(app, &order).await?;
            mass::straggler(app, &order).await
        }
        "order.promise_agreed" => {
            let order = order::query::find(app.db.read(), event.brand_id, event.aggregate_id).await?;
            declare::begin(app, &order).await
        }
        "brand.connected" => reconcile::begin(app, event.brand_id).await,
        _ => Ok(()),
    }
}
