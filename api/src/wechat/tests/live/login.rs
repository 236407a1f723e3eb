use secrecy::ExposeSecret;

use super::{OPENID, World};
use crate::wechat::standin::{Fault, FaultKind};
use crate::wechat::{Error, Phone};

const PATH: &str = "/sns/jscode2session";

#[actix_web::test]
async fn a_code_logs_in_once() {
    let world = World::new();
    let code = world.standin.login_code(&world.account.appid, OPENID);
    let login = world.wechat.login(&world.account, &code).await.expect("a login");
    assert_eq!(login.openid, OPENID);
    assert!(!format!("{login:?}").contains(login.session_key.expose_secret()));
    assert_eq!(world.wechat.login(&world.account, &code).await.err(), Some(Error::CodeInvalid));
}

#[actix_web::test]
async fn each_login_replaces_the_session_key() {
    let world = World::new();
    let mut keys = Vec::new();
    for _ in 0..2 {
        let code = world.standin.login_code(&world.account.appid, OPENID);
        let login = world.wechat.login(&world.account, &code).await.expect("a login");
        keys.push(login.session_key.expose_secret().to_owned());
    }
    assert_ne!(keys[0], keys[1]);
}

#[actix_web::test]
async fn codes_die_after_five_minutes() {
    let world = World::new();
    let code = world.standin.login_code(&world.account.appid, OPENID);
    world.clock.advance(chrono::Duration::minutes(5));
    assert_eq!(world.wechat.login(&world.account, &code).await.err(), Some(Error::CodeInvalid));
}

#[actix_web::test]
async fn senseless_codes_cost_no_call() {
    let world = World::new();
    for code in ["", &"x".repeat(300)] {
        assert_eq!(world.wechat.login(&world.account, code).await.err(), Some(Error::CodeInvalid));
    }
    assert_eq!(world.standin.calls(PATH), 0);
}

#[actix_web::test]
async fn a_busy_wechat_is_asked_once_more() {
    let world = World::new();
    let code = world.standin.login_code(&world.account.appid, OPENID);
    world.standin.set_fault(PATH, Fault::before(FaultKind::SystemError));
    assert!(world.wechat.login(&world.account, &code).await.is_ok());
    world.standin.set_fault(PATH, Fault { times: 2, ..Fault::before(FaultKind::SystemError) });
    assert_eq!(world.wechat.login(&world.account, &code).await.err(), Some(Error::Busy { code: -1 }));
    assert_eq!(world.standin.calls(PATH), 4);
}

#[actix_web::test]
async fn a_wrong_secret_is_an_alarm() {
    let mut world = World::new();
    world.account.app_secret = "wrong".into();
    let code = world.standin.login_code(&world.account.appid, OPENID);
    let error = world.wechat.login(&world.account, &code).await.expect_err("refused");
    assert!(error.is_alarm() && !error.is_transient(), "{error}");
}

#[actix_web::test]
async fn gateways_resets_and_silence_leave_it_unknown() {
    let world = World::new();
    let wechat = world.hasty();
    for kind in [FaultKind::BadGateway, FaultKind::Reset, FaultKind::Slow(1000)] {
        world.standin.set_fault(PATH, Fault::before(kind));
        let error = wechat.login(&world.account, "any").await.expect_err("no answer");
        assert!(matches!(error, Error::Unknown(_)), "{kind:?}: {error}");
    }
}

#[actix_web::test]
async fn nothing_was_sent_if_nobody_listens() {
    let world = World::new();
    let code = world.standin.login_code(&world.account.appid, OPENID);
    world.standin.stop().await;
    assert_eq!(world.wechat.login(&world.account, &code).await.err(), Some(Error::Unreachable));
}

#[actix_web::test]
async fn a_phone_code_gives_the_number_and_is_not_a_login_code() {
    let world = World::new();
    let appid = &world.account.appid;
    let code = world.standin.phone_code(appid, OPENID, "13800138000");
    let phone = world.wechat.phone_number(&world.account, &code).await.expect("a number");
    assert_eq!(phone, Phone { country_code: "86".into(), number: "13800138000".into() });
    assert!(!format!("{phone:?}").contains("138"));
    let login_code = world.standin.login_code(appid, OPENID);
    for code in [code, login_code] {
        assert_eq!(world.wechat.phone_number(&world.account, &code).await.err(), Some(Error::CodeInvalid));
    }
}
