//! The controls over HTTP, and the life of the server.

use serde_json::{Value, json};

use super::inbox::Inbox;
use super::{OPENID, World};
use crate::base::clock::Clock;
use crate::wechat::Error;
use crate::wechat::standin::{Standin, StandinBrand, test_account};

impl World {
    async fn control(&self, name: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/_standin/{name}", self.standin.base_url());
        let answer = reqwest::Client::new().post(url).json(&body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }
}

#[actix_web::test]
async fn a_whole_purchase_is_driven_over_http() {
    let world = World::new();
    let appid = &world.account.appid;
    let (_, login) = world.control("login_code", json!({ "appid": appid, "openid": OPENID })).await;
    let code = login["code"].as_str().expect("a code");
    assert_eq!(world.wechat.login(&world.account, code).await.expect("a login").openid, OPENID);
    let params = world.params(&world.order("PS20260301000001", 100)).await;
    let mut payment = serde_json::to_value(&params).expect("JSON");
    payment["openid"] = json!(OPENID);
    let (status, paid) = world.control("pay", payment.clone()).await;
    assert_eq!(status, 200, "{paid}");
    assert_eq!(world.control("pay", payment).await, (409, json!({ "error": "the order is paid" })));
    world.control("settle", json!({})).await;
    let (_, books) = world.control("books", json!({ "mchid": world.account.mchid })).await;
    assert_eq!(books["transactions"][0]["transaction_id"], paid["transaction_id"]);
    assert_eq!(world.inbox.received("/pay").len(), 1);
}

#[actix_web::test]
async fn faults_and_switches_are_set_over_http() {
    let world = World::new();
    let fault = json!({ "path": "/sns/", "kind": "bad_gateway", "applied": false, "times": 1 });
    assert_eq!(world.control("set_fault", fault).await.0, 200);
    assert!(matches!(world.wechat.login(&world.account, "any").await, Err(Error::Unknown(_))));
    assert_eq!(world.control("set_switches", json!({ "drop": true })).await.0, 200);
    world.buy("PS20260301000001", 100).await;
    assert!(world.inbox.received("/pay").is_empty());
    let verdict = json!({ "part": "暗号", "suggest": "risky" });
    assert_eq!(world.control("set_verdict", verdict).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_runs_beside_a_plain_tokio_runtime() {
    let world = World::new();
    world.log_in(OPENID).await;
}

#[actix_web::test]
async fn it_keeps_the_systems_time_as_well() {
    let inbox = Inbox::start();
    let standin = Standin::start(Clock::System, 0).expect("a stand-in");
    let account = test_account(uuid::Uuid::nil(), "first", 1);
    standin.register(StandinBrand::of(&account, Some(inbox.url("/push"))).expect("readable keys"));
    inbox.answer(&[500]);
    standin.accept_subscribe(&account.appid, OPENID, "any");
    standin.settle().await;
    // The repetition waits for its time without keeping anyone from settling.
    assert_eq!(inbox.received("/push").len(), 1);
}

#[tokio::test]
async fn the_last_handles_end_stops_it() {
    let standin = Standin::start(Clock::System, 0).expect("a stand-in");
    let address = standin.base_url().trim_start_matches("http://").to_owned();
    let second = standin.clone();
    drop(standin);
    assert!(tokio::net::TcpStream::connect(&address).await.is_ok());
    drop(second);
    // The port is free again as soon as the server's thread has let go of it.
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
