//! What happens, one room a stage, in the order of the flow. Calls go backwards along it only; news
//! goes forward as outbox events, handed out here.

pub mod community;
pub mod design;
pub mod round;
pub mod tryon;
pub mod presale;
pub mod order;
pub mod payment;
pub mod batch;
pub mod delivery;
pub mod payout;
pub mod promise;

use crate::app::App;
use crate::error::Result;
use crate::growth::notify;
use crate::people;
use crate::provider;
use crate::worker::{Event, Timer};

/// Hands an event to those who care. Each handler tolerates repeats.
pub async fn on_event(app: &App, event: &Event) -> Result<()> {
    people::on_event(app, event).await?;
    provider::on_event(app, event).await?;
    tryon::events::on_event(app, event).await?;
    payment::timers::on_event(app, event).await?;
    match event.kind.as_str() {
        "order.paid" | "order.deposit_paid" | "order.expired" | "order.cancelled" => {
            presale::timers::on_hold_ended(app, event).await?
        }
        "order.pieces_refunded" | "order.shipped" | "parcel.shipped" | "parcel.corrected" => {
            delivery::on_event(app, event).await?
        }
        kind if kind.starts_with("batch.") => {
            batch::on_event(app, event).await?;
            delivery::on_event(app, event).await?;
        }
        _ => {}
    }
    payout::on_event(app, event).await?;
    promise::on_event(app, event).await?;
    notify::on_event(app, event).await
}

/// Hands a due timer to its stage.
pub async fn on_timer(app: &App, timer: &Timer) -> Result<()> {
    match timer.kind.as_str() {
        people::privacy::SHRED_TIMER => people::privacy::shred(app, timer.brand_id, timer.subject_id).await,
        round::service::OPEN_TIMER => round::service::on_open_due(app, timer.brand_id, timer.subject_id).await,
        round::service::CLOSE_TIMER => round::service::on_close_due(app, timer.brand_id, timer.subject_id).await,
        tryon::VERDICT_TIMER => tryon::security::on_timeout(app, timer.brand_id, timer.subject_id).await,
        notify::SEND_TIMER => notify::send_pending(app, timer.brand_id, timer.subject_id).await,
        notify::MESSAGE_TIMER => notify::send_message(app, timer.brand_id, timer.subject_id).await,
        order::BALANCE_REMINDER => notify::remind_of_balance(app, timer).await,
        batch::LEASE_LAPSE => batch::on_lease_lapse(app, timer).await,
        delivery::RECEIPT => delivery::on_receipt_due(app, timer).await,
        delivery::COMPLETE => delivery::on_complete_due(app, timer).await,
        delivery::shipping::UPLOAD => delivery::shipping::upload(app, timer.brand_id, timer.subject_id).await,
        delivery::shipping::POLL => delivery::shipping::poll(app, timer.brand_id, timer.subject_id).await,
        _ if presale::timers::on_timer(app, timer).await? => Ok(()),
        _ if payment::timers::on_timer(app, timer).await? => Ok(()),
        _ if payout::on_timer(app, timer).await? => Ok(()),
        _ if promise::on_timer(app, timer).await? => Ok(()),
        other => Err(anyhow::anyhow!("no stage knows the timer “{other}”").into()),
    }
}
