use super::{OPENID, World};
use crate::wechat::pay::{CloseOutcome, TradeState};
use crate::wechat::standin::{Fault, FaultKind, PayFailure, Switches};
use crate::wechat::{Error, Refusal};

const NUMBER: &str = "PS20260301000001";
const JSAPI: &str = "/v3/pay/transactions/jsapi";

fn code(error: Error) -> String {
    match error {
        Error::Pay { code, .. } => code,
        other => other.to_string(),
    }
}

#[actix_web::test]
async fn an_order_is_paid_and_queried() {
    let world = World::new();
    let params = world.params(&world.order(NUMBER, 19_900)).await;
    let unpaid = world.wechat.query(&world.account, NUMBER).await.expect("an order");
    assert_eq!((unpaid.trade_state, &unpaid.transaction_id, &unpaid.openid), (TradeState::NotPay, &None, &None));
    let id = world.standin.pay(&params, OPENID).expect("paid");
    let paid = world.wechat.query(&world.account, NUMBER).await.expect("an order");
    assert!(paid.trade_state.is_paid() && paid.belongs_to(&world.account));
    assert_eq!(paid.transaction_id, Some(id));
    assert_eq!((paid.amount_fen, paid.currency.as_deref()), (Some(19_900), Some("CNY")));
    assert_eq!((paid.openid.as_deref(), paid.attach.as_deref()), (Some(OPENID), Some("order:1")));
    assert_eq!(paid.success_time, Some(world.clock.now()));
}

#[actix_web::test]
async fn an_order_repeats_unchanged_but_not_changed() {
    let world = World::new();
    let order = world.order(NUMBER, 100);
    let first = world.wechat.prepay(&world.account, &order).await.expect("a prepay_id");
    assert_eq!(world.wechat.prepay(&world.account, &order).await, Ok(first));
    let dearer = world.order(NUMBER, 200);
    let error = world.wechat.prepay(&world.account, &dearer).await.expect_err("refused");
    assert_eq!(code(error), "OUT_TRADE_NO_USED");
}

#[actix_web::test]
async fn only_the_buyer_pays_with_the_merchants_signature_and_in_time() {
    let world = World::new();
    let params = world.params(&world.order(NUMBER, 100)).await;
    assert_eq!(world.standin.pay(&params, "o-someone-else"), Err(PayFailure::OtherUser));
    let mut forged = params.clone();
    forged.time_stamp.push('0');
    assert_eq!(world.standin.pay(&forged, OPENID), Err(PayFailure::BadSignature));
    world.clock.advance(chrono::Duration::minutes(30));
    assert_eq!(world.standin.pay(&params, OPENID), Err(PayFailure::OrderExpired));
}

#[actix_web::test]
async fn closing_ends_an_unpaid_order_and_reports_a_paid_one() {
    let world = World::new();
    let params = world.params(&world.order(NUMBER, 100)).await;
    for _ in 0..2 {
        assert_eq!(world.wechat.close(&world.account, NUMBER).await, Ok(CloseOutcome::Closed));
    }
    assert_eq!(world.standin.pay(&params, OPENID), Err(PayFailure::Closed));
    let error = world.wechat.prepay(&world.account, &world.order(NUMBER, 100)).await.expect_err("refused");
    assert_eq!(code(error), "ORDER_CLOSED");
    world.buy("PS20260301000002", 100).await;
    assert_eq!(world.wechat.close(&world.account, "PS20260301000002").await, Ok(CloseOutcome::AlreadyPaid));
    let paid = world.order("PS20260301000002", 100);
    assert_eq!(code(world.wechat.prepay(&world.account, &paid).await.expect_err("refused")), "ORDERPAID");
}

#[actix_web::test]
async fn closing_an_unknown_number_spoils_it() {
    let world = World::new();
    let error = world.wechat.query(&world.account, NUMBER).await.expect_err("unknown");
    assert!(error.is_not_found(), "{error}");
    assert_eq!(world.wechat.close(&world.account, NUMBER).await, Ok(CloseOutcome::Closed));
    let error = world.wechat.prepay(&world.account, &world.order(NUMBER, 100)).await.expect_err("spoiled");
    assert_eq!(code(error), "INVALID_REQUEST");
}

#[actix_web::test]
async fn an_order_whose_answer_was_lost_repeats_into_the_same_order() {
    let world = World::new();
    let hasty = world.hasty();
    let order = world.order(NUMBER, 100);
    for kind in
        [FaultKind::SystemError, FaultKind::BadGateway, FaultKind::Reset, FaultKind::Slow(1000), FaultKind::Accepted]
    {
        world.standin.set_fault(JSAPI, Fault::after(kind));
        let error = hasty.prepay(&world.account, &order).await.expect_err("no answer");
        assert!(error.is_outcome_unknown(), "{kind:?}: {error}");
    }
    world.wechat.prepay(&world.account, &order).await.expect("a prepay_id");
    assert_eq!(world.standin.books(&world.account.mchid).transactions.len(), 1);
}

#[actix_web::test]
async fn throttling_is_worth_another_try() {
    let world = World::new();
    world.standin.set_fault(JSAPI, Fault::before(FaultKind::Throttled));
    let error = world.wechat.prepay(&world.account, &world.order(NUMBER, 100)).await.expect_err("throttled");
    assert!(error.is_transient() && !error.is_alarm(), "{error}");
    assert!(world.standin.books(&world.account.mchid).transactions.is_empty());
}

#[actix_web::test]
async fn a_probe_instead_of_a_signature_is_asked_again_once() {
    let world = World::new();
    world.standin.set_switches(Switches { probe_answers: 1, ..Switches::default() });
    let order = world.order(NUMBER, 100);
    assert!(world.wechat.prepay(&world.account, &order).await.is_ok());
    world.standin.set_switches(Switches { probe_answers: 2, ..Switches::default() });
    let error = world.wechat.prepay(&world.account, &order).await.expect_err("two probes");
    assert_eq!(error, Error::Unverified(Refusal::Probe));
}

#[actix_web::test]
async fn answers_of_another_key_are_not_believed() {
    let mut world = World::new();
    world.account.platform_key_id = "PUB_KEY_ID_0000000000000000000000000000000001".into();
    let error = world.wechat.prepay(&world.account, &world.order(NUMBER, 100)).await.expect_err("not believed");
    assert_eq!(error, Error::Unverified(Refusal::UnknownSerial));
    assert!(error.is_outcome_unknown() && error.is_alarm());
}

#[actix_web::test]
async fn requests_with_wrong_credentials_are_refused_with_the_services_words() {
    let world = World::new();
    let mut account = world.account.clone();
    account.merchant_serial = "00".into();
    let error = world.wechat.prepay(&account, &world.order(NUMBER, 100)).await.expect_err("refused");
    let message = "商户证书序列号有误。请使用签名私钥匹配的证书序列号".to_owned();
    assert_eq!(error, Error::Pay { status: 401, code: "SIGN_ERROR".into(), message });
    let mut account = world.account.clone();
    account.appid = "wx0000000000000099".into();
    let error = world.wechat.prepay(&account, &world.order(NUMBER, 100)).await.expect_err("refused");
    assert_eq!(code(error), "APPID_MCHID_NOT_MATCH");
}

#[actix_web::test]
async fn a_clock_that_is_off_is_told_before_the_signature_is_looked_at() {
    let world = World::new();
    let ahead = crate::base::clock::Clock::fake(world.clock.now() + chrono::Duration::seconds(301));
    let wechat = super::client(&world.standin.base_url(), &ahead, std::time::Duration::from_secs(10));
    let error = wechat.query(&world.account, NUMBER).await.expect_err("refused");
    let message = "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟".to_owned();
    assert_eq!(error, Error::Pay { status: 401, code: "SIGN_ERROR".into(), message });
}

#[actix_web::test]
async fn arguments_outside_the_limits_are_not_sent() {
    let world = World::new();
    for (number, amount) in [("short", 100), ("PS2026030100000/", 100), (NUMBER, 0), (NUMBER, -1)] {
        let error = world.wechat.prepay(&world.account, &world.order(number, amount)).await.expect_err("refused");
        assert!(matches!(error, Error::Invalid(_)), "{number} {amount}: {error}");
    }
    assert_eq!(world.standin.calls(JSAPI), 0);
}

#[actix_web::test]
async fn numbers_with_every_allowed_symbol_travel_in_paths() {
    let world = World::new();
    let number = "a_b-c|d*e1";
    world.buy(number, 100).await;
    assert_eq!(world.wechat.query(&world.account, number).await.expect("an order").out_trade_no, number);
}
