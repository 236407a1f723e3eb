//! What happens, one room a stage, in the order of the flow. Calls go backwards along it only; news
//! goes forward as outbox events, handed out here.

pub mod community;
pub mod design;
pub mod tryon;

use crate::app::App;
use crate::error::Result;
use crate::worker::{Event, Timer};

/// Hands an event to the stages that care. Each handler tolerates repeats.
pub async fn on_event(_app: &App, _event: &Event) -> Result<()> {
    Ok(())
}

/// Hands a due timer to its stage.
pub async fn on_timer(_app: &App, timer: &Timer) -> Result<()> {
    match timer.kind.as_str() {
        other => Err(anyhow::anyhow!("no stage knows the timer “{other}”").into()),
    }
}
