use chrono::{DateTime, Utc};
use entity::payment_attempt::{self, PaymentAttemptStatus};
use entity::reconciliation_difference::DifferenceKind::{self, *};
use entity::refund::{self, RefundReason, RefundStatus};
use proptest::prelude::*;

use super::*;
use crate::flow::payment::reconcile::read::OurRefund;
use crate::wechat::pay::{FlowDirection, FundFlow, RefundColumns, RowState, TradeRow};

const DAY: Uuid = Uuid::from_u128(7);

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap()
}

fn attempt(n: u128, amount: i64) -> payment_attempt::Model {
    payment_attempt::Model {
        brand_id: Uuid::nil(),
        id: Uuid::from_u128(1_000 + n),
        leg_id: Uuid::nil(),
        order_id: Uuid::from_u128(n),
        out_trade_no: format!("P{n}"),
        amount,
        status: PaymentAttemptStatus::Paid,
        prepay_id: None,
        prepay_expires_at: None,
        expires_at: now(),
        refunded: 0,
        transaction_id: Some(format!("T{n}")),
        paid_at: Some(now()),
        settles: true,
        created_at: now(),
    }
}

fn refund_of(n: u128, amount: i64) -> OurRefund {
    let row = refund::Model {
        brand_id: Uuid::nil(),
        id: Uuid::from_u128(2_000 + n),
        order_id: Uuid::from_u128(n),
        attempt_id: Uuid::from_u128(1_000 + n),
        out_refund_no: format!("R{n}"),
        amount,
        reason: RefundReason::Cancelled,
        status: RefundStatus::Succeeded,
        note: None,
        due_at: None,
        late_interest_bp: None,
        interest: 0,
        refund_id: Some(format!("W{n}")),
        attempts: 1,
        last_error: None,
        replaces: None,
        created_at: now(),
        finished_at: Some(now()),
    };
    OurRefund { row, out_trade_no: format!("P{n}") }
}

fn paid_row(n: u128, amount: i64, fee: i64) -> TradeRow {
    TradeRow {
        at: now(),
        appid: "a".into(),
        mchid: "m".into(),
        transaction_id: format!("T{n}"),
        out_trade_no: format!("P{n}"),
        openid: "o".into(),
        state: RowState::Paid,
        currency: "CNY".into(),
        settled_fen: amount,
        ordered_fen: amount,
        refund: None,
        fee_fen: fee,
        rate: "0.60%".into(),
        description: String::new(),
        attach: String::new(),
    }
}

fn refunded_row(n: u128, amount: i64, fee: i64) -> TradeRow {
    let refund = RefundColumns {
        refund_id: format!("W{n}"),
        out_refund_no: format!("R{n}"),
        refund_fen: amount,
        asked_fen: amount,
        status: ARRIVED.into(),
    };
    TradeRow { state: RowState::Refunded, refund: Some(refund), ..paid_row(n, 0, -fee) }
}

fn flow(business: &str, number: &str, moved: i64) -> FundFlow {
    FundFlow {
        at: now(),
        business_no: number.into(),
        flow_no: format!("F{number}"),
        business: business.into(),
        business_type: business.into(),
        direction: if moved > 0 { FlowDirection::In } else { FlowDirection::Out },
        amount_fen: moved.abs(),
        balance_fen: 0,
        submitted_by: String::new(),
        remark: String::new(),
        voucher_no: number.into(),
    }
}

/// Payments of some amounts, each with a refund of a part of it, on both sides alike.
fn day(amounts: &[(i64, i64)]) -> (Bills, Books) {
    let (mut bills, mut books) = (Bills::default(), Books::default());
    for (n, &(amount, back)) in (0..).zip(amounts) {
        let fee = amount / 100;
        bills.trades.push(paid_row(n, amount, fee));
        bills.flows.push(flow("交易", &format!("T{n}"), amount));
        if fee > 0 {
            bills.flows.push(flow("扣除交易手续费", &format!("T{n}"), -fee));
        }
        let ours = attempt(n, amount);
        books.of_day.attempts.push(ours.clone());
        books.named.attempts.insert(ours.out_trade_no.clone(), ours);
        let back = back.min(amount);
        if back > 0 {
            bills.trades.push(refunded_row(n, back, 0));
            bills.flows.push(flow("退款", &format!("W{n}"), -back));
            let ours = refund_of(n, back);
            books.of_day.refunds.push(ours.clone());
            books.named.refunds.insert(ours.row.out_refund_no.clone(), ours);
        }
    }
    (bills, books)
}

fn kinds(bills: &Bills, books: &Books) -> Vec<DifferenceKind> {
    compare(DAY, bills, books).differences.into_iter().map(|difference| difference.kind).collect()
}

#[test]
fn what_is_on_one_side_only_or_differs_is_found_by_its_kind() {
    let honest = || day(&[(100, 30), (200, 0)]);
    let (bills, books) = honest();
    assert_eq!(kinds(&bills, &books), []);
    let found = |change: fn(&mut Bills, &mut Books)| {
        let (mut bills, mut books) = honest();
        change(&mut bills, &mut books);
        kinds(&bills, &books)
    };
    assert_eq!(found(|_, books| drop(books.named.attempts.remove("P1"))), [PaymentUnknown, PaymentUnbilled]);
    assert_eq!(found(|_, books| books.named.attempts.get_mut("P1").unwrap().amount = 7), [PaymentAmount]);
    assert_eq!(
        found(|_, books| {
            books.named.attempts.get_mut("P1").unwrap().status = PaymentAttemptStatus::Closed;
            books.of_day.attempts.pop();
        }),
        [PaymentState]
    );
    assert_eq!(
        found(|_, books| {
            books.named.refunds.get_mut("R0").unwrap().row.status = RefundStatus::Closed;
            books.of_day.refunds.clear();
        }),
        [RefundState]
    );
    assert_eq!(found(|_, books| books.named.refunds.get_mut("R0").unwrap().row.amount = 31), [RefundAmount]);
    assert_eq!(found(|bills, _| bills.trades.push(paid_row(1, 200, 2))), [PaymentUnknown, MovementTotal]);
    assert_eq!(found(|bills, _| bills.flows.push(flow("充值", "9", 5))), [MovementUnknown]);
    assert_eq!(found(|bills, _| bills.flows.push(flow("商家转账", "9", -5))), [MovementUnknown]);
    assert_eq!(found(|bills, _| bills.flows.push(flow("提现", "9", -5))), []);
    assert_eq!(found(|bills, _| drop(bills.flows.pop())), [MovementTotal]);
    assert_eq!(
        found(|bills, _| bills.trades[0].state = RowState::Unknown),
        [PaymentUnknown, PaymentUnbilled, MovementTotal]
    );
}

#[test]
fn a_transfer_we_booked_is_no_difference_unless_it_moved_another_amount() {
    let (mut bills, mut books) = day(&[(100, 0)]);
    bills.flows.push(flow("商家转账", "9", -5));
    books.transfers.insert("9".into(), 5);
    assert_eq!(kinds(&bills, &books), []);
    books.transfers.insert("9".into(), 6);
    let found = compare(DAY, &bills, &books).differences;
    assert_eq!((found.len(), found[0].bill_amount, found[0].our_amount), (1, Some(-5), Some(-6)));
}

#[test]
fn a_refund_that_is_still_on_its_way_is_in_the_bill_of_the_day_it_left() {
    let (mut bills, mut books) = day(&[(100, 30)]);
    books.named.refunds.get_mut("R0").unwrap().row.status = RefundStatus::Processing;
    books.of_day.refunds.clear();
    assert_eq!(kinds(&bills, &books), [RefundState], "the bill says it has arrived");
    bills.trades[1].refund.as_mut().unwrap().status = "PROCESSING".into();
    let found = compare(DAY, &bills, &books);
    assert_eq!((found.differences.len(), found.ours.refunded, found.named.len()), (0, 30, 2));
}

#[test]
fn what_another_days_bill_named_is_neither_missing_nor_named_twice() {
    let (bills, mut books) = day(&[(100, 0)]);
    let entry = |day| bill_entry::Model {
        brand_id: Uuid::nil(),
        subject_id: Uuid::from_u128(1_000),
        attempt_id: Some(Uuid::from_u128(1_000)),
        refund_id: None,
        reconciliation_id: day,
        amount: 100,
        fee: 1,
    };
    books.entries.insert(Uuid::from_u128(1_000), entry(DAY));
    assert_eq!(kinds(&bills, &books), [], "a second look at the same day");
    books.entries.insert(Uuid::from_u128(1_000), entry(Uuid::from_u128(8)));
    assert_eq!(kinds(&Bills::default(), &books), [], "not of this day's bill");
    assert_eq!(kinds(&bills, &books), [PaymentUnknown], "in the bills of two days");
}

#[test]
fn a_fee_that_changed_after_it_was_booked_is_a_difference() {
    let (bills, mut books) = day(&[(100, 0)]);
    let entry = bill_entry::Model {
        brand_id: Uuid::nil(),
        subject_id: Uuid::from_u128(1_000),
        attempt_id: Some(Uuid::from_u128(1_000)),
        refund_id: None,
        reconciliation_id: DAY,
        amount: 100,
        fee: 3,
    };
    books.entries.insert(entry.subject_id, entry);
    let found = compare(DAY, &bills, &books);
    let fee = &found.differences[0];
    assert_eq!((fee.kind, fee.bill_amount, fee.our_amount, found.differences.len()), (Fee, Some(1), Some(3), 1));
}

proptest! {
    #[test]
    fn honest_bills_agree_with_the_rows_they_were_made_of(
        amounts in proptest::collection::vec((1_i64..100_000, 0_i64..100_000), 0..20)
    ) {
        let (bills, books) = day(&amounts);
        let found = compare(DAY, &bills, &books);
        prop_assert_eq!(&found.differences, &[]);
        prop_assert_eq!(found.bill, found.ours);
        prop_assert_eq!(found.named.len(), bills.trades.len());
    }

    #[test]
    fn a_row_too_few_or_too_many_on_either_side_is_found_and_explains_what_the_account_gained(
        amounts in proptest::collection::vec((1_i64..100_000, 0_i64..100_000), 1..20),
        place in any::<prop::sample::Index>(),
        what in 0..3_usize,
    ) {
        let (mut bills, mut books) = day(&amounts);
        let at = place.index(bills.trades.len());
        let row = bills.trades[at].clone();
        let number = row.refund.as_ref().map_or(row.transaction_id.clone(), |refund| refund.refund_id.clone());
        match what {
            // Neither bill has it.
            0 => {
                bills.trades.remove(at);
                bills.flows.retain(|flow| flow.business_no != number);
            }
            // We do not have it.
            1 => match &row.refund {
                Some(refund) => {
                    books.named.refunds.remove(&refund.out_refund_no);
                    books.of_day.refunds.retain(|ours| ours.row.out_refund_no != refund.out_refund_no);
                }
                None => {
                    books.named.attempts.remove(&row.out_trade_no);
                    books.of_day.attempts.retain(|ours| ours.out_trade_no != row.out_trade_no);
                }
            },
            // Both bills have it twice.
            _ => {
                bills.trades.push(row.clone());
                let again: Vec<_> =
                    bills.flows.iter().filter(|flow| flow.business_no == number).cloned().collect();
                bills.flows.extend(again);
            }
        }
        let found = compare(DAY, &bills, &books);
        prop_assert_eq!(found.differences.len(), 1);
        prop_assert!(found.differences[0].kind != MovementTotal);
        let explained: i64 = found.differences.iter().map(|difference| difference.effect).sum();
        prop_assert_eq!(found.bill.movement - found.ours.movement, explained);
    }
}
