//! What a socket may take of us.

use tests::{Backend, Socket};
use tokio_tungstenite::tungstenite::Message;

use super::*;

const INBOX: &str = "subscription { inbox { unreadCount } }";

e2e! {
    async fn twenty_subscriptions_run_on_a_socket_and_the_next_is_refused(app) {
        let brand = app.brand("first").await;
        let mut socket = brand.member("mei").await.socket().await;
        for n in 0..20 {
            socket.subscribe(&n.to_string(), INBOX, json!({})).await;
            assert_eq!(socket.push(&n.to_string()).await["inbox"]["unreadCount"], 0);
        }
        socket.subscribe("more", INBOX, json!({})).await;
        assert_eq!(socket.error("more").await, "LIMIT_EXCEEDED");
        socket.send(json!({ "id": "0", "type": "complete" })).await;
        socket.subscribe("more", INBOX, json!({})).await;
        assert_eq!(socket.push("more").await["inbox"]["unreadCount"], 0);
    }

    async fn a_session_has_five_sockets_and_another_session_its_own(app) {
        let brand = app.brand("first").await;
        let mei = brand.member("mei").await;
        let mut sockets = Vec::new();
        for _ in 0..5 {
            sockets.push(mei.socket().await);
        }
        let mut sixth = Socket::open(&app.url).await;
        sixth.send(json!({ "type": "connection_init", "payload": { "token": mei.token } })).await;
        assert_eq!(sixth.closed().await, 4429);
        brand.member("mei").await.socket().await;
    }

    async fn messages_that_are_too_large_close(app) {
        let brand = app.brand("first").await;
        let mut stranger = Socket::open(&app.url).await;
        stranger.send(json!({ "type": "connection_init", "payload": { "x": "x".repeat(9_000) } })).await;
        assert_eq!(stranger.closed().await, 1009);
        let mut socket = brand.member("mei").await.socket().await;
        socket.send(json!({ "type": "ping", "payload": { "x": "x".repeat(500_000) } })).await;
        assert_eq!(socket.closed().await, 1009);
    }

    async fn large_messages_may_come_at_once(app) {
        let mut socket = app.brand("first").await.member("mei").await.socket().await;
        let ping = json!({ "type": "ping", "payload": { "x": "a".repeat(300_000) } }).to_string();
        // A frame of text of 64 bits of length, masked with zeroes.
        let frame = [&[0x81, 0xff][..], &(ping.len() as u64).to_be_bytes(), &[0; 4], ping.as_bytes()].concat();
        socket.bytes(&frame.repeat(3)).await;
        for _ in 0..3 {
            assert_eq!(socket.next().await["type"], "pong");
        }
    }

    async fn a_deep_message_closes(app) {
        let mut socket = Socket::open(&app.url).await;
        socket.raw(Message::text(format!("{}{}", "[".repeat(3_000), "]".repeat(3_000)))).await;
        assert_eq!(socket.closed().await, 4400);
    }

    async fn floods_of_pings_and_messages_close(app) {
        for frame in [Message::Ping(vec![1].into()), Message::text(r#"{"type":"ping"}"#)] {
            let mut socket = Socket::open(&app.url).await;
            for _ in 0..1_000 {
                socket.raw(frame.clone()).await;
            }
            assert_eq!(socket.closed().await, 1008);
        }
    }
}

#[tokio::test]
async fn operations_of_a_socket_pay_from_the_callers_bucket() {
    let app = TestApp::start_with(Backend::Sqlite, &[("rate_per_second", "1"), ("rate_burst", "60")]).await;
    let brand = app.brand("first").await;
    let mei = brand.member("mei").await;
    let mut socket = mei.socket().await;
    let mut code = String::new();
    for n in 0..100 {
        socket.subscribe(&n.to_string(), "{ viewer { kind } }", json!({})).await;
        let message = socket.next().await;
        if message["type"] == "error" {
            code = message["payload"][0]["extensions"]["code"].as_str().expect("a code").to_owned();
            break;
        }
        assert_eq!(socket.next().await["type"], "complete");
    }
    assert_eq!(code, "RATE_LIMITED");
    // The same bucket over HTTP.
    assert_eq!(mei.gql("{ viewer { kind } }", json!({})).await.fault(), "RATE_LIMITED");
}

#[tokio::test]
async fn a_subscription_pays_from_its_brands_bucket_as_well() {
    let settings = [("brand_rate_per_second", "1"), ("brand_rate_burst", "600")];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    let (linen, denim) = (app.brand("linen").await, app.brand("denim").await);
    let (mei, lan, eve) = (linen.member("mei").await, linen.member("lan").await, denim.member("eve").await);
    let (mut hers, mut other) = (lan.socket().await, eve.socket().await);
    while mei.gql("{ viewer { kind member { id } } }", json!({})).await.status != 429 {}
    hers.subscribe("1", INBOX, json!({})).await;
    assert_eq!(hers.error("1").await, "RATE_LIMITED");
    other.subscribe("1", INBOX, json!({})).await;
    assert_eq!(other.push("1").await["inbox"]["unreadCount"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_let_go() {
    let app = TestApp::start_with(Backend::Sqlite, &[("socket_stall_seconds", "1"), ("unread_seconds", "5")]).await;
    let brand = app.brand("first").await;
    let mut socket = brand.member("mei").await.socket().await;
    let query = "{ __schema { types { name description fields { name description args { name description } } } } }";
    let stalled = || app.app.metrics.socket_ends.with_label_values(&["stalled"]).get();
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(120);
    let mut number = 0;
    while stalled() == 0 {
        assert!(tokio::time::Instant::now() < until, "{number} unread answers were kept");
        number += 1;
        socket.subscribe(&number.to_string(), query, json!({})).await;
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    // Its session has its places again, and what nobody reads does not stay either.
    assert_eq!(app.app.metrics.sockets.get(), 0);
    socket.forgotten().await;
}
