//! Telling members about what they showed interest in, and about what waits for them.
//!
//! When a presale opens, those who picked its design get an inbox message each, except for the
//! brand's hold-out share, which measures what telling does. A buyer is told of a balance to pay and of
//! a later date to answer, whoever is paid of a transfer to confirm. Whoever granted a subscribe message
//! gets one besides: a grant is spent in the transaction that marks the message as being sent, so that a
//! crash loses a message rather than sending it twice.
//!
//! ```text
//! message  none | pending → sending → sent | refused | failed | unknown
//!                 pending ← sending                       (WeChat did nothing; the grant is given back)
//!                 pending → none                          (it is not so any more, or no grant is left)
//! ```

mod announce;
mod facts;
pub mod grant;
mod inbox;
mod message;
pub mod query;
pub mod rules;
mod send;

pub use message::send as send_message;
pub use send::send_pending;

use crate::app::App;
use crate::error::Result;
use crate::worker::{Event, Timer};

/// Sends the pending subscribe messages of a presale; its subject is the presale.
pub const SEND_TIMER: &str = "presale.notify";
/// Sends the subscribe message that goes with an inbox message; its subject is the inbox message.
pub const MESSAGE_TIMER: &str = "message.send";

/// Hears what happened along the flow. Repeats change nothing.
pub async fn on_event(app: &App, event: &Event) -> Result<()> {
    match event.kind.as_str() {
        "order.balance_due" => {
            let title = "预售已成团，请支付尾款";
            inbox::tell_of_balance(app, event.brand_id, event.aggregate_id, event.id, title).await
        }
        "transfer.waiting" => inbox::tell_of_transfer(app, event).await,
        "promise_question.asked" => inbox::tell_of_promise(app, event, "发货时间有变，请确认").await,
        "promise_question.unanswered" => inbox::tell_of_promise(app, event, "请确认新的发货时间").await,
        "presale.opened" => announce::presale_opened(app, event.brand_id, event.aggregate_id).await,
        kind => match inbox::of_tryon(kind) {
            Some(words) => inbox::tell_koc(app, event, words).await,
            None => Ok(()),
        },
    }
}

/// Timer `order.balance_reminder`: a balance that is not paid is asked for once more. The message has the
/// timer's id: an order has one reminder.
pub async fn remind_of_balance(app: &App, timer: &Timer) -> Result<()> {
    inbox::tell_of_balance(app, timer.brand_id, timer.subject_id, timer.id, "尾款即将到期").await
}
