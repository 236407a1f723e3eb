use super::World;
use crate::wechat::pay::{
    AbnormalRefundTo, FundsAccount, NotificationEvent, Refund, RefundOf, RefundStatus, TradeState,
};
use crate::wechat::standin::{Fault, FaultKind, Switches};
use crate::wechat::{Advice, Error};

const NUMBER: &str = "PS20260301000001";
const PATH: &str = "/v3/refund/domestic/refunds";

impl World {
    pub fn refund_of(&self, out_refund_no: &str, refund_fen: i64) -> Refund {
        Refund {
            of: RefundOf::OutTradeNo(NUMBER.into()),
            out_refund_no: out_refund_no.into(),
            refund_fen,
            total_fen: 1000,
            reason: Some("少了一件".into()),
            notify_url: self.inbox.url("/refund"),
        }
    }

    async fn status(&self, out_refund_no: &str) -> Option<RefundStatus> {
        let state = self.wechat.query_refund(&self.account, out_refund_no).await.expect("an answer");
        state.map(|refund| refund.status)
    }
}

#[actix_web::test]
async fn a_refund_is_accepted_first_and_reported_later() {
    let world = World::new();
    world.standin.set_switches(Switches { refund_seconds: 60, ..Switches::default() });
    let transaction_id = world.buy(NUMBER, 1000).await;
    let mut refund = world.refund_of("R1", 400);
    refund.of = RefundOf::TransactionId(transaction_id);
    let accepted = world.wechat.refund(&world.account, &refund).await.expect("accepted");
    assert_eq!((accepted.status, accepted.refund_fen, accepted.total_fen), (RefundStatus::Processing, 400, 1000));
    world.standin.settle().await;
    assert_eq!(world.status("R1").await, Some(RefundStatus::Processing));
    world.pass(chrono::Duration::seconds(60)).await;
    assert_eq!(world.status("R1").await, Some(RefundStatus::Success));
    let call = world.inbox.received("/refund").remove(0);
    let notification = world.open(&call).await.expect("opens");
    let NotificationEvent::Refund(reported) = notification.event else { panic!("not a refund") };
    assert_eq!((reported.status, reported.refund_id), (RefundStatus::Success, accepted.refund_id));
    let order = world.wechat.query(&world.account, NUMBER).await.expect("an order");
    assert_eq!(order.trade_state, TradeState::Refund);
}

#[actix_web::test]
async fn repeating_a_refund_after_lost_answers_pays_back_once() {
    let world = World::new();
    world.buy(NUMBER, 1000).await;
    let refund = world.refund_of("R1", 1000);
    let hasty = world.hasty();
    for kind in [FaultKind::SystemError, FaultKind::Reset, FaultKind::Slow(1000), FaultKind::Accepted] {
        world.standin.set_fault(PATH, Fault::after(kind));
        let error = hasty.refund(&world.account, &refund).await.expect_err("no answer");
        assert!(error.is_outcome_unknown(), "{kind:?}: {error}");
    }
    world.wechat.refund(&world.account, &refund).await.expect("accepted");
    let refunds = world.standin.books(&world.account.mchid).refunds;
    assert_eq!(refunds.iter().map(|refund| refund.amount_fen).collect::<Vec<_>>(), [1000]);
}

#[actix_web::test]
async fn no_more_goes_back_than_was_paid() {
    let world = World::new();
    world.buy(NUMBER, 1000).await;
    world.wechat.refund(&world.account, &world.refund_of("R1", 700)).await.expect("accepted");
    let error = world.wechat.refund(&world.account, &world.refund_of("R2", 301)).await.expect_err("refused");
    assert!(matches!(error, Error::Pay { status: 400, .. }) && !error.is_outcome_unknown(), "{error}");
    world.wechat.refund(&world.account, &world.refund_of("R3", 300)).await.expect("accepted");
    let too_much = world.wechat.refund(&world.account, &world.refund_of("R4", 1001)).await;
    assert!(matches!(too_much, Err(Error::Invalid(_))));
}

#[actix_web::test]
async fn a_refund_that_came_to_nothing_may_be_asked_for_anew() {
    let world = World::new();
    world.buy(NUMBER, 1000).await;
    world.standin.set_switches(Switches { refund_result: RefundStatus::Closed, ..Switches::default() });
    world.wechat.refund(&world.account, &world.refund_of("R1", 1000)).await.expect("accepted");
    world.standin.settle().await;
    assert_eq!(world.status("R1").await, Some(RefundStatus::Closed));
    world.standin.set_switches(Switches::default());
    world.wechat.refund(&world.account, &world.refund_of("R2", 1000)).await.expect("accepted");
    world.standin.settle().await;
    assert_eq!(world.status("R2").await, Some(RefundStatus::Success));
}

#[actix_web::test]
async fn unknown_refunds_and_unpaid_orders_are_told_apart() {
    let world = World::new();
    assert_eq!(world.status("R1").await, None);
    let error = world.wechat.refund(&world.account, &world.refund_of("R1", 1)).await.expect_err("no order");
    assert!(error.is_not_found(), "{error}");
    world.wechat.prepay(&world.account, &world.order(NUMBER, 1000)).await.expect("a prepay_id");
    let error = world.wechat.refund(&world.account, &world.refund_of("R1", 1)).await.expect_err("unpaid");
    assert!(matches!(&error, Error::Pay { code, .. } if code == "INVALID_REQUEST"), "{error}");
}

#[actix_web::test]
async fn an_order_goes_back_in_fifty_parts_and_no_more() {
    let world = World::new();
    world.buy(NUMBER, 1000).await;
    for part in 1..=50 {
        let refund = world.refund_of(&format!("R{part}"), 19);
        world.wechat.refund(&world.account, &refund).await.expect("accepted");
    }
    let error = world.wechat.refund(&world.account, &world.refund_of("R51", 19)).await.expect_err("refused");
    assert!(matches!(&error, Error::Pay { code, .. } if code == "RULE_LIMIT"), "{error}");
    assert_eq!(error.advice(), Some(Advice::Surface));
    let refunds = world.standin.books(&world.account.mchid).refunds;
    assert_eq!(refunds.iter().map(|refund| refund.amount_fen).sum::<i64>(), 950);
}

#[actix_web::test]
async fn a_refund_waits_for_money_under_the_same_number() {
    let world = World::new();
    world.buy(NUMBER, 1000).await;
    world.standin.set_balance(&world.account.mchid, -500);
    let refund = world.refund_of("R1", 600);
    let from = Some(FundsAccount::Available);
    let error = world.wechat.refund_from(&world.account, &refund, from).await.expect_err("no money");
    assert!(error.advice() == Some(Advice::TopUp) && error.is_transient() && !error.is_outcome_unknown(), "{error}");
    world.standin.set_balance(&world.account.mchid, 0);
    world.wechat.refund_from(&world.account, &refund, from).await.expect("accepted");
    let other = world.wechat.refund_from(&world.account, &refund, Some(FundsAccount::Unsettled)).await;
    assert!(matches!(other, Err(Error::Pay { status: 400, .. })), "where from is part of the parameters: {other:?}");
}

#[actix_web::test]
async fn an_abnormal_refund_is_sent_elsewhere() {
    let world = World::new();
    world.buy(NUMBER, 1000).await;
    world.standin.set_switches(Switches { refund_result: RefundStatus::Abnormal, ..Switches::default() });
    let refund_id =
        world.wechat.refund(&world.account, &world.refund_of("R1", 1000)).await.expect("accepted").refund_id;
    world.standin.settle().await;
    assert_eq!(world.status("R1").await, Some(RefundStatus::Abnormal));
    world.standin.set_switches(Switches::default());
    let card = AbnormalRefundTo::UserBankCard {
        bank_type: "ICBC_DEBIT".into(),
        bank_account: "6222020000000000000".into(),
        real_name: "张三".into(),
    };
    let apply =
        async |to: &AbnormalRefundTo| world.wechat.apply_abnormal_refund(&world.account, &refund_id, "R1", to).await;
    assert_eq!(apply(&card).await.expect("taken").status, RefundStatus::Processing);
    world.standin.settle().await;
    let state = world.wechat.query_refund(&world.account, "R1").await.expect("an answer").expect("a refund");
    assert_eq!((state.status, state.user_received_account.as_deref()), (RefundStatus::Success, Some("退回银行卡")));
    let again = apply(&AbnormalRefundTo::MerchantBankCard).await.expect_err("no longer abnormal");
    assert!(matches!(again, Error::Pay { status: 400, .. }), "{again}");
}
