//! What must be so at rest: our rows, the ledger and WeChat's books say the same, and it is what the buyer was shown.

use std::collections::BTreeMap;

use entity::journal_line::LedgerAccount;
use entity::order::{self, OrderStatus};
use entity::payment_attempt::{self, PaymentAttemptStatus};
use entity::payment_leg::{PaymentLegKind, PaymentLegStatus};
use entity::presale::{PresalePlan, PresaleStatus};
use entity::refund::{self, RefundReason, RefundStatus};
use smallbatch::wechat::pay;
use uuid::Uuid;

use super::sight::Sight;
use super::story::Story;

/// What is wrong; nothing when all is well.
type Wrong = Vec<String>;

impl Story<'_> {
    pub fn judge(&self, sight: &Sight) -> Result<(), String> {
        let mut wrong = Wrong::new();
        for attempt in &sight.attempts {
            self.attempt(sight, attempt, &mut wrong);
        }
        for refund in &sight.refunds {
            refund_as_booked(sight, refund, &mut wrong);
        }
        for booked in sight.booked_refunds() {
            if !sight.refunds.iter().any(|refund| refund.out_refund_no == booked.out_refund_no) {
                wrong.push(format!("WeChat refunded under {}, and we know of none", booked.out_refund_no));
            }
        }
        for order in &sight.orders {
            self.order(sight, order, &mut wrong);
            ledger(sight, order, &mut wrong);
        }
        presale(sight, &mut wrong);
        capacity(sight, &mut wrong);
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }

    /// Our word about a payment is WeChat's.
    fn attempt(&self, sight: &Sight, attempt: &payment_attempt::Model, wrong: &mut Wrong) {
        let booked = sight.booked(attempt);
        let what = format!("attempt {} ({:?}, {booked:?})", attempt.id, attempt.status);
        let paid = attempt.status == PaymentAttemptStatus::Paid;
        if paid != booked.is_some_and(|it| it.state.is_paid()) {
            wrong.push(format!("{what}: paid on one side only"));
        }
        if let Some(booked) = booked
            && booked.amount_fen != attempt.amount
        {
            wrong.push(format!("{what}: over {} fen here", attempt.amount));
        }
        if paid && attempt.transaction_id.as_ref() != booked.map(|it| &it.transaction_id) {
            wrong.push(format!("{what}: by transaction {:?} here", attempt.transaction_id));
        }
        // An attempt that is open beside money that came astray ends by its own expiry.
        let open = matches!(attempt.status, PaymentAttemptStatus::Created | PaymentAttemptStatus::Prepaid);
        if open && self.is_looked_for(attempt.order_id) {
            wrong.push(format!("{what}: still open"));
        }
        let mine = sight.refunds.iter().filter(|it| it.attempt_id == attempt.id && it.status != RefundStatus::Closed);
        let on_their_way: i64 = mine.map(|refund| refund.amount).sum();
        let at_wechat = sight.booked_refunds().filter(|it| it.out_trade_no == attempt.out_trade_no);
        let back: i64 = at_wechat.filter(|it| it.status == pay::RefundStatus::Success).map(|it| it.amount_fen).sum();
        if attempt.refunded != on_their_way || attempt.refunded != back {
            let counted = attempt.refunded;
            wrong.push(format!("{what}: {counted} fen counted back, {on_their_way} by its refunds, {back} at WeChat"));
        }
        if back > attempt.amount || (paid && !attempt.settles && back != attempt.amount) {
            wrong.push(format!("{what}: {back} of {} fen went back", attempt.amount));
        }
    }

    /// What an order has come to is what became of its money, and costs what was shown.
    fn order(&self, sight: &Sight, order: &order::Model, wrong: &mut Wrong) {
        let kept = kept(sight, order.id);
        let what = format!("order {} ({:?}, {kept} fen kept)", order.id, order.status);
        let legs: Vec<_> = sight.legs.iter().filter(|leg| leg.order_id == order.id).collect();
        let left: i32 = sight.lines_of(order.id).map(|line| line.quantity - line.refunded).sum();
        let settled = sight.attempts_of(order.id).filter(|attempt| attempt.settles).count();
        let paid_legs = legs.iter().filter(|leg| leg.status == PaymentLegStatus::Paid).count();
        if settled != paid_legs || legs.iter().any(|leg| leg.status == PaymentLegStatus::Due) {
            wrong.push(format!("{what}: {settled} attempts settle, {paid_legs} of {} legs are paid", legs.len()));
        }
        match order.status {
            OrderStatus::Paid => self.paid_order(sight, order, left, wrong),
            OrderStatus::Expired | OrderStatus::Cancelled if settled == 0 && kept == 0 => {}
            OrderStatus::Refunded if settled > 0 && kept == 0 && left == 0 => {}
            OrderStatus::Forfeited => {
                let deposit = self.offer.first_leg() * i64::from(order.pieces);
                if order.plan != PresalePlan::Deposit || kept != deposit {
                    wrong.push(format!("{what}: a deposit of {deposit} fen is kept"));
                }
            }
            _ => wrong.push(format!("{what}: {settled} attempts settle, {left} pieces are left")),
        }
        self.doubled(sight, order, wrong);
    }

    /// A deposit is owed double for the pieces that the brand took its word back about, and only then.
    fn doubled(&self, sight: &Sight, order: &order::Model, wrong: &mut Wrong) {
        let doubled = sight.doubled().filter(|it| it.order_id == order.id);
        let doubled: i64 = doubled.map(|it| it.amount).sum();
        let by_the_brand = sight.refunds_of(order.id).any(|it| it.reason == RefundReason::PresaleFailed);
        let owed = was_withdrawn(sight) && order.plan == PresalePlan::Deposit && by_the_brand;
        let most = self.offer.first_leg() * i64::from(order.pieces);
        let whole = doubled > 0 && doubled <= most && doubled % self.offer.first_leg() == 0;
        if (owed && !whole) || (doubled != 0 && !(whole && order.status == OrderStatus::Refunded)) {
            wrong.push(format!("order {} ({:?}): {doubled} fen are owed on top of {most}", order.id, order.status));
        }
    }

    fn paid_order(&self, sight: &Sight, order: &order::Model, left: i32, wrong: &mut Wrong) {
        let kept = kept(sight, order.id);
        let price = self.offer.price(order.reached_pieces) * i64::from(left);
        let agreed = sight.refunds_of(order.id);
        let agreed = agreed.filter(|it| it.reason == RefundReason::Agreed && it.status == RefundStatus::Succeeded);
        let agreed: i64 = agreed.map(|refund| refund.amount).sum();
        let fits = kept == price || (agreed > 0 && kept < price && kept >= 0 && kept + agreed >= price);
        let all_paid = sight.legs.iter().filter(|leg| leg.order_id == order.id).all(|leg| {
            leg.status == PaymentLegStatus::Paid
                && (leg.kind == PaymentLegKind::Full) == (order.plan == PresalePlan::Full)
        });
        if !fits || !all_paid || left < 1 {
            wrong.push(format!(
                "order {}: {kept} fen are kept for {left} pieces that cost {price}, {agreed} fen given back as agreed",
                order.id
            ));
        }
        if order.plan != PresalePlan::Full && order.reached_pieces.is_none() {
            wrong.push(format!("order {}: paid to the end at no tier", order.id));
        }
        if sight.presale.status == PresaleStatus::Succeeded
            && self.offer.price(sight.presale.reached_pieces) != self.offer.price(order.reached_pieces)
        {
            wrong.push(format!("order {}: another tier than its presale reached", order.id));
        }
    }
}

/// Fen that the brand keeps of what settled an order.
fn kept(sight: &Sight, order_id: Uuid) -> i64 {
    let settling: Vec<_> = sight.attempts_of(order_id).filter(|attempt| attempt.settles).collect();
    let paid: i64 = settling.iter().map(|attempt| attempt.amount).sum();
    let back = sight.refunds_of(order_id).filter(|refund| refund.status == RefundStatus::Succeeded);
    let back = back.filter(|refund| settling.iter().any(|attempt| attempt.id == refund.attempt_id));
    paid - back.map(|refund| refund.amount).sum::<i64>()
}

fn refund_as_booked(sight: &Sight, refund: &refund::Model, wrong: &mut Wrong) {
    let booked = sight.booked_refund(refund);
    let what = format!("refund {} ({:?}, {booked:?})", refund.id, refund.status);
    let expected = match refund.status {
        RefundStatus::Succeeded => pay::RefundStatus::Success,
        RefundStatus::Closed => pay::RefundStatus::Closed,
        RefundStatus::Pending | RefundStatus::Processing | RefundStatus::Abnormal => {
            wrong.push(format!("{what}: not at its end; {:?}", refund.last_error));
            return;
        }
    };
    let attempt = sight.attempts.iter().find(|attempt| attempt.id == refund.attempt_id);
    let agrees = booked.is_some_and(|booked| {
        booked.status == expected
            && booked.amount_fen == refund.amount
            && attempt.is_some_and(|attempt| attempt.out_trade_no == booked.out_trade_no)
    });
    if !agrees {
        wrong.push(format!("{what}: {} fen here", refund.amount));
    }
}

/// The accounts of an order hold what WeChat's books leave of its money.
fn ledger(sight: &Sight, order: &order::Model, wrong: &mut Wrong) {
    use LedgerAccount::*;
    let on = |account| sight.on(order.id, account);
    let booked = sight.attempts_of(order.id).filter_map(|attempt| sight.booked(attempt));
    let paid: i64 = booked.filter(|it| it.state.is_paid()).map(|it| it.amount_fen).sum();
    let mine = |number: &str| sight.attempts_of(order.id).any(|attempt| attempt.out_trade_no == number);
    let back = sight.booked_refunds().filter(|it| it.status == pay::RefundStatus::Success && mine(&it.out_trade_no));
    let at_wechat = paid - back.map(|it| it.amount_fen).sum::<i64>();
    let forfeited = if order.status == OrderStatus::Forfeited { at_wechat } else { 0 };
    let owed = sight.compensations.iter().filter(|it| it.order_id == order.id).map(|it| it.amount).sum::<i64>();
    let expected = [
        (Clearing, at_wechat),
        (RefundsPayable, 0),
        (DepositsHeld, 0),
        (Revenue, 0),
        (ForfeitedDeposits, -forfeited),
        (MemberPayments, forfeited - at_wechat),
        (Compensation, owed),
        (CompensationPayable, -owed),
    ];
    for (account, amount) in expected {
        if on(account) != amount {
            let id = order.id;
            wrong.push(format!("order {id}: {} fen on {account:?}, {amount} by WeChat's books", on(account)));
        }
    }
}

/// The presale is over, and nobody's order has another fate than its own.
fn presale(sight: &Sight, wrong: &mut Wrong) {
    let presale = &sight.presale;
    let kept = sight.orders.iter().filter(|order| order.status == OrderStatus::Paid).count();
    match presale.status {
        PresaleStatus::Succeeded => {}
        PresaleStatus::Failed | PresaleStatus::Cancelled if kept == 0 => {}
        status => wrong.push(format!("the presale is {status:?}, and {kept} orders are paid and kept")),
    }
    let may_owe = was_withdrawn(sight) && presale.plan == PresalePlan::Deposit;
    if !may_owe && sight.doubled().next().is_some() {
        wrong.push("a deposit is owed double, and nobody took a word back".to_owned());
    }
}

/// The brand took its word back.
fn was_withdrawn(sight: &Sight) -> bool {
    sight.presale.status == PresaleStatus::Cancelled && sight.presale.reached_pieces.is_some()
}

/// Every piece is counted for the order that has it, and for nobody else.
fn capacity(sight: &Sight, wrong: &mut Wrong) {
    let (mut by_sku, mut by_member) = (BTreeMap::new(), BTreeMap::new());
    for order in sight.orders.iter().filter(|order| order.status == OrderStatus::Paid) {
        for line in sight.lines_of(order.id) {
            *by_sku.entry(line.sku_id).or_insert(0) += line.quantity - line.refunded;
            *by_member.entry(order.member_id).or_insert(0) += line.quantity - line.refunded;
        }
    }
    for sku in &sight.skus {
        let paid = by_sku.get(&sku.id).copied().unwrap_or_default();
        if sku.held != 0 || sku.paid != paid {
            wrong.push(format!("SKU {}: {} held, {} paid, {paid} by its orders", sku.size, sku.held, sku.paid));
        }
    }
    for counted in &sight.counted {
        let pieces = by_member.get(&counted.member_id).copied().unwrap_or_default();
        if counted.pieces != pieces {
            wrong.push(format!("a buyer's limit counts {} pieces, her orders {pieces}", counted.pieces));
        }
    }
}
