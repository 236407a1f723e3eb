//! What happens, one room a stage, in the order of the flow. Calls go backwards along it only; news
//! goes forward as outbox events, handed out here.

pub mod community;
pub mod order;
pub mod payment;
pub mod presale;

use crate::app::App;
use crate::error::Result;
use crate::worker::{Event, Timer};

/// Hands an event to the stages that care. Each handler tolerates repeats.
pub async fn on_event(app: &App, event: &Event) -> Result<()> {
    match event.kind.as_str() {
        "order.paid" | "order.expired" | "order.cancelled" => presale::timers::on_hold_ended(app, event).await?,
        _ => {}
    }
    payment::timers::on_event(app, event).await
}

/// Hands a due timer to its stage.
pub async fn on_timer(app: &App, timer: &Timer) -> Result<()> {
    if presale::timers::on_timer(app, timer).await? || payment::timers::on_timer(app, timer).await? {
        return Ok(());
    }
    Err(anyhow::anyhow!("no stage knows the timer “{}”", timer.kind).into())
}
