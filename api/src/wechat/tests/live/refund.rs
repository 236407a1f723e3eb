use super::World;
use crate::wechat::Error;
use crate::wechat::pay::{NotificationEvent, Refund, RefundOf, RefundStatus, TradeState};
use crate::wechat::standin::{Fault, FaultKind, Switches};

const NUMBER: &str = "PS20260301000001";
const PATH: &str = "/v3/refund/domestic/refunds";

impl World {
    fn refund_of(&self, out_refund_no: &str, refund_fen: i64) -> Refund {
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
    let notification = world.wechat.open_notification(&world.account, &call.signature(), &call.body).expect("opens");
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
    for kind in [FaultKind::SystemError, FaultKind::Reset, FaultKind::Slow(1000)] {
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
