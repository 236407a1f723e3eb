use super::World;
use super::inbox::Received;
use crate::wechat::pay::{Notification, NotificationEvent};
use crate::wechat::standin::Switches;
use crate::wechat::{Error, Refusal, Result};

const NUMBER: &str = "PS20260301000001";

impl World {
    pub async fn open(&self, call: &Received) -> Result<Notification> {
        self.wechat.open_notification(&self.account, &call.signature(), &call.body).await
    }
}

#[actix_web::test]
async fn a_payment_is_reported_signed_and_sealed() {
    let world = World::new();
    let id = world.buy(NUMBER, 19_900).await;
    let calls = world.inbox.received("/pay");
    assert_eq!(calls.len(), 1);
    let NotificationEvent::Transaction(transaction) = world.open(&calls[0]).await.expect("opens").event else {
        panic!("not a transaction")
    };
    assert_eq!(transaction, world.wechat.query(&world.account, NUMBER).await.expect("an order"));
    assert_eq!(transaction.transaction_id, Some(id));
}

#[actix_web::test]
async fn an_unanswered_report_is_repeated_fifteen_times_over_a_day() {
    let world = World::new();
    world.inbox.answer(&[500; 20]);
    world.buy(NUMBER, 100).await;
    let mut ids = vec![world.open(&world.inbox.received("/pay")[0]).await.expect("opens").id];
    let pauses = [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600];
    for (tries, pause) in pauses.into_iter().enumerate() {
        world.pass(chrono::Duration::seconds(pause - 1)).await;
        assert_eq!(world.inbox.received("/pay").len(), tries + 1, "too early");
        world.pass(chrono::Duration::seconds(1)).await;
        let calls = world.inbox.received("/pay");
        assert_eq!(calls.len(), tries + 2, "too late");
        // Each try is signed anew, so it is still believed a day later.
        ids.push(world.open(&calls[tries + 1]).await.expect("opens").id);
    }
    world.pass(chrono::Duration::days(2)).await;
    assert_eq!(world.inbox.received("/pay").len(), 16);
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[actix_web::test]
async fn decoys_are_refused_and_followed_by_the_real_one() {
    for (switches, reason) in [
        (Switches { probe_first: true, ..Switches::default() }, Refusal::Probe),
        (Switches { tamper_first: true, ..Switches::default() }, Refusal::Signature),
    ] {
        let world = World::new();
        world.standin.set_switches(switches);
        world.inbox.answer(&[401]);
        world.buy(NUMBER, 100).await;
        let calls = world.inbox.received("/pay");
        assert_eq!(calls.len(), 2);
        assert_eq!(world.open(&calls[0]).await, Err(Error::Unverified(reason)));
        assert!(world.open(&calls[1]).await.is_ok());
    }
}

#[actix_web::test]
async fn doubled_reports_share_their_id() {
    let world = World::new();
    world.standin.set_switches(Switches { duplicate: true, ..Switches::default() });
    world.buy(NUMBER, 100).await;
    let calls = world.inbox.received("/pay");
    assert_eq!(calls.len(), 2);
    assert_eq!(world.open(&calls[0]).await, world.open(&calls[1]).await);
}

#[actix_web::test]
async fn a_report_for_another_brand_does_not_open() {
    let world = World::new();
    world.buy(NUMBER, 100).await;
    let call = world.inbox.received("/pay").remove(0);
    let other = crate::wechat::standin::test_account(uuid::Uuid::nil(), "second", 2);
    let opened = world.wechat.open_notification(&other, &call.signature(), &call.body).await;
    assert_eq!(opened, Err(Error::Unverified(Refusal::Decrypt)));
}
