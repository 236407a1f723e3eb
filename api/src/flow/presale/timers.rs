//! What happens to presales by itself.

use entity::presale;
use uuid::Uuid;

use super::service;
use crate::app::App;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::worker::{Event, Timer};

pub const OPEN: &str = "presale.open";
pub const CLOSE: &str = "presale.close";
pub const JUDGE: &str = "presale.judge";

/// Sets or moves the timers of the window.
pub(super) async fn set_window(tx: &Tx, presale: &presale::Model) -> Result<()> {
    tx.set_timer(OPEN, presale.id, presale.opens_at).await?;
    tx.set_timer(CLOSE, presale.id, presale.closes_at).await
}

/// Handles a due timer; false when it is not one of presales.
pub async fn on_timer(app: &App, timer: &Timer) -> Result<bool> {
    let (brand_id, id) = (timer.brand_id, timer.subject_id);
    match timer.kind.as_str() {
        OPEN => service::open_when_due(app, brand_id, id).await?,
        CLOSE => service::close_when_due(app, brand_id, id).await?,
        JUDGE => service::judge_when_due(app, brand_id, id).await?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Looks at the presale of an event that ended a hold (`presale_id` of its payload).
pub async fn on_hold_ended(app: &App, event: &Event) -> Result<()> {
    match event.payload["presale_id"].as_str().and_then(|id| id.parse::<Uuid>().ok()) {
        Some(id) => service::judge_when_due(app, event.brand_id, id).await,
        None => Err(anyhow::anyhow!("event {} names no presale", event.id).into()),
    }
}
