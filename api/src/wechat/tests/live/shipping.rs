//! Shipping information, from payment to settled money.

use chrono::Duration;

use super::{OPENID, World};
use crate::wechat::Error;
use crate::wechat::push::{PushEvent, SettlementMoment, open_push};
use crate::wechat::shipping::{
    Contact, DeclareOutcome, OrderKey, OrderQuery, Parcel, ReceiptOutcome, Shipment, ShipmentKind, ShipmentOutcome,
    TradeOrderState, mask_contact,
};
use crate::wechat::standin::{ScriptedRefusal, Switches};

const NUMBER: &str = "PS20260301000001";
const UPLOAD: &str = "/wxa/sec/order/upload_shipping_info";

fn key() -> OrderKey {
    OrderKey::OutTradeNo(NUMBER.into())
}

fn parcel(tracking_no: &str) -> Parcel {
    Parcel { tracking_no: tracking_no.into(), carrier: "JTSD".into(), item_desc: "羊毛大衣".into(), contact: None }
}

impl World {
    fn shipment(&self, parcels: &[&str]) -> Shipment {
        Shipment {
            order: key(),
            kind: ShipmentKind::Express,
            is_split: parcels.len() > 1,
            is_complete: true,
            parcels: parcels.iter().map(|number| parcel(number)).collect(),
            uploaded_at: self.clock.now(),
            openid: OPENID.into(),
        }
    }

    async fn upload(&self, shipment: &Shipment) -> ShipmentOutcome {
        self.wechat.upload_shipping(&self.account, shipment).await.expect("an outcome")
    }

    fn told(&self) -> Vec<PushEvent> {
        let open = |call: super::inbox::Received| open_push(&self.account, &call.query, &call.body).expect("opens");
        let pushes = self.inbox.received("/push").into_iter().flat_map(open);
        pushes.map(|push| push.event).collect()
    }

    async fn state(&self) -> TradeOrderState {
        let record = self.wechat.shipping_record(&self.account, &key()).await.expect("an answer");
        record.expect("a payment").state
    }
}

#[actix_web::test]
async fn shipped_goods_settle_after_ten_days() {
    let world = World::new();
    let id = world.buy(NUMBER, 19_900).await;
    assert_eq!(world.state().await, TradeOrderState::ToShip);
    let shipped_at = world.clock.now();
    assert_eq!(world.upload(&world.shipment(&["JT1"])).await, ShipmentOutcome::Taken);
    world.standin.settle().await;
    assert_eq!(world.state().await, TradeOrderState::Shipped);
    let estimated_at = Some(shipped_at + Duration::days(10));
    let PushEvent::Settlement { order, moment } = world.told().remove(0) else { panic!("not a settlement") };
    assert_eq!((order.transaction_id, order.out_trade_no.as_str()), (id, NUMBER));
    assert_eq!(moment, SettlementMoment::Shipped { shipped_at, estimated_at });
    world.pass(Duration::days(10) - Duration::seconds(1)).await;
    assert_eq!(world.told().len(), 1);
    world.pass(Duration::seconds(1)).await;
    assert_eq!(world.state().await, TradeOrderState::Done);
    let PushEvent::Settlement { moment, .. } = world.told().remove(1) else { panic!("not a settlement") };
    let now = world.clock.now();
    assert_eq!(moment, SettlementMoment::Settled { confirmed_at: Some(now), automatic: true, settled_at: now });
}

#[actix_web::test]
async fn a_buyer_confirms_earlier_and_a_complaint_holds_the_money() {
    let world = World::new();
    let id = world.buy(NUMBER, 19_900).await;
    assert!(!world.standin.confirm_receipt(&id), "nothing is shipped");
    world.upload(&world.shipment(&["JT1"])).await;
    world.standin.complain(&id, true);
    world.pass(Duration::days(10)).await;
    assert_eq!(world.state().await, TradeOrderState::Shipped);
    world.standin.complain(&id, false);
    world.standin.settle().await;
    assert_eq!(world.state().await, TradeOrderState::Done);
    let world = World::new();
    let id = world.buy(NUMBER, 19_900).await;
    world.upload(&world.shipment(&["JT1"])).await;
    assert!(world.standin.confirm_receipt(&id));
    world.standin.settle().await;
    let settled = world.told().pop().expect("a push");
    let by_hand = SettlementMoment::Settled {
        confirmed_at: Some(world.clock.now()),
        automatic: false,
        settled_at: world.clock.now(),
    };
    assert!(matches!(settled, PushEvent::Settlement { moment, .. } if moment == by_hand));
    world.pass(Duration::days(10)).await;
    assert_eq!(world.told().len(), 2, "time settles nothing twice");
}

#[actix_web::test]
async fn goods_that_are_not_carried_settle_after_two_days() {
    let world = World::new();
    world.buy(NUMBER, 19_900).await;
    let mut pickup = world.shipment(&["JT1"]);
    pickup.kind = ShipmentKind::Pickup;
    (pickup.parcels[0].tracking_no, pickup.parcels[0].carrier) = (String::new(), String::new());
    assert_eq!(world.upload(&pickup).await, ShipmentOutcome::Taken);
    world.pass(Duration::days(2)).await;
    assert_eq!(world.state().await, TradeOrderState::Done);
}

#[actix_web::test]
async fn a_payment_is_known_after_a_while() {
    let world = World::new();
    world.standin.set_switches(Switches { shipping_lag_seconds: 120, ..Switches::default() });
    let id = world.buy(NUMBER, 19_900).await;
    let (now, promised) = (world.clock.now(), world.clock.now() + Duration::days(30));
    assert_eq!(world.upload(&world.shipment(&["JT1"])).await, ShipmentOutcome::NotYetKnown);
    assert_eq!(world.wechat.shipping_record(&world.account, &key()).await, Ok(None));
    let declare = async || world.wechat.declare_presale(&world.account, &id, now, promised).await;
    assert_eq!(declare().await, Ok(DeclareOutcome::NotYetKnown));
    world.pass(Duration::seconds(120)).await;
    assert_eq!(declare().await, Ok(DeclareOutcome::Declared));
    assert_eq!(world.upload(&world.shipment(&["JT1"])).await, ShipmentOutcome::Taken);
}

#[actix_web::test]
async fn parcels_are_added_until_all_are_sent() {
    let world = World::new();
    world.buy(NUMBER, 19_900).await;
    let mut part = world.shipment(&["JT1", "JT2"]);
    part.is_complete = false;
    assert_eq!(world.upload(&part).await, ShipmentOutcome::Taken);
    assert_eq!(world.state().await, TradeOrderState::ToShip);
    let whole = world.shipment(&["JT1", "JT2", "JT3"]);
    let stale = world.upload(&whole).await;
    assert!(matches!(stale, ShipmentOutcome::Rejected { .. }), "the time has to grow: {stale:?}");
    world.clock.advance(Duration::milliseconds(1));
    let whole = world.shipment(&["JT1", "JT2", "JT3"]);
    assert_eq!(world.upload(&whole).await, ShipmentOutcome::Taken);
    let record = world.wechat.shipping_record(&world.account, &key()).await.expect("an answer").expect("a payment");
    let shipping = record.shipping.expect("a record");
    assert!(shipping.is_split && shipping.is_complete && shipping.parcels.len() == 3);
}

#[actix_web::test]
async fn a_complete_shipment_is_corrected_once() {
    let world = World::new();
    world.buy(NUMBER, 19_900).await;
    let mut outcomes = Vec::new();
    for number in ["JT1", "JT1", "JT2", "JT3"] {
        outcomes.push(world.upload(&world.shipment(&[number])).await);
        world.clock.advance(Duration::seconds(1));
    }
    use ShipmentOutcome::{CorrectionUsed, Taken};
    assert_eq!(outcomes, [Taken, Taken, Taken, CorrectionUsed], "the same again changes nothing");
    let record = world.wechat.shipping_record(&world.account, &key()).await.expect("an answer").expect("a payment");
    let shipping = record.shipping.expect("a record");
    assert_eq!((shipping.parcels[0].tracking_no.as_str(), shipping.completions), ("JT2", 2));
    world.pass(Duration::days(11)).await;
    assert_eq!(world.upload(&world.shipment(&["JT4"])).await, ShipmentOutcome::AlreadyComplete);
}

#[actix_web::test]
async fn another_payer_and_a_refunded_payment_are_refused() {
    let world = World::new();
    world.buy(NUMBER, 1000).await;
    let mut shipment = world.shipment(&["JT1"]);
    shipment.openid = "o-else".into();
    assert_eq!(world.upload(&shipment).await, ShipmentOutcome::OtherPayer);
    let refund = world.refund_of("R1", 1000);
    world.wechat.refund(&world.account, &refund).await.expect("accepted");
    world.standin.settle().await;
    assert_eq!(world.upload(&world.shipment(&["JT1"])).await, ShipmentOutcome::NotShippable);
    assert_eq!(world.state().await, TradeOrderState::Refunded);
}

#[actix_web::test]
async fn shipments_outside_the_limits_are_not_sent() {
    let world = World::new();
    let good = world.shipment(&["JT1"]);
    let numbers: Vec<String> = (0..16).map(|number| format!("JT{number}")).collect();
    let many: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let mut two_in_one = world.shipment(&["JT1", "JT2"]);
    two_in_one.is_split = false;
    let mut split_city = world.shipment(&["JT1", "JT2"]);
    split_city.kind = ShipmentKind::City;
    let mut nameless = good.clone();
    nameless.parcels[0].item_desc = " ".into();
    let mut sf = good.clone();
    sf.parcels[0].carrier = "SF".into();
    let mut bare = sf.clone();
    bare.parcels[0].contact = Some(Contact::Receiver("13812345678".into()));
    for bad in [world.shipment(&many), world.shipment(&[]), two_in_one, split_city, nameless, sf.clone(), bare] {
        let result = world.wechat.upload_shipping(&world.account, &bad).await;
        assert!(matches!(result, Err(Error::Invalid(_))), "{bad:?}: {result:?}");
    }
    assert_eq!(world.standin.calls(UPLOAD), 0);
    world.buy(NUMBER, 100).await;
    sf.parcels[0].contact = mask_contact("13812345678").map(Contact::Receiver);
    assert_eq!(world.upload(&sf).await, ShipmentOutcome::Taken);
}

#[actix_web::test]
async fn a_presale_is_declared_for_fifteen_to_three_hundred_and_thirty_days() {
    let world = World::new();
    let id = world.buy(NUMBER, 100).await;
    let paid_at = world.clock.now();
    let declare = async |days, more| {
        let promised = paid_at + Duration::days(days) + Duration::seconds(more);
        world.wechat.declare_presale(&world.account, &id, paid_at, promised).await
    };
    assert!(matches!(declare(15, 0).await, Err(Error::Invalid(_))));
    assert!(matches!(declare(330, 1).await, Err(Error::Invalid(_))));
    assert_eq!(declare(15, 1).await, Ok(DeclareOutcome::Declared));
    assert_eq!(declare(330, 0).await, Ok(DeclareOutcome::Declared));
    // Our own idea of when it was paid may be wrong; the platform knows better.
    let earlier = paid_at - Duration::days(5);
    let promised = earlier + Duration::days(18);
    let outcome = world.wechat.declare_presale(&world.account, &id, earlier, promised).await;
    assert!(matches!(outcome, Ok(DeclareOutcome::Rejected { code: 268546001, .. })), "{outcome:?}");
}

#[actix_web::test]
async fn the_brand_is_reminded_of_what_is_neither_shipped_nor_declared() {
    let world = World::new();
    world.standin.set_switches(Switches { remind_shipping_hours: 48, ..Switches::default() });
    world.buy(NUMBER, 100).await;
    let id = world.buy("PS20260301000002", 100).await;
    let paid_at = world.clock.now();
    let promised = paid_at + Duration::days(30);
    world.wechat.declare_presale(&world.account, &id, paid_at, promised).await.expect("declared");
    world.pass(Duration::hours(48)).await;
    let pushed = world.told();
    assert!(matches!(&pushed[..], [PushEvent::ShippingReminder(order)] if order.out_trade_no == NUMBER), "{pushed:?}");
    world.standin.control_trade(&world.account.appid, "支付能力受限");
    world.standin.settle().await;
    assert_eq!(world.told().pop(), Some(PushEvent::TradeControlled { msg: "支付能力受限".into() }));
}

#[actix_web::test]
async fn a_buyer_is_asked_once_to_confirm() {
    let world = World::new();
    world.buy(NUMBER, 100).await;
    world.upload(&world.shipment(&["JT1"])).await;
    let remind = async |hours| {
        let at = world.clock.now() + Duration::hours(hours);
        world.wechat.remind_receipt(&world.account, &key(), at).await.expect("an outcome")
    };
    assert!(matches!(remind(0).await, ReceiptOutcome::Rejected { .. }), "not after shipping");
    assert_eq!(remind(1).await, ReceiptOutcome::Sent);
    assert!(matches!(remind(1).await, ReceiptOutcome::Rejected { .. }), "once");
}

#[actix_web::test]
async fn payments_are_listed_page_by_page() {
    let world = World::new();
    for last in 1..=3 {
        world.buy(&format!("PS2026030100000{last}"), 100).await;
    }
    world.upload(&world.shipment(&["JT1"])).await;
    let list = async |query: OrderQuery| world.wechat.shipping_records(&world.account, &query).await.expect("a page");
    let first = list(OrderQuery { page_size: Some(2), ..OrderQuery::default() }).await;
    assert_eq!((first.orders.len(), first.has_more), (2, true));
    let rest = list(OrderQuery { after: Some(first.last_index), ..OrderQuery::default() }).await;
    assert_eq!((rest.orders.len(), rest.has_more), (1, false));
    let to_ship = list(OrderQuery { state: Some(TradeOrderState::ToShip), ..OrderQuery::default() }).await;
    assert_eq!(to_ship.orders.len(), 2);
    let later = world.clock.now() + Duration::seconds(1);
    assert!(list(OrderQuery { from: Some(later), ..OrderQuery::default() }).await.orders.is_empty());
}

#[actix_web::test]
async fn what_wechat_says_of_the_app_and_of_carriers() {
    let world = World::new();
    assert_eq!(world.wechat.is_trade_managed(&world.account).await, Ok(true));
    let carriers = world.wechat.carriers(&world.account).await.expect("a list");
    assert!(carriers.iter().any(|carrier| carrier.code == "SF" && carrier.name == "顺丰速运"));
}

#[actix_web::test]
async fn scripted_codes_come_through() {
    let world = World::new();
    world.buy(NUMBER, 100).await;
    for (code, expected) in [
        ("10060012", ShipmentOutcome::RetryLater),
        ("10060019", ShipmentOutcome::RetryLater),
        ("-1", ShipmentOutcome::RetryLater),
    ] {
        let refusal = ScriptedRefusal { status: 200, code: code.into(), message: "系统错误".into(), times: 1 };
        world.standin.refuse(UPLOAD, refusal);
        assert_eq!(world.upload(&world.shipment(&["JT1"])).await, expected, "{code}");
    }
    assert_eq!(world.upload(&world.shipment(&["JT1"])).await, ShipmentOutcome::Taken);
}
