use std::collections::BTreeMap;

use super::{OPENID, TEMPLATE, World};
use crate::wechat::push::{Push, PushEvent, SubscribeItem, open_push};
use crate::wechat::standin::{Fault, FaultKind, PushMode, StandinBrand, Switches};
use crate::wechat::{SendOutcome, SubscribeMessage};

const PATH: &str = "/cgi-bin/message/subscribe/send";

fn message(thing: &str) -> SubscribeMessage {
    SubscribeMessage {
        openid: OPENID.into(),
        template_id: TEMPLATE.into(),
        page: Some("pages/presale/index?id=1".into()),
        data: BTreeMap::from([("thing1".into(), thing.into()), ("amount2".into(), "¥199.00".into())]),
        lang: None,
    }
}

impl World {
    async fn send(&self, thing: &str) -> SendOutcome {
        self.wechat.send_subscribe(&self.account, &message(thing)).await.expect("an outcome")
    }

    fn accept(&self) {
        self.standin.accept_subscribe(&self.account.appid, OPENID, TEMPLATE);
    }

    /// Everything pushed so far, opened.
    fn pushed(&self) -> Vec<Push> {
        let open = |call: &super::inbox::Received| open_push(&self.account, &call.query, &call.body).expect("opens");
        self.inbox.received("/push").iter().flat_map(open).collect()
    }
}

#[actix_web::test]
async fn one_acceptance_is_one_message() {
    let world = World::new();
    world.accept();
    assert!(matches!(world.send("春季连衣裙").await, SendOutcome::Sent { msgid: Some(_) }));
    assert_eq!(world.send("春季连衣裙").await, SendOutcome::Refused);
    let sent = world.standin.sent_messages(&world.account.appid);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].data["thing1"], "春季连衣裙");
    assert_eq!(sent[0].page.as_deref(), Some("pages/presale/index?id=1"));
}

#[actix_web::test]
async fn texts_that_do_not_fit_are_dropped_and_cost_no_acceptance() {
    let world = World::new();
    world.accept();
    assert_eq!(world.send(&"长".repeat(21)).await, SendOutcome::Dropped { code: 47003 });
    assert_eq!(world.send("").await, SendOutcome::Dropped { code: 47003 });
    let mut stranger = message("好");
    stranger.openid = "o-nobody".into();
    let outcome = world.wechat.send_subscribe(&world.account, &stranger).await;
    assert_eq!(outcome, Ok(SendOutcome::Dropped { code: 40003 }));
    let fitted = crate::wechat::fit("thing1", &"长".repeat(21));
    assert!(matches!(world.send(&fitted).await, SendOutcome::Sent { .. }));
}

#[actix_web::test]
async fn failures_say_whether_the_message_may_have_gone_out() {
    let world = World::new();
    world.accept();
    world.standin.set_fault(PATH, Fault::before(FaultKind::SystemError));
    assert_eq!(world.send("一").await, SendOutcome::RetryLater);
    world.standin.set_fault(PATH, Fault::before(FaultKind::Throttled));
    assert_eq!(world.send("一").await, SendOutcome::RetryLater);
    world.standin.set_fault(PATH, Fault::after(FaultKind::Reset));
    assert_eq!(world.send("一").await, SendOutcome::Unknown);
    assert_eq!(world.standin.sent_messages(&world.account.appid).len(), 1);
    assert_eq!(world.send("一").await, SendOutcome::Refused);
}

#[actix_web::test]
async fn acceptance_and_delivery_are_pushed_in_either_mode() {
    for mode in [PushMode::Secure, PushMode::Plain] {
        let mut world = World::new();
        if mode == PushMode::Plain {
            world.account.push_aes_key = None;
            let brand = StandinBrand::of(&world.account, Some(world.inbox.url("/push"))).expect("readable keys");
            assert_eq!(brand.push_mode, mode);
            world.standin.register(brand.with_template(TEMPLATE, &["thing1", "amount2"]));
        }
        world.accept();
        world.standin.settle().await;
        let SendOutcome::Sent { msgid: Some(sent) } = world.send("好").await else { panic!("not sent") };
        world.standin.settle().await;
        let pushed = world.pushed();
        let items = vec![SubscribeItem { template_id: TEMPLATE.into(), accepted: true }];
        assert_eq!(pushed[0].event, PushEvent::SubscribePopup { openid: OPENID.into(), items });
        let PushEvent::SubscribeSent { msgid, error_code, .. } = &pushed[1].event else { panic!("not sent") };
        assert_eq!((msgid.trim_start_matches('0'), *error_code), (sent.as_str(), 0));
    }
}

#[actix_web::test]
async fn a_push_is_tried_four_times_with_the_same_identity() {
    let world = World::new();
    world.inbox.answer(&[500, 500, 500, 500]);
    world.accept();
    world.standin.settle().await;
    for _ in 0..5 {
        world.pass(chrono::Duration::seconds(5)).await;
    }
    let pushed = world.pushed();
    assert_eq!(pushed.len(), 4);
    assert!(pushed.iter().all(|push| push == &pushed[0]));
}

#[actix_web::test]
async fn callbacks_are_lost_doubled_or_late_on_demand() {
    let world = World::new();
    world.standin.set_switches(Switches { drop: true, ..Switches::default() });
    world.accept();
    world.standin.settle().await;
    assert_eq!(world.pushed().len(), 0);
    world.standin.set_switches(Switches { duplicate: true, delay_seconds: 60, ..Switches::default() });
    world.accept();
    world.standin.settle().await;
    assert_eq!(world.pushed().len(), 0);
    world.pass(chrono::Duration::seconds(60)).await;
    assert_eq!(world.pushed().len(), 2);
}
