//! Lets everything finish that was begun: the weather clears, what was held back arrives, time passes until nothing
//! is due, and people do what is theirs to do.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use entity::refund::RefundStatus;
use smallbatch::flow::payment::refund::again;
use smallbatch::wechat::pay::{self, AbnormalRefundTo, Notification};
use uuid::Uuid;

use super::sight::Sight;
use super::story::{Story, fair};
use super::world::no_fees;

/// Timers that an order and its money wait for. Others may re-arm themselves for ever.
const AWAITED: [&str; 8] = [
    "presale.open",
    "presale.close",
    "presale.judge",
    "order.lapse",
    "order.balance_lapse",
    "payment.poll",
    "refund.send",
    "refund.poll",
];
/// Leaps of the clock; a history that needs more does not come to rest.
const LEAPS: usize = 400;
/// Longer than any notification is held back.
const LATEST_NEWS: Duration = Duration::hours(2);

impl Story<'_> {
    pub async fn rest(&mut self) -> Result<(), String> {
        let standin = &self.world.test.standin;
        standin.clear_faults("");
        standin.clear_callbacks();
        standin.set_switches(no_fees());
        let mut refused = BTreeSet::new();
        let mut listened = false;
        for _ in 0..LEAPS {
            self.world.settle().await?;
            if let Some(due) = self.next_due().await {
                let now = self.world.app().clock.now();
                self.world.app().clock.advance(Ord::max(due - now, Duration::zero()) + Duration::seconds(1));
            } else if !listened {
                self.world.app().clock.advance(LATEST_NEWS);
                listened = true;
            } else if !self.tidy_up(&mut refused).await? {
                return Ok(());
            }
        }
        let (timers, events) = (self.world.timers().await, self.world.events().await);
        let timers: Vec<_> = timers.iter().map(|it| (&it.kind, it.attempts, &it.last_error)).collect();
        let events: Vec<_> = events.iter().map(|it| (&it.kind, it.attempts, &it.last_error)).collect();
        Err(format!("it does not come to rest: timers {timers:?}, events {events:?}"))
    }

    /// When the next thing is due or free that something waits for.
    async fn next_due(&self) -> Option<DateTime<Utc>> {
        let free = |due: DateTime<Utc>, held: Option<DateTime<Utc>>| held.map_or(due, |until| until.max(due));
        let timers = self.world.timers().await;
        let timers = timers.iter().filter(|timer| AWAITED.contains(&timer.kind.as_str()));
        let timers = timers.map(|timer| free(timer.due_at, timer.lease_until));
        let events = self.world.events().await;
        let events = events.iter().map(|event| free(event.available_at, event.lease_until));
        timers.chain(events).min()
    }

    /// What people and the day's bill do when nothing happens by itself any more; whether there was something.
    async fn tidy_up(&mut self, refused: &mut BTreeSet<Uuid>) -> Result<bool, String> {
        let sight = self.sight().await;
        if let Some(abnormal) = sight.booked_refunds().find(|it| it.status == pay::RefundStatus::Abnormal) {
            let (wechat, to) = (&self.world.app().wechat, &AbnormalRefundTo::MerchantBankCard);
            let account = &self.world.account;
            let sent = wechat.apply_abnormal_refund(account, &abnormal.refund_id, &abnormal.out_refund_no, to).await;
            sent.map_err(|error| format!("an abnormal refund is not sent elsewhere: {error}"))?;
            self.note_mended(pay::RefundStatus::Success);
            return Ok(true);
        }
        if let Some(news) = self.bill(&sight)? {
            self.tell(&news).await.map_err(|error| format!("what the bill shows is not taken: {error}"))?;
            return Ok(true);
        }
        let replaced = |id: Uuid| sight.refunds.iter().any(|refund| refund.replaces == Some(id));
        let closed = sight.refunds.iter().filter(|refund| refund.status == RefundStatus::Closed);
        let Some(closed) = closed.map(|refund| refund.id).find(|id| !replaced(*id) && !refused.contains(id)) else {
            return Ok(false);
        };
        let (app, desk) = (self.world.app(), &self.world.desk);
        // Refused when its money went back in another way, or stays.
        let sent = again(app, desk, &self.world.key(), closed, None).await.map(Some);
        if fair(sent)?.is_none() {
            refused.insert(closed);
        }
        Ok(true)
    }

    /// Something that no notification told of and that our side does not look for: the day's bill does.
    fn bill(&self, sight: &Sight) -> Result<Option<Notification>, String> {
        if let Some(attempt) = sight.paid_unknown_to_us().next() {
            if self.is_looked_for(attempt.order_id) {
                return Err(format!("nobody found out that attempt {} ({:?}) was paid", attempt.id, attempt.status));
            }
            return Ok(sight.payment_news(self.world, attempt));
        }
        // Nobody asks about an abnormal refund: a person settles it.
        let abnormal = sight.refunds.iter().find(|refund| refund.status == RefundStatus::Abnormal);
        Ok(abnormal.and_then(|refund| sight.refund_news(self.world, refund)))
    }
}
