//! The trade bill: payments and refunds, one by one.

use std::collections::HashSet;

use entity::payment_attempt::{self, PaymentAttemptStatus};
use entity::reconciliation_difference::DifferenceKind::{self, *};
use entity::refund::RefundStatus;
use sea_orm::ActiveEnum;
use uuid::Uuid;

use super::{ARRIVED, Books, Comparison, Difference, Named, Subject};
use crate::flow::payment::reconcile::read::{OfDay, OurRefund};
use crate::wechat::pay::{RefundColumns, RowState, TradeRow};

pub(super) fn compare(id: Uuid, rows: &[TradeRow], books: &Books, found: &mut Comparison) {
    let mut trade = Trade { id, books, found, seen: HashSet::new() };
    for row in rows {
        match (&row.refund, row.state) {
            (Some(refund), _) => trade.refund(row, refund),
            (None, RowState::Paid) => trade.payment(row),
            (None, _) => trade.strange(row),
        }
    }
    trade.unbilled();
}

struct Trade<'a> {
    id: Uuid,
    books: &'a Books,
    found: &'a mut Comparison,
    /// Attempts and refunds that rows were about.
    seen: HashSet<Uuid>,
}

impl Trade<'_> {
    fn payment(&mut self, row: &TradeRow) {
        let side = &mut self.found.bill;
        (side.payments, side.paid, side.fees) =
            (side.payments + 1, side.paid + row.ordered_fen, side.fees + row.fee_fen);
        let all_of_it = row.ordered_fen - row.fee_fen;
        let attempt = self.books.named.attempts.get(&row.out_trade_no).filter(|attempt| self.is_free(attempt.id));
        let Some(attempt) = attempt else {
            return self.differ(Difference { effect: all_of_it, ..of_payment(PaymentUnknown, row) });
        };
        let (order_id, our_amount) = (Some(attempt.order_id), Some(attempt.amount));
        let differs = Difference { order_id, our_amount, ..of_payment(PaymentState, row) };
        if let Some(detail) = state_of(attempt, row) {
            return self.differ(Difference { detail: Some(detail), effect: all_of_it, ..differs });
        }
        self.seen.insert(attempt.id);
        let fee = self.fee(attempt.id, row, Some(attempt.order_id));
        let side = &mut self.found.ours;
        (side.payments, side.paid, side.fees) = (side.payments + 1, side.paid + attempt.amount, side.fees + fee);
        if row.ordered_fen != attempt.amount {
            let effect = row.ordered_fen - attempt.amount;
            self.differ(Difference { kind: PaymentAmount, effect, ..differs });
        }
        let subject = Subject::Attempt(attempt.id);
        self.found.named.push(Named { subject, order_id: attempt.order_id, amount: row.ordered_fen, fee });
    }

    fn refund(&mut self, row: &TradeRow, columns: &RefundColumns) {
        let side = &mut self.found.bill;
        (side.refunds, side.refunded, side.fees) =
            (side.refunds + 1, side.refunded + columns.asked_fen, side.fees + row.fee_fen);
        let all_of_it = -columns.asked_fen - row.fee_fen;
        let known = self.books.named.refunds.get(&columns.out_refund_no);
        let known = known.filter(|known| known.out_trade_no == row.out_trade_no && self.is_free(known.row.id));
        let Some(known) = known else {
            return self.differ(Difference { effect: all_of_it, ..of_refund(RefundUnknown, columns) });
        };
        let (order_id, our_amount) = (Some(known.row.order_id), Some(known.row.amount));
        let differs = Difference { order_id, our_amount, ..of_refund(RefundState, columns) };
        if !agrees(known, &columns.status) {
            let detail = Some(format!("{} there, {} here", columns.status, known.row.status.to_value()));
            return self.differ(Difference { detail, effect: all_of_it, ..differs });
        }
        self.seen.insert(known.row.id);
        let fee = self.fee(known.row.id, row, order_id);
        let side = &mut self.found.ours;
        (side.refunds, side.refunded, side.fees) =
            (side.refunds + 1, side.refunded + known.row.amount, side.fees + fee);
        if columns.asked_fen != known.row.amount {
            let effect = known.row.amount - columns.asked_fen;
            self.differ(Difference { kind: RefundAmount, effect, ..differs });
        }
        let subject = Subject::Refund(known.row.id);
        self.found.named.push(Named { subject, order_id: known.row.order_id, amount: columns.asked_fen, fee });
    }

    /// A payment taken back at once, or what this version does not know. The fund-flow bill says what it moved.
    fn strange(&mut self, row: &TradeRow) {
        let detail = Some("a row that is neither a payment nor a refund".to_owned());
        self.differ(Difference { detail, ..of_payment(PaymentUnknown, row) });
    }

    /// What ended on the day and no day's bill has named.
    fn unbilled(&mut self) {
        let OfDay { attempts, refunds } = &self.books.of_day;
        let attempts: Vec<_> = attempts.iter().filter(|attempt| self.is_free(attempt.id)).collect();
        let refunds: Vec<_> = refunds.iter().filter(|refund| self.is_free(refund.row.id)).collect();
        for attempt in attempts {
            let fee = self.booked_fee(attempt.id);
            let side = &mut self.found.ours;
            (side.payments, side.paid, side.fees) = (side.payments + 1, side.paid + attempt.amount, side.fees + fee);
            self.found.differences.push(Difference {
                kind: PaymentUnbilled,
                number: attempt.out_trade_no.clone(),
                provider_no: attempt.transaction_id.clone(),
                order_id: Some(attempt.order_id),
                bill_amount: None,
                our_amount: Some(attempt.amount),
                detail: None,
                effect: fee - attempt.amount,
            });
        }
        for OurRefund { row, .. } in refunds {
            let fee = self.booked_fee(row.id);
            let side = &mut self.found.ours;
            (side.refunds, side.refunded, side.fees) = (side.refunds + 1, side.refunded + row.amount, side.fees + fee);
            self.found.differences.push(Difference {
                kind: RefundUnbilled,
                number: row.out_refund_no.clone(),
                provider_no: row.refund_id.clone(),
                order_id: Some(row.order_id),
                bill_amount: None,
                our_amount: Some(row.amount),
                detail: None,
                effect: fee + row.amount,
            });
        }
    }

    /// Whether no earlier row was about it, and no other day's bill.
    fn is_free(&self, subject: Uuid) -> bool {
        let day = self.books.entries.get(&subject).map(|entry| entry.reconciliation_id);
        !self.seen.contains(&subject) && day.is_none_or(|day| day == self.id)
    }

    /// What an earlier look at this bill had booked.
    fn booked_fee(&self, subject: Uuid) -> i64 {
        self.books.entries.get(&subject).map_or(0, |entry| entry.fee)
    }

    /// The fee as it is booked: by this bill, or as it said when it was read before.
    fn fee(&mut self, subject: Uuid, row: &TradeRow, order_id: Option<Uuid>) -> i64 {
        let fee = self.books.entries.get(&subject).map_or(row.fee_fen, |entry| entry.fee);
        if fee != row.fee_fen {
            self.differ(Difference {
                order_id,
                bill_amount: Some(row.fee_fen),
                our_amount: Some(fee),
                effect: fee - row.fee_fen,
                ..of_payment(Fee, row)
            });
        }
        fee
    }

    fn differ(&mut self, difference: Difference) {
        self.found.differences.push(difference);
    }
}

/// Why our attempt is not the payment of the row.
fn state_of(attempt: &payment_attempt::Model, row: &TradeRow) -> Option<String> {
    if attempt.status != PaymentAttemptStatus::Paid {
        return Some(format!("paid there, {} here", attempt.status.to_value()));
    }
    let is_other = attempt.transaction_id.as_deref() != Some(&row.transaction_id);
    is_other.then(|| "another payment under the same number".to_owned())
}

/// Whether our refund may be in this state when the bill says `word`. The bill may be older than what we know.
fn agrees(ours: &OurRefund, word: &str) -> bool {
    match word {
        ARRIVED => ours.row.status == RefundStatus::Succeeded,
        "PROCESSING" | "CHANGE" | "ABNORMAL" => {
            !matches!(ours.row.status, RefundStatus::Pending | RefundStatus::Closed)
        }
        _ => false,
    }
}

fn of_payment(kind: DifferenceKind, row: &TradeRow) -> Difference {
    Difference {
        kind,
        number: row.out_trade_no.clone(),
        provider_no: Some(row.transaction_id.clone()),
        order_id: None,
        bill_amount: Some(row.ordered_fen),
        our_amount: None,
        detail: None,
        effect: 0,
    }
}

fn of_refund(kind: DifferenceKind, columns: &RefundColumns) -> Difference {
    Difference {
        kind,
        number: columns.out_refund_no.clone(),
        provider_no: Some(columns.refund_id.clone()),
        order_id: None,
        bill_amount: Some(columns.asked_fen),
        our_amount: None,
        detail: None,
        effect: 0,
    }
}
