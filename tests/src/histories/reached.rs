//! Which of the states that are hard to get into were got into, so that a generator that misses one is found.

use std::collections::BTreeMap;
use std::fmt;

use entity::order::OrderStatus;
use entity::payment_attempt::{self, PaymentAttemptStatus};
use entity::presale::PresaleStatus;
use entity::refund::{self, RefundReason, RefundStatus};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use smallbatch::wechat::pay::{self, TradeState};
use uuid::Uuid;

use super::deed::Ready;
use super::sight::Sight;
use super::story::Story;

macro_rules! kinds {
    ($($name:ident $words:literal,)*) => {
        /// Something worth getting into.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $($name),* }

        impl Kind {
            pub const ALL: &[Kind] = &[$(Kind::$name),*];

            fn words(self) -> &'static str {
                match self { $(Kind::$name => $words),* }
            }
        }
    };
}

kinds! {
    Paid "an order paid and kept",
    BalancePaid "a balance paid",
    Expired "a hold that lapsed",
    CancelledUnpaid "cancelled before it was paid",
    CancelledPaid "cancelled after it was paid",
    Succeeded "a presale that succeeded",
    Failed "a presale that failed",
    CalledOff "a presale called off before its verdict",
    Withdrawn "a presale withdrawn after it had succeeded",
    LatePayment "a late payment refunded by itself",
    SecondPayment "a second payment of one leg",
    FoundByAsking "a payment found by asking, no notification having come",
    PaidBeforeOurCommit "a payment told before its prepay was written",
    RefundBeforeOurCommit "a refund told before WeChat's answer to it was written",
    UnknownOutcome "a refund repeated after a try of unknown outcome",
    Abnormal "a refund that became abnormal",
    AbnormalMended "an abnormal refund that reached its buyer in the end",
    Closed "a refund that WeChat closed",
    ClosedReplaced "a closed refund replaced by another",
    Forfeited "a deposit forfeited",
    PrepaymentReturned "a prepayment returned, its balance unpaid",
    DepositDoubled "a deposit owed double",
    TierDifference "a tier's difference refunded",
    PiecesRefunded "some pieces refunded",
    AmountRefunded "an amount refunded",
    Interest "interest owed on a late refund",
    AtTheSameTime "two at the same time",
    CrashInPlace "a crash in placing an order",
    CrashInPrepay "a crash between WeChat's prepay and its writing",
    CrashInClose "a crash between WeChat's close and its writing",
    CrashInSettle "a crash in settling what was paid",
    CrashInRefundSend "a crash between WeChat's refund and its writing",
    CrashBeforeRefundSend "a crash before WeChat heard of a refund",
    CrashInMassRefund "a crash in refunding a presale",
    CrashInBalances "a crash in what follows a success",
    CrashInGivingBack "a crash of a person's refund",
}

/// How many histories got into each.
#[derive(Clone, Debug, Default)]
pub struct Reached(BTreeMap<Kind, usize>);

impl Reached {
    pub fn note(&mut self, kind: Kind) {
        self.0.insert(kind, 1);
    }

    fn note_if(&mut self, kind: Kind, is_so: bool) {
        if is_so {
            self.note(kind);
        }
    }

    pub fn add(&mut self, other: &Reached) {
        for (kind, times) in &other.0 {
            *self.0.entry(*kind).or_default() += times;
        }
    }

    /// Kinds that nothing got into.
    pub fn missing(&self) -> Vec<&'static str> {
        Kind::ALL.iter().filter(|kind| !self.0.contains_key(kind)).map(|kind| kind.words()).collect()
    }
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for kind in Kind::ALL {
            writeln!(f, "{:>7}  {}", self.0.get(kind).copied().unwrap_or_default(), kind.words())?;
        }
        Ok(())
    }
}

impl Story<'_> {
    /// What a crash left behind, when that says where it was.
    pub async fn note_crash(&mut self, deed: &Ready) {
        let sight = self.sight().await;
        let unknown = sight.paid_unknown_to_us().next().is_some();
        match deed {
            Ready::Place(..) => self.reached.note(Kind::CrashInPlace),
            Ready::Prepay(order_id, _) => {
                let created = |it: &&payment_attempt::Model| it.status == PaymentAttemptStatus::Created;
                let lost = sight.attempts_of(*order_id).filter(created).any(|it| sight.booked(it).is_some());
                self.reached.note_if(Kind::CrashInPrepay, lost);
            }
            Ready::Cancel(..) => self.reached.note_if(Kind::CrashInClose, closed_unknown_to_us(&sight)),
            Ready::Confirm(..) | Ready::Tell(_) => self.reached.note_if(Kind::CrashInSettle, unknown),
            Ready::GiveBack(..) => self.reached.note(Kind::CrashInGivingBack),
            Ready::Work => self.note_crash_of_worker(&sight).await,
            Ready::ClosePresale | Ready::CancelPresale | Ready::Retry(_) => {}
        }
    }

    async fn note_crash_of_worker(&mut self, sight: &Sight) {
        for timer in self.world.timers().await.into_iter().filter(|timer| timer.lease_until.is_some()) {
            let refund = sight.refunds.iter().find(|refund| refund.id == timer.subject_id);
            let pending = refund.filter(|refund| refund.status == RefundStatus::Pending);
            match (timer.kind.as_str(), pending) {
                ("refund.send", Some(refund)) => {
                    let taken = sight.booked_refund(refund).is_some();
                    self.reached.note(if taken { Kind::CrashInRefundSend } else { Kind::CrashBeforeRefundSend });
                }
                ("order.lapse" | "order.balance_lapse", _) => {
                    self.reached.note_if(Kind::CrashInClose, closed_unknown_to_us(sight));
                }
                ("payment.poll", _) => {
                    let unknown = |it: &payment_attempt::Model| it.id == timer.subject_id;
                    self.reached.note_if(Kind::CrashInSettle, sight.paid_unknown_to_us().any(unknown));
                }
                _ => {}
            }
        }
        for event in self.world.events().await.into_iter().filter(|event| event.lease_until.is_some()) {
            match event.kind.as_str() {
                "presale.failed" | "presale.cancelled" | "presale.withdrawn" | "presale.refunds_due" => {
                    self.reached.note(Kind::CrashInMassRefund);
                }
                "presale.succeeded" | "presale.balances_due" | "presale.differences_due" => {
                    self.reached.note(Kind::CrashInBalances);
                }
                _ => {}
            }
        }
    }

    /// What is seen on the way, after each step: it may be over in the end.
    pub async fn note_on_the_way(&mut self) {
        let open = refund::Entity::find()
            .filter(refund::Column::BrandId.eq(self.world.brand_id))
            .filter(refund::Column::Status.is_in([RefundStatus::Pending, RefundStatus::Abnormal]));
        for refund in open.all(self.world.app().db.read()).await.expect("refunds read") {
            self.reached.note_if(Kind::Abnormal, refund.status == RefundStatus::Abnormal);
            if refund.status == RefundStatus::Pending && refund.attempts > 0 {
                let books = self.world.test.standin.books(&self.world.account.mchid);
                let taken = books.refunds.iter().any(|it| it.out_refund_no == refund.out_refund_no);
                self.reached.note_if(Kind::UnknownOutcome, taken);
            }
        }
    }

    /// What the rows show in the end; `told` are the numbers that notifications came about, `answered` the refunds
    /// of which an answer of WeChat was written before their end.
    pub fn note_in_the_end(&mut self, sight: &Sight, told: &[String], answered: &[Uuid]) {
        self.note_orders(sight, told);
        let reached = &mut self.reached;
        let presale = &sight.presale;
        let withdrawn = presale.status == PresaleStatus::Cancelled && presale.reached_pieces.is_some();
        reached.note_if(Kind::Succeeded, presale.status == PresaleStatus::Succeeded);
        reached.note_if(Kind::Failed, presale.status == PresaleStatus::Failed);
        reached.note_if(Kind::CalledOff, presale.status == PresaleStatus::Cancelled && !withdrawn);
        reached.note_if(Kind::Withdrawn, withdrawn);
        reached.note_if(Kind::DepositDoubled, sight.doubled().next().is_some());
        for refund in &sight.refunds {
            let done = refund.status == RefundStatus::Succeeded;
            reached.note_if(Kind::LatePayment, done && refund.reason == RefundReason::LatePayment);
            reached.note_if(Kind::PrepaymentReturned, done && refund.reason == RefundReason::BalanceUnpaid);
            reached.note_if(Kind::TierDifference, done && refund.reason == RefundReason::PriceTier);
            reached.note_if(Kind::CancelledPaid, refund.reason == RefundReason::Cancelled);
            reached.note_if(Kind::Closed, refund.status == RefundStatus::Closed);
            reached.note_if(Kind::ClosedReplaced, done && refund.replaces.is_some());
            reached.note_if(Kind::Interest, refund.interest > 0);
            reached.note_if(Kind::RefundBeforeOurCommit, done && !answered.contains(&refund.id));
        }
    }

    fn note_orders(&mut self, sight: &Sight, told: &[String]) {
        let reached = &mut self.reached;
        for order in &sight.orders {
            let pieces = sight.lines_of(order.id).any(|line| line.refunded > 0 && line.refunded <= line.quantity);
            let paid = order.status == OrderStatus::Paid;
            let agreed = sight.refunds_of(order.id).any(|refund| refund.reason == RefundReason::Agreed);
            reached.note_if(Kind::Paid, paid);
            reached.note_if(Kind::BalancePaid, paid && order.balance_due_at.is_some());
            reached.note_if(Kind::Expired, order.status == OrderStatus::Expired);
            reached.note_if(Kind::CancelledUnpaid, order.status == OrderStatus::Cancelled);
            reached.note_if(Kind::Forfeited, order.status == OrderStatus::Forfeited);
            reached.note_if(Kind::PiecesRefunded, paid && pieces && agreed);
            reached.note_if(Kind::AmountRefunded, paid && !pieces && agreed);
        }
        for attempt in sight.attempts.iter().filter(|it| it.status == PaymentAttemptStatus::Paid) {
            reached.note_if(Kind::FoundByAsking, !told.contains(&attempt.out_trade_no));
            let twin = |it: &&payment_attempt::Model| it.leg_id == attempt.leg_id && it.settles;
            reached.note_if(Kind::SecondPayment, !attempt.settles && sight.attempts.iter().any(|it| twin(&it)));
        }
    }

    /// An abnormal refund ended well.
    pub fn note_mended(&mut self, status: pay::RefundStatus) {
        self.reached.note_if(Kind::AbnormalMended, status == pay::RefundStatus::Success);
    }
}

/// WeChat lets nobody pay it any more, and our rows still do.
fn closed_unknown_to_us(sight: &Sight) -> bool {
    let open = |it: &&payment_attempt::Model| {
        matches!(it.status, PaymentAttemptStatus::Created | PaymentAttemptStatus::Prepaid)
    };
    let closed =
        |it: &payment_attempt::Model| sight.booked(it).is_some_and(|booked| booked.state == TradeState::Closed);
    sight.attempts.iter().filter(open).any(closed)
}
