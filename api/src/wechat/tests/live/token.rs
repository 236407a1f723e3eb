use futures_util::future::join_all;

use super::{OPENID, World};
use crate::wechat::standin::{Fault, FaultKind};
use crate::wechat::{Error, Scene};

const PATH: &str = "/cgi-bin/stable_token";

#[actix_web::test]
async fn many_callers_share_one_fetch() {
    let world = World::new();
    world.log_in(OPENID).await;
    let checks = (0..8).map(|_| world.wechat.check_text(&world.account, OPENID, Scene::Comment, "好"));
    assert!(join_all(checks).await.iter().all(Result::is_ok));
    assert_eq!(world.standin.calls(PATH), 1);
}

#[actix_web::test]
async fn a_token_is_kept_until_five_minutes_before_its_end() {
    let world = World::new();
    let calls_after = async |seconds| {
        world.clock.advance(chrono::Duration::seconds(seconds));
        world.log_in(OPENID).await;
        world.wechat.check_text(&world.account, OPENID, Scene::Comment, "好").await.expect("a verdict");
        world.standin.calls(PATH)
    };
    assert_eq!(calls_after(0).await, 1);
    assert_eq!(calls_after(6899).await, 1);
    assert_eq!(calls_after(1).await, 2);
}

#[actix_web::test]
async fn a_revoked_token_is_replaced_once_and_unseen() {
    let world = World::new();
    world.log_in(OPENID).await;
    for expected in [1, 2] {
        world.wechat.check_text(&world.account, OPENID, Scene::Comment, "好").await.expect("a verdict");
        assert_eq!(world.standin.calls(PATH), expected);
        world.standin.revoke_tokens(&world.account.appid);
    }
}

#[actix_web::test]
async fn fetching_survives_a_busy_moment_but_not_a_wrong_secret() {
    let mut world = World::new();
    world.log_in(OPENID).await;
    world.standin.set_fault(PATH, Fault { times: 3, ..Fault::before(FaultKind::SystemError) });
    world.wechat.check_text(&world.account, OPENID, Scene::Comment, "好").await.expect("a verdict");
    assert_eq!(world.standin.calls(PATH), 4);
    world.standin.revoke_tokens(&world.account.appid);
    world.account.app_secret = "wrong".into();
    let error = world.wechat.check_text(&world.account, OPENID, Scene::Comment, "好").await.expect_err("refused");
    assert!(matches!(error, Error::Config { code: 40125, .. }), "{error}");
}
