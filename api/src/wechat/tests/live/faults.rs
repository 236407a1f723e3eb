//! Faults on demand: by path, for some calls or until cleared, by chance and for callbacks.

use super::World;
use crate::wechat::pay::NotificationEvent;
use crate::wechat::standin::{CallbackFault, Chaos, Fault, FaultKind, Switches};
use crate::wechat::{Error, Refusal};

const NUMBER: &str = "PS20260301000001";
const JSAPI: &str = "/v3/pay/transactions/jsapi";

#[actix_web::test]
async fn a_fault_lasts_until_it_is_cleared_and_keeps_to_its_path() {
    let world = World::new();
    world.standin.set_fault(JSAPI, Fault::lasting(FaultKind::BadGateway));
    for _ in 0..5 {
        let error = world.wechat.prepay(&world.account, &world.order(NUMBER, 100)).await.expect_err("a gateway's page");
        assert!(matches!(error, Error::Unknown(_)), "{error}");
    }
    let error = world.wechat.query(&world.account, NUMBER).await.expect_err("unknown order");
    assert!(error.is_not_found(), "another path works: {error}");
    world.standin.clear_faults("/v3/pay/");
    assert!(world.wechat.prepay(&world.account, &world.order(NUMBER, 100)).await.is_ok());
}

#[actix_web::test]
async fn answers_that_are_not_believed_were_carried_out_all_the_same() {
    let world = World::new();
    for (kind, reason) in [(FaultKind::WrongKey, Refusal::UnknownSerial), (FaultKind::Tampered, Refusal::Signature)] {
        world.standin.set_fault(JSAPI, Fault::before(kind));
        let error = world.wechat.prepay(&world.account, &world.order(NUMBER, 100)).await.expect_err("not believed");
        assert_eq!(error, Error::Unverified(reason));
    }
    assert_eq!(world.standin.books(&world.account.mchid).transactions.len(), 1);
}

#[actix_web::test]
async fn chance_repeats_itself_for_the_same_seed() {
    let outcomes = async |seed| {
        let world = World::new();
        world.standin.set_chaos(JSAPI, Chaos { seed, per_thousand: 500 });
        let mut outcomes = Vec::new();
        for last in 0..24 {
            let order = world.order(&format!("PS202603010000{last:02}"), 100);
            outcomes.push(world.wechat.prepay(&world.account, &order).await.map(drop));
        }
        (outcomes, world.standin.books(&world.account.mchid).transactions.len())
    };
    let (first, booked) = outcomes(7).await;
    assert_eq!((first.clone(), booked), outcomes(7).await);
    assert_ne!(first, outcomes(8).await.0);
    let taken = first.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(taken > 0 && taken < first.len() && booked >= taken, "{taken} of {booked}");
}

#[actix_web::test]
async fn callbacks_are_dropped_doubled_and_delayed_by_event() {
    let world = World::new();
    world.standin.set_callback_fault("TRANSACTION.", CallbackFault::Drop, 1);
    world.standin.set_callback_fault("TRANSACTION.", CallbackFault::Duplicate, 1);
    world.standin.set_callback_fault("TRANSACTION.", CallbackFault::Delay(600), 1);
    world.standin.set_callback_fault("REFUND.", CallbackFault::Drop, u32::MAX);
    for last in 1..=4 {
        world.buy(&format!("PS202603010000{last:02}"), 100).await;
    }
    assert_eq!(world.reported_numbers(0).await, ["PS20260301000002", "PS20260301000002", "PS20260301000004"]);
    world.pass(chrono::Duration::seconds(599)).await;
    assert_eq!(world.inbox.received("/pay").len(), 3);
    world.pass(chrono::Duration::seconds(1)).await;
    assert_eq!(world.inbox.received("/pay").len(), 4, "late, and the dropped one never");
    world.standin.set_callback_fault("TRANSACTION.", CallbackFault::Drop, u32::MAX);
    world.buy("PS2026030100009", 100).await;
    world.standin.clear_callbacks();
    world.buy("PS2026030100010", 100).await;
    assert_eq!(world.inbox.received("/pay").len(), 5);
}

#[actix_web::test]
async fn callbacks_overtake_one_another_the_same_way_for_the_same_seed() {
    let order_of = async |seed| {
        let world = World::new();
        world.standin.seed(seed);
        world.standin.set_switches(Switches { reorder_seconds: 3600, ..Switches::default() });
        for last in 1..=8 {
            world.buy(&format!("PS202603010000{last:02}"), 100).await;
        }
        let mut seen: Vec<String> = Vec::new();
        for _ in 0..60 {
            world.pass(chrono::Duration::minutes(1)).await;
            let mut new: Vec<String> = world.reported_numbers(seen.len()).await;
            new.sort();
            seen.append(&mut new);
        }
        seen
    };
    let first = order_of(3).await;
    assert_eq!(first.len(), 8);
    assert!(!first.is_sorted(), "{first:?}");
    assert_eq!(first, order_of(3).await);
}

impl World {
    /// Of the reports after the first `known`, as their signatures are good for five minutes only.
    async fn reported_numbers(&self, known: usize) -> Vec<String> {
        let mut numbers = Vec::new();
        for call in self.inbox.received("/pay").into_iter().skip(known) {
            let NotificationEvent::Transaction(transaction) = self.open(&call).await.expect("opens").event else {
                panic!("not a transaction")
            };
            numbers.push(transaction.out_trade_no);
        }
        numbers
    }
}
