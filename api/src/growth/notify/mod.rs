//! Telling members about what they showed interest in.
//!
//! When a presale opens, those who picked its design get an inbox message each, except for the
//! brand's hold-out share, which measures what telling does. Whoever granted a subscribe message gets
//! one besides: a grant is spent in the transaction that marks the message as being sent, so that a
//! crash loses a message rather than sending it twice.
//!
//! ```text
//! message  none | pending → sending → sent | refused | failed | unknown
//!                 pending ← sending                       (WeChat did nothing; the grant is given back)
//!                 pending → none                          (the presale closed, or no grant is left)
//! ```

mod announce;
pub mod grant;
mod inbox;
pub mod query;
pub mod rules;
mod send;

pub use send::send_pending;

use crate::app::App;
use crate::error::Result;
use crate::worker::Event;

/// Sends the pending subscribe messages of a presale; its subject is the presale.
pub const SEND_TIMER: &str = "presale.notify";

/// Hears what happened along the flow. Repeats change nothing.
pub async fn on_event(app: &App, event: &Event) -> Result<()> {
    match event.kind.as_str() {
        "presale.opened" => announce::presale_opened(app, event.brand_id, event.aggregate_id).await,
        kind => match inbox::of_tryon(kind) {
            Some(words) => inbox::tell_koc(app, event, words).await,
            None => Ok(()),
        },
    }
}
