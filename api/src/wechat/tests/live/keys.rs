//! The two kinds of platform keys, and what happens when they change.

use uuid::Uuid;

use super::{World, test_account};
use crate::wechat::pay::TradeState;
use crate::wechat::standin::{CallbackFault, Fault, FaultKind, KeyMode, StandinBrand, Switches, certificate_account};
use crate::wechat::{Error, Refusal};

const NUMBER: &str = "PS20260301000001";
const LIST: &str = "/v3/certificates";

impl World {
    fn with_certificates() -> Self {
        World::of(certificate_account(Uuid::nil(), "first", 1))
    }

    fn switch_to(&self, key_mode: KeyMode) {
        let brand = StandinBrand::of(&self.account, Some(self.inbox.url("/push"))).expect("readable keys");
        self.standin.register(StandinBrand { key_mode, ..brand });
    }
}

#[actix_web::test]
async fn certificates_are_read_once_and_kept_for_twelve_hours() {
    let world = World::with_certificates();
    world.buy(NUMBER, 100).await;
    assert_eq!(world.wechat.query(&world.account, NUMBER).await.expect("an order").trade_state, TradeState::Success);
    assert!(world.open(&world.inbox.received("/pay")[0]).await.is_ok());
    assert_eq!(world.standin.calls(LIST), 1);
    world.clock.advance(chrono::Duration::hours(12));
    world.wechat.query(&world.account, NUMBER).await.expect("an order");
    assert_eq!(world.standin.calls(LIST), 2);
}

#[actix_web::test]
async fn a_new_certificate_is_taken_in_the_middle_of_traffic() {
    let world = World::with_certificates();
    world.buy(NUMBER, 100).await;
    let before = world.inbox.received("/pay").remove(0);
    world.standin.rotate_key(&world.account.mchid);
    world.buy("PS20260301000002", 100).await;
    let after = world.inbox.received("/pay").remove(1);
    assert_ne!(before.signature().serial, after.signature().serial);
    // Both are good at once.
    assert!(world.open(&before).await.is_ok() && world.open(&after).await.is_ok());
    assert_eq!(world.standin.calls(LIST), 2);
    world.standin.retire_old_key(&world.account.mchid);
    world.clock.advance(chrono::Duration::hours(12));
    let late = world.open(&before).await;
    assert_eq!(late, Err(Error::Unverified(Refusal::Clock)));
    world.wechat.query(&world.account, NUMBER).await.expect("signed by the second");
}

#[actix_web::test]
async fn an_unknown_serial_is_asked_for_once_and_then_refused() {
    let world = World::with_certificates();
    world.buy(NUMBER, 100).await;
    let call = world.inbox.received("/pay").remove(0);
    let mut headers = call.signature();
    headers.serial = "1234567890ABCDEF1234567890ABCDEF12345678".into();
    let before = world.standin.calls(LIST);
    for _ in 0..3 {
        let opened = world.wechat.open_notification(&world.account, &headers, &call.body).await;
        assert_eq!(opened, Err(Error::Unverified(Refusal::UnknownSerial)));
    }
    assert_eq!(world.standin.calls(LIST), before + 1);
    for last in 0..30 {
        headers.serial = format!("1234567890ABCDEF1234567890ABCDEF1234{last:04}");
        assert!(world.wechat.open_notification(&world.account, &headers, &call.body).await.is_err());
    }
    assert_eq!(world.standin.calls(LIST), before + 5, "strangers cannot make us ask without end");
    headers.serial = "PUB_KEY_ID_0000000000000000000000000000000001".into();
    let opened = world.wechat.open_notification(&world.account, &headers, &call.body).await;
    assert_eq!(opened, Err(Error::Unverified(Refusal::UnknownSerial)));
    assert_eq!(world.standin.calls(LIST), before + 5, "a public key is in no list");
}

#[actix_web::test]
async fn a_merchant_with_the_public_key_alone_has_no_list() {
    let world = World::new();
    world.buy(NUMBER, 100).await;
    assert_eq!(world.standin.calls(LIST), 0);
    let call = world.inbox.received("/pay").remove(0);
    let mut headers = call.signature();
    headers.serial = "440024045C4A427599D09BB4E3DE0279F2E813FD".into();
    let opened = world.wechat.open_notification(&world.account, &headers, &call.body).await;
    assert_eq!(opened, Err(Error::Unverified(Refusal::UnknownSerial)));
    assert_eq!(world.standin.calls(LIST), 1);
}

#[actix_web::test]
async fn while_a_merchant_switches_both_kinds_are_believed() {
    let world = World::of(test_account(Uuid::nil(), "first", 1));
    world.switch_to(KeyMode::Switching);
    for last in 1..=6 {
        world.buy(&format!("PS202603010000{last:02}"), 100).await;
    }
    let calls = world.inbox.received("/pay");
    let mut serials: Vec<_> = calls.iter().map(|call| call.signature().serial).collect();
    for call in &calls {
        assert!(world.open(call).await.is_ok());
    }
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), 2, "{serials:?}");
}

#[actix_web::test]
async fn a_wrong_key_and_a_tampered_body_are_not_believed() {
    let world = World::new();
    world.buy(NUMBER, 100).await;
    for (kind, reason) in [(FaultKind::WrongKey, Refusal::UnknownSerial), (FaultKind::Tampered, Refusal::Signature)] {
        world.standin.set_fault("/v3/pay/", Fault::before(kind));
        let error = world.wechat.query(&world.account, NUMBER).await.expect_err("not believed");
        assert_eq!(error, Error::Unverified(reason));
        assert!(error.is_outcome_unknown(), "it may have been carried out");
        assert!(world.wechat.query(&world.account, NUMBER).await.is_ok());
    }
    let reports = [
        (CallbackFault::Probe, Refusal::Probe),
        (CallbackFault::WrongKey, Refusal::UnknownSerial),
        (CallbackFault::Tampered, Refusal::Signature),
    ];
    for (at, (fault, reason)) in reports.into_iter().enumerate() {
        let world = World::new();
        world.standin.set_callback_fault("TRANSACTION.", fault, 1);
        world.inbox.answer(&[401]);
        world.buy(&format!("PS2026030100001{at}"), 100).await;
        let calls = world.inbox.received("/pay");
        let error = world.open(&calls[0]).await.expect_err("a decoy");
        assert_eq!(error, Error::Unverified(reason));
        assert_eq!(error.is_alarm(), reason == Refusal::UnknownSerial, "probes and tampering ring nothing");
        assert!(world.open(&calls[1]).await.is_ok());
    }
}

#[actix_web::test]
async fn a_list_that_was_tampered_with_is_not_taken() {
    let world = World::with_certificates();
    world.standin.set_fault(LIST, Fault::before(FaultKind::Tampered));
    let error = world.wechat.prepay(&world.account, &world.order(NUMBER, 100)).await.expect_err("not believed");
    assert_eq!(error, Error::Unverified(Refusal::Signature));
    world.standin.set_switches(Switches::default());
    assert!(world.wechat.prepay(&world.account, &world.order(NUMBER, 100)).await.is_ok());
}
