//! Money that comes past our own API, as nobody could send it unless something went wrong before.

use chrono::Duration;
use entity::payment_attempt::{self, PaymentAttemptStatus};
use sea_orm::{ActiveModelTrait, Set};
use smallbatch::flow::payment::notification;
use smallbatch::wechat::pay::Prepay;
use smallbatch::wechat::standin::{Fault, FaultKind};
use uuid::Uuid;

use super::reached::Kind;
use super::script::{Call, Nth};
use super::story::{Story, fair, nth};

impl Story<'_> {
    /// A leg is paid under a number that our side gave up: as after restoring a backup, or when WeChat broke its
    /// word about a close.
    pub async fn pay_astray(&mut self, order: Nth, leg: Nth) -> Result<(), String> {
        let Some((order_id, buyer)) = self.nth_order(order) else { return Ok(()) };
        let sight = self.sight().await;
        let legs: Vec<_> = sight.legs.iter().filter(|leg| leg.order_id == order_id).collect();
        let Some(leg) = nth(&legs, leg) else { return Ok(()) };
        let (app, now) = (self.world.app(), self.world.app().clock.now());
        let id = app.ids.next();
        let attempt = payment_attempt::ActiveModel {
            brand_id: Set(leg.brand_id),
            id: Set(id),
            leg_id: Set(leg.id),
            order_id: Set(order_id),
            out_trade_no: Set(id.simple().to_string()),
            amount: Set(leg.amount),
            status: Set(PaymentAttemptStatus::Closed),
            prepay_id: Set(None),
            prepay_expires_at: Set(None),
            expires_at: Set(now + Duration::minutes(30)),
            refunded: Set(0),
            transaction_id: Set(None),
            paid_at: Set(None),
            settles: Set(false),
            created_at: Set(now),
        };
        let attempt = attempt.insert(app.db.read()).await.map_err(|error| format!("an attempt: {error}"))?;
        self.strayed.insert(order_id);
        self.pay_directly(&attempt, buyer).await;
        Ok(())
    }

    /// WeChat makes an order payable, we never learn it, and the buyer pays all the same: she is told of by a
    /// notification before anything of it is written here.
    pub async fn pay_unstored(&mut self, n: Nth) -> Result<(), String> {
        let Some((order_id, buyer)) = self.nth_order(n) else { return Ok(()) };
        let standin = &self.world.test.standin;
        standin.clear_faults(Call::Prepay.path());
        let lost = Fault { kind: FaultKind::Reset, applied: true, times: 2 };
        standin.set_fault(Call::Prepay.path(), lost);
        let ready = super::deed::Ready::Prepay(order_id, buyer);
        let given = self.go(&ready, &self.world.key()).await;
        standin.clear_faults(Call::Prepay.path());
        let given = fair(given)?;
        if given.is_some() {
            self.confirm_in_wechat(given);
            return Ok(());
        }
        let sight = self.sight().await;
        let created = |it: &&payment_attempt::Model| it.status == PaymentAttemptStatus::Created;
        let created = sight.attempts_of(order_id).find(created).filter(|it| sight.booked(it).is_some());
        if let Some(attempt) = created
            && self.pay_directly(attempt, buyer).await
        {
            self.reached.note(Kind::PaidBeforeOurCommit);
        }
        Ok(())
    }

    /// Whether our side looks by itself for money of an order: it does not know of what was paid astray.
    pub fn is_looked_for(&self, order_id: Uuid) -> bool {
        !self.strayed.contains(&order_id)
    }

    /// Repeats the order at WeChat just as our side makes it, and pays it; whether WeChat took the money.
    async fn pay_directly(&self, attempt: &payment_attempt::Model, buyer: usize) -> bool {
        let (wechat, account) = (&self.world.app().wechat, &self.world.account);
        let openid = &self.world.buyers[buyer].openid;
        let prepay = Prepay {
            out_trade_no: attempt.out_trade_no.clone(),
            description: self.presale.title.clone(),
            amount_fen: attempt.amount,
            openid: openid.clone(),
            time_expire: attempt.expires_at,
            notify_url: notification::url(self.world.app(), account),
            attach: None,
            client_ip: None,
        };
        // The weather is for this call too.
        let Ok(prepay_id) = wechat.prepay(account, &prepay).await else { return false };
        let Ok(params) = wechat.pay_params(account, &prepay_id) else { return false };
        self.world.test.standin.pay(&params, openid).is_ok()
    }
}
