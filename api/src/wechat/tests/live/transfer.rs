//! Merchant transfers, which the user confirms.

use super::{OPENID, World};
use crate::wechat::pay::{NotificationEvent, Transfer, TransferBill, TransferScene, TransferState};
use crate::wechat::standin::{Fault, FaultKind, Switches, TransferFailure, certificate_account};
use crate::wechat::{Advice, Error};

const NUMBER: &str = "KOC202603010001";
const PATH: &str = "/v3/fund-app/mch-transfer/transfer-bills";

impl World {
    fn transfer_of(&self, amount_fen: i64, user_name: Option<&str>) -> Transfer {
        Transfer {
            out_bill_no: NUMBER.into(),
            openid: OPENID.into(),
            amount_fen,
            user_name: user_name.map(Into::into),
            remark: "三月社群佣金".into(),
            scene: TransferScene::Remuneration { job: "社群推广".into(), reason: "2026年3月推广佣金".into() },
            notify_url: self.inbox.url("/transfer"),
        }
    }

    async fn ask(&self, amount_fen: i64) -> TransferBill {
        self.wechat.transfer(&self.account, &self.transfer_of(amount_fen, None)).await.expect("taken")
    }

    async fn transferred(&self) -> TransferBill {
        self.wechat.query_transfer(&self.account, NUMBER).await.expect("an answer").expect("a bill")
    }

    async fn reported(&self) -> TransferBill {
        let call = self.inbox.received("/transfer").pop().expect("a report");
        let NotificationEvent::Transfer(bill) = self.open(&call).await.expect("opens").event else {
            panic!("not a transfer")
        };
        bill
    }
}

#[actix_web::test]
async fn a_user_confirms_and_is_paid() {
    let world = World::new();
    world.standin.set_switches(Switches { transfer_seconds: 60, ..Switches::default() });
    let bill = world.ask(12_345).await;
    assert_eq!(bill.state, TransferState::WaitUserConfirm);
    let package = bill.package_info.expect("a package");
    assert_eq!(world.standin.confirm_transfer(&package, "o-else"), Err(TransferFailure::OtherUser));
    assert_eq!(world.standin.confirm_transfer(&package, OPENID), Ok(()));
    assert_eq!(world.transferred().await.state, TransferState::Transferring);
    world.pass(chrono::Duration::seconds(60)).await;
    let done = world.transferred().await;
    assert!(done.state == TransferState::Success && done.state.is_final() && !done.state.is_undone());
    assert_eq!((done.amount_fen, done.openid.as_deref()), (Some(12_345), Some(OPENID)));
    assert_eq!(world.reported().await, done);
    assert_eq!(world.standin.confirm_transfer(&package, OPENID), Err(TransferFailure::NotWaiting));
}

#[actix_web::test]
async fn a_compensation_is_told_by_its_own_scene() {
    let world = World::new();
    let scene = TransferScene::Compensation { reason: "定金双倍返还".into() };
    let bill = world.wechat.transfer(&world.account, &Transfer { scene, ..world.transfer_of(100, None) }).await;
    assert_eq!(bill.expect("taken").state, TransferState::WaitUserConfirm);
    let scene = TransferScene::Compensation { reason: String::new() };
    let untold = world.wechat.transfer(&world.account, &Transfer { scene, ..world.transfer_of(100, None) }).await;
    assert!(matches!(untold, Err(Error::Invalid(_))), "{untold:?}");
}

#[actix_web::test]
async fn an_unconfirmed_transfer_lapses_after_a_day() {
    let world = World::new();
    let package = world.ask(100).await.package_info.expect("a package");
    world.pass(chrono::Duration::seconds(24 * 3600 - 1)).await;
    assert_eq!(world.transferred().await.state, TransferState::WaitUserConfirm);
    world.pass(chrono::Duration::seconds(1)).await;
    let lapsed = world.reported().await;
    assert_eq!((lapsed.state, lapsed.fail_reason.as_deref()), (TransferState::Fail, Some("OVERDUE_CLOSE")));
    assert!(lapsed.state.is_undone());
    assert_eq!(world.standin.confirm_transfer(&package, OPENID), Err(TransferFailure::NotWaiting));
}

#[actix_web::test]
async fn a_transfer_is_taken_back_until_the_user_confirms() {
    let world = World::new();
    let package = world.ask(100).await.package_info.expect("a package");
    let state = world.wechat.cancel_transfer(&world.account, NUMBER).await.expect("taken back").state;
    assert_eq!(state, TransferState::Canceling);
    world.standin.settle().await;
    assert_eq!(world.reported().await.state, TransferState::Cancelled);
    assert!(world.wechat.cancel_transfer(&world.account, NUMBER).await.is_ok(), "repeating is harmless");
    assert_eq!(world.standin.confirm_transfer(&package, OPENID), Err(TransferFailure::NotWaiting));
    let world = World::new();
    let package = world.ask(100).await.package_info.expect("a package");
    world.standin.confirm_transfer(&package, OPENID).expect("confirmed");
    let error = world.wechat.cancel_transfer(&world.account, NUMBER).await.expect_err("too late");
    assert!(matches!(&error, Error::Pay { code, .. } if code == "INVALID_REQUEST"), "{error}");
}

#[actix_web::test]
async fn the_same_number_is_the_same_bill() {
    let world = World::new();
    let hasty = world.hasty();
    let transfer = world.transfer_of(250_000, Some("张三"));
    for kind in [FaultKind::SystemError, FaultKind::Reset, FaultKind::Slow(1000), FaultKind::Accepted] {
        world.standin.set_fault(PATH, Fault::after(kind));
        let error = hasty.transfer(&world.account, &transfer).await.expect_err("no answer");
        assert!(error.is_outcome_unknown(), "{kind:?}: {error}");
    }
    // The name is sealed anew each time and means the same.
    let bill = world.wechat.transfer(&world.account, &transfer).await.expect("taken");
    assert!(bill.package_info.is_some());
    assert_eq!(world.standin.books(&world.account.mchid).transfers.len(), 1);
    world.standin.set_switches(Switches { package_once: true, ..Switches::default() });
    let again = world.wechat.transfer(&world.account, &transfer).await.expect("taken");
    assert_eq!((&again.transfer_bill_no, again.package_info), (&bill.transfer_bill_no, None), "keep the first");
    let other = world.wechat.transfer(&world.account, &world.transfer_of(250_001, Some("张三"))).await;
    assert!(matches!(other, Err(Error::Pay { status: 400, .. })), "{other:?}");
    let other = world.wechat.transfer(&world.account, &world.transfer_of(250_000, Some("李四"))).await;
    assert!(matches!(other, Err(Error::Pay { status: 400, .. })), "{other:?}");
}

#[actix_web::test]
async fn names_are_needed_and_forbidden_by_amount() {
    let world = World::of(certificate_account(uuid::Uuid::nil(), "first", 1));
    for (amount, name) in [(200_000, None), (29, Some("张三")), (0, None)] {
        let result = world.wechat.transfer(&world.account, &world.transfer_of(amount, name)).await;
        assert!(matches!(result, Err(Error::Invalid(_))), "{amount} {name:?}: {result:?}");
    }
    assert_eq!(world.standin.calls(PATH), 0);
    // With certificates the newest one seals the name.
    world.standin.rotate_key(&world.account.mchid);
    let named = world.wechat.transfer(&world.account, &world.transfer_of(200_000, Some("张三"))).await;
    assert!(named.is_ok(), "{named:?}");
}

#[actix_web::test]
async fn a_transfer_waits_for_money_under_the_same_number() {
    let world = World::new();
    world.standin.set_balance(&world.account.mchid, 99);
    let transfer = world.transfer_of(100, None);
    let error = world.wechat.transfer(&world.account, &transfer).await.expect_err("no money");
    assert_eq!(error.advice(), Some(Advice::TopUp));
    assert_eq!(world.wechat.query_transfer(&world.account, NUMBER).await, Ok(None));
    world.standin.set_balance(&world.account.mchid, 100);
    assert!(world.wechat.transfer(&world.account, &transfer).await.is_ok());
    let mut second = world.transfer_of(1, None);
    second.out_bill_no = "KOC202603010002".into();
    assert!(world.wechat.transfer(&world.account, &second).await.is_err(), "the first one holds the money");
    world.wechat.cancel_transfer(&world.account, NUMBER).await.expect("taken back");
    world.standin.settle().await;
    assert!(world.wechat.transfer(&world.account, &second).await.is_ok());
}

#[actix_web::test]
async fn a_confirmed_transfer_may_fail_for_a_reason() {
    let world = World::new();
    let fails = Some("REAL_NAME_CHECK_FAIL".to_owned());
    world.standin.set_switches(Switches { transfer_fails: fails.clone(), ..Switches::default() });
    let package = world.ask(100).await.package_info.expect("a package");
    world.standin.confirm_transfer(&package, OPENID).expect("confirmed");
    world.standin.settle().await;
    let failed = world.reported().await;
    assert_eq!((failed.state, failed.fail_reason), (TransferState::Fail, fails));
}
