//! What happens, one room a stage, in the order of the flow. Calls go backwards along it only; news
//! goes forward as outbox events, handed out here.

pub mod batch;
pub mod community;
pub mod delivery;
pub mod design;
pub mod order;
pub mod presale;
pub mod round;

use crate::app::App;
use crate::error::Result;
use crate::worker::{Event, Timer};

/// Hands an event to the stages that care. Each handler tolerates repeats.
pub async fn on_event(app: &App, event: &Event) -> Result<()> {
    match event.kind.as_str() {
        "order.paid" | "order.expired" | "order.cancelled" => presale::timers::on_hold_ended(app, event).await?,
        kind if kind.starts_with("batch.") => {
            batch::on_event(app, event).await?;
            delivery::on_event(app, event).await?;
        }
        _ => {}
    }
    Ok(())
}

/// Hands a due timer to its stage.
pub async fn on_timer(app: &App, timer: &Timer) -> Result<()> {
    if presale::timers::on_timer(app, timer).await? {
        return Ok(());
    }
    match timer.kind.as_str() {
        round::service::OPEN_TIMER => round::service::on_open_due(app, timer.brand_id, timer.subject_id).await,
        round::service::CLOSE_TIMER => round::service::on_close_due(app, timer.brand_id, timer.subject_id).await,
        batch::LEASE_LAPSE => batch::on_lease_lapse(app, timer).await,
        delivery::RECEIPT => delivery::on_receipt_due(app, timer).await,
        delivery::COMPLETE => delivery::on_complete_due(app, timer).await,
        other => Err(anyhow::anyhow!("no stage knows the timer “{other}”").into()),
    }
}
