//! What the worker hands to this stage.

use entity::consent::ConsentKind;

use super::{security, service};
use crate::app::App;
use crate::error::Result;
use crate::worker::Event;

/// Hears of submissions to be checked and of consents taken back. Repeats change nothing.
pub async fn on_event(app: &App, event: &Event) -> Result<()> {
    match event.kind.as_str() {
        "tryon.submitted" | "tryon.check_failed" => security::ask(app, event.brand_id, event.aggregate_id).await,
        "member.consent_withdrawn" => {
            let kind: ConsentKind = serde_json::from_value(event.payload["kind"].clone())
                .map_err(|error| anyhow::anyhow!("an unknown kind of consent: {error}"))?;
            service::consent_withdrawn(app, event.brand_id, event.aggregate_id, kind).await
        }
        _ => Ok(()),
    }
}
