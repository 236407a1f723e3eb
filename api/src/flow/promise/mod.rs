//! The ship-by date is moved, and each buyer is asked: accept the new one, or have the money back.
//!
//! ```text
//! question  asked → accepted | refused | overtaken
//! ```
//!
//! What was promised at purchase is never edited. A change sets the date for those who order from then on and
//! puts a question to everyone who ordered before and still waits; a buyer whose pieces are being made may
//! leave too, until one of them has left the factory. What it means when she does not answer is part of the
//! change, and shown to her: the old promise stands and she may still leave, or her money goes back.
//!
//! Stands after the stages whose orders it asks about, since a buyer may leave anywhere between payment and
//! parcel.

pub mod graphql;
pub mod loader;
pub mod query;
pub mod rules;
pub mod service;

use crate::app::App;
use crate::error::Result;
use crate::worker::{Event, Timer};

/// Timer of a change: the time to answer is over.
pub const ANSWER_DUE: &str = "promise.answer_due";
/// Timer of a change: those who have not answered are reminded.
pub const REMIND: &str = "promise.remind";

/// Asks the buyers of a changed presale, and those who pay for an older promise; ends what is not to be asked
/// any more.
pub async fn on_event(app: &App, event: &Event) -> Result<()> {
    let (brand_id, id) = (event.brand_id, event.aggregate_id);
    match event.kind.as_str() {
        "presale.promise_changed" | "presale.promise_questions_due" => service::ask::everyone(app, brand_id, id).await,
        "order.paid" | "order.deposit_paid" => {
            service::ask::newcomer(app, brand_id, event.field("presale_id")?, id).await
        }
        "order.shipped" | "order.refund_started" | "order.forfeited" => {
            service::ask::overtaken(app, brand_id, id).await
        }
        _ => Ok(()),
    }
}

/// Handles a due timer; false when it is not one of promises.
pub async fn on_timer(app: &App, timer: &Timer) -> Result<bool> {
    match timer.kind.as_str() {
        ANSWER_DUE => service::silence::refund(app, timer.brand_id, timer.subject_id).await?,
        REMIND => service::silence::remind(app, timer.brand_id, timer.subject_id).await?,
        _ => return Ok(false),
    }
    Ok(true)
}
