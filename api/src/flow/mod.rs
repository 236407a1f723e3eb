//! What happens, one room a stage, in the order of the flow. Calls go backwards along it only; news
//! goes forward as outbox events, handed out here.

pub mod community;

use crate::app::App;
use crate::error::Result;
use crate::people;
use crate::worker::{Event, Timer};

/// Hands an event to the stages that care. Each handler tolerates repeats.
pub async fn on_event(app: &App, event: &Event) -> Result<()> {
    people::on_event(app, event).await
}

/// Hands a due timer to its stage.
pub async fn on_timer(app: &App, timer: &Timer) -> Result<()> {
    if let Some(outcome) = people::on_timer(app, timer).await {
        return outcome;
    }
    match timer.kind.as_str() {
        other => Err(anyhow::anyhow!("no stage knows the timer “{other}”").into()),
    }
}
