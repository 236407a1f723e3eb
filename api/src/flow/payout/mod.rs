//! Paying those who are not buyers: KOCs, whom the brand did not keep its word to, and factories.
//!
//! ```text
//! commission    frozen → available → paying → paid     reversed by refunds; owing when paid too much of
//! compensation  owed → paying → paid
//! transfer      created → accepted → waiting → transferring → succeeded | failed
//!                                            → cancelling   → cancelled
//! ```
//!
//! An order names at most one earner and her share, fixed when it was placed; nobody earns on what
//! somebody else earns. Once it is received and WeChat has settled its money, whichever comes later,
//! she has earned [`rules::earned`] of what was paid and is not back with the buyer. A refund that
//! arrives later takes its share back. What was earned with an order received in one month may be paid
//! when the next month is over, in the brand's time zone.
//!
//! Finance staff start payouts, as a rule each month: everything that is available of a KOC at that
//! moment goes together, in as many merchant transfers as the limits of one ask for. The KOC confirms
//! each in WeChat within 24 hours; one that she forgets fails, and its money is available again. What
//! turns out to be paid too much, because a refund came after the payout, is taken off the next one.
//!
//! A transfer is written first and called under its own number until its outcome is known ([`drive`]);
//! it takes no new number before WeChat said that the old one came to nothing. The notification is only
//! a reason to ask: what WeChat answers then is applied ([`outcome`]).
//!
//! Factories are owed for the pieces that the brand took in, and paid by the bank, outside; a payment
//! is recorded here, never beyond what is owed.
//!
//! A buyer's compensation is paid like a commission, by transfers that she confirms.

mod cancel;
pub mod commission;
pub mod compensation;
pub mod desk;
mod drive;
pub mod factory;
pub mod graphql;
pub mod loader;
mod outcome;
pub mod pay;
pub mod query;
pub mod rules;
pub mod statement;
mod transfer;

pub use cancel::cancel;

use crate::app::App;
use crate::error::Result;
use crate::worker::{Event, Timer};

/// What was earned may be paid; the subject is the commission.
pub const AVAILABLE: &str = "commission.available";
/// Calls or asks WeChat about a transfer; the subject is the transfer.
pub const DRIVE: &str = "transfer.drive";

/// Earns, takes back, pays, and owes, as the earlier stages tell.
pub async fn on_event(app: &App, event: &Event) -> Result<()> {
    let (brand_id, id) = (event.brand_id, event.aggregate_id);
    match event.kind.as_str() {
        "order.received" | "order.settled" => commission::accrue(app, brand_id, id).await,
        "refund.succeeded" => commission::reverse(app, brand_id, event.field("order_id")?, id).await,
        "payout.requested" => pay::requested(app, brand_id, id, &event.field("request")?).await,
        "transfer.reported" => {
            let (event_id, number): (String, String) = (event.field("event_id")?, event.field("number")?);
            drive::reported(app, brand_id, &event_id, &number).await
        }
        "batch.received" => factory::accrue(app, brand_id, id).await,
        _ => Ok(()),
    }
}

/// Handles a due timer; false when it is not one of payouts.
pub async fn on_timer(app: &App, timer: &Timer) -> Result<bool> {
    match timer.kind.as_str() {
        AVAILABLE => commission::mature(app, timer.brand_id, timer.subject_id).await?,
        DRIVE => drive::drive(app, timer.brand_id, timer.subject_id).await?,
        _ => return Ok(false),
    }
    Ok(true)
}
