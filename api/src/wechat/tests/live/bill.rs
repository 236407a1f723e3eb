//! Bills against the stand-in's own books.

use chrono::NaiveDate;

use super::{OPENID, World};
use crate::wechat::pay::{BillKind, FlowDirection, Refund, RefundOf, RowState, TradeBill};
use crate::wechat::standin::{BillTrick, Switches};
use crate::wechat::{Error, Refusal, Result};

const FIRST: &str = "PS20260301000001";
const SECOND: &str = "PS20260301000002";

fn first_of_march() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 1).expect("a date")
}

impl World {
    /// A day with two payments and a partial refund, seen at noon of the next.
    async fn day(switches: Switches) -> Self {
        let world = World::new();
        world.standin.set_switches(switches);
        world.buy(FIRST, 19_900).await;
        world.buy(SECOND, 29).await;
        let refund = Refund {
            of: RefundOf::OutTradeNo(FIRST.into()),
            out_refund_no: "R1".into(),
            refund_fen: 9_999,
            total_fen: 19_900,
            reason: None,
            notify_url: world.inbox.url("/refund"),
        };
        world.wechat.refund(&world.account, &refund).await.expect("accepted");
        world.standin.settle().await;
        world.pass(chrono::Duration::hours(26)).await;
        world
    }

    async fn bill(&self, kind: BillKind) -> Result<TradeBill> {
        self.wechat.trade_bill(&self.account, first_of_march(), kind).await
    }
}

#[actix_web::test]
async fn a_days_bill_is_the_platforms_books() {
    let world = World::day(Switches::default()).await;
    let bill = world.bill(BillKind::All).await.expect("a bill");
    let books = world.standin.books(&world.account.mchid);
    let paid: Vec<_> = bill.rows.iter().filter(|row| row.state == RowState::Paid).collect();
    assert_eq!(paid.len(), books.transactions.len());
    for (row, booked) in paid.iter().zip(&books.transactions) {
        assert!(row.belongs_to(&world.account));
        assert_eq!((&row.transaction_id, &row.out_trade_no), (&booked.transaction_id, &booked.out_trade_no));
        assert_eq!((row.ordered_fen, row.openid.as_str(), row.attach.as_str()), (booked.amount_fen, OPENID, "order:1"));
    }
    // 0.6 % of 199.00 is 1.194, of 0.29 nothing, of 99.99 is 0.59994.
    assert_eq!(paid.iter().map(|row| row.fee_fen).collect::<Vec<_>>(), [119, 0]);
    let back = bill.rows.iter().find(|row| row.state == RowState::Refunded).expect("a refund");
    let columns = back.refund.as_ref().expect("its columns");
    assert_eq!((columns.out_refund_no.as_str(), columns.refund_fen, back.fee_fen), ("R1", 9_999, -60));
    assert_eq!((bill.totals.count, bill.totals.ordered_fen, bill.totals.fee_fen), (3, 19_929, 59));
    assert_eq!(bill.sha1.as_ref().map(String::len), Some(40));
}

#[actix_web::test]
async fn bills_are_asked_for_by_kind() {
    let world = World::day(Switches::default()).await;
    let states = |bill: TradeBill| bill.rows.iter().map(|row| row.state).collect::<Vec<_>>();
    assert_eq!(states(world.bill(BillKind::Success).await.expect("a bill")), [RowState::Paid, RowState::Paid]);
    assert_eq!(states(world.bill(BillKind::Refund).await.expect("a bill")), [RowState::Refunded]);
}

#[actix_web::test]
async fn a_bill_is_there_from_ten_on_the_next_day() {
    let world = World::new();
    world.buy(FIRST, 100).await;
    // 09:59:59 in Beijing on the second; the day began at 10:00 on the first.
    world.pass(chrono::Duration::seconds(24 * 3600 - 1)).await;
    let error = world.bill(BillKind::All).await.expect_err("too early");
    assert!(error.is_transient() && !error.is_outcome_unknown() && !error.is_alarm(), "{error}");
    world.pass(chrono::Duration::seconds(1)).await;
    assert_eq!(world.bill(BillKind::All).await.expect("a bill").rows.len(), 1);
    let day_before = NaiveDate::from_ymd_opt(2026, 2, 28).expect("a date");
    let empty = world.wechat.trade_bill(&world.account, day_before, BillKind::All).await.expect("a bill");
    assert!(empty.rows.is_empty() && empty.sha1.is_none());
}

#[actix_web::test]
async fn a_file_is_believed_for_its_hash_and_from_the_same_host_only() {
    for (bill_trick, reason) in [(BillTrick::WrongHash, Refusal::Hash), (BillTrick::OtherHost, Refusal::OtherHost)] {
        let world = World::day(Switches { bill_trick, ..Switches::default() }).await;
        assert_eq!(world.bill(BillKind::All).await, Err(Error::Unverified(reason)));
        let flows = world.wechat.fund_flow_bill(&world.account, first_of_march()).await;
        assert_eq!(flows, Err(Error::Unverified(reason)));
    }
}

#[actix_web::test]
async fn a_planted_difference_is_seen_in_the_rows() {
    let honest = World::day(Switches::default()).await.bill(BillKind::All).await.expect("a bill");
    for (bill_trick, rows) in [(BillTrick::MissingRow, 2), (BillTrick::ExtraRow, 4), (BillTrick::ChangedAmount, 3)] {
        let world = World::day(Switches { bill_trick, ..Switches::default() }).await;
        let bill = world.bill(BillKind::All).await.expect("consistent in itself");
        assert_eq!(bill.rows.len(), rows, "{bill_trick:?}");
        assert_ne!(bill.rows, honest.rows, "{bill_trick:?}");
    }
}

#[actix_web::test]
async fn every_movement_is_in_the_fund_flow_bill() {
    let world = World::day(Switches::default()).await;
    let bill = world.wechat.fund_flow_bill(&world.account, first_of_march()).await.expect("a bill");
    let signed = |direction, amount: i64| if direction == FlowDirection::In { amount } else { -amount };
    let mut balance = 0;
    for row in &bill.rows {
        balance += signed(row.direction, row.amount_fen);
        assert_eq!(row.balance_fen, balance);
    }
    assert_eq!(balance, 19_900 + 29 - 9_999 - 119 + 60);
    assert_eq!(bill.totals.in_fen - bill.totals.out_fen, balance);
}

#[actix_web::test]
async fn the_account_goes_on_from_day_to_day_and_shows_what_no_trade_moved() {
    let world = World::day(Switches::default()).await;
    world.standin.withdraw(&world.account.mchid, 5_000);
    world.pass(chrono::Duration::hours(24)).await;
    let second = NaiveDate::from_ymd_opt(2026, 3, 2).expect("a date");
    let first = world.wechat.fund_flow_bill(&world.account, first_of_march()).await.expect("a bill");
    let bill = world.wechat.fund_flow_bill(&world.account, second).await.expect("a bill");
    let trade = world.wechat.trade_bill(&world.account, second, BillKind::All).await.expect("a bill");
    let before = first.rows.last().expect("a movement").balance_fen;
    let moved: Vec<_> = bill.rows.iter().map(|row| (row.business.as_str(), row.direction, row.balance_fen)).collect();
    assert_eq!(moved, [("提现", FlowDirection::Out, before - 5_000)]);
    assert!(trade.rows.is_empty() && trade.sha1.is_none());
}
