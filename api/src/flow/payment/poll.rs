//! Asking about open attempts, because a notification may be late or lost.

use uuid::Uuid;

use super::settle::{Settled, ask};
use super::{query, rules, timers};
use crate::app::App;
use crate::error::Result;
use crate::people::wechat::account;

/// Timer `payment.poll`.
pub(super) async fn poll(app: &App, brand_id: Uuid, attempt_id: Uuid) -> Result<()> {
    let attempt = query::attempt(app.db.read(), brand_id, attempt_id).await?;
    if !query::OPEN.contains(&attempt.status) {
        return Ok(());
    }
    let account = account(app, brand_id).await?;
    if ask(app, &account, &attempt.out_trade_no).await? != Settled::Unpaid {
        return Ok(());
    }
    let prepaid_at = attempt.prepay_expires_at.map_or(attempt.created_at, |end| end - rules::PREPAY_LIFE);
    let Some(next) = rules::next_poll(prepaid_at, app.clock.now()) else { return Ok(()) };
    app.write(brand_id, |tx| async move { tx.set_timer(timers::POLL, attempt_id, next).await }).await
}
