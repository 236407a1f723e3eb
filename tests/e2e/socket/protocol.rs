//! Every way a socket ends, and that its operations are those of HTTP.

use chrono::Duration;
use sea_orm::ConnectionTrait;
use smallbatch::people::admin;
use tests::{Backend, Cable, Socket};
use tokio_tungstenite::tungstenite::Message;

use super::*;

const QUICK: &[(&str, &str)] =
    &[("socket_init_seconds", "1"), ("socket_ping_seconds", "1"), ("socket_check_seconds", "1")];

e2e! {
    async fn a_socket_that_speaks_otherwise_is_closed(app) {
        let mut silent = Socket::with_headers(&app.url, &[]).await.expect("a socket");
        assert_eq!(silent.closed().await, 4406);
        // With the legacy protocol alone the handshake itself fails.
        assert!(Socket::with_headers(&app.url, &[("sec-websocket-protocol", "graphql-ws")]).await.is_err());
        // A body in chunks would outlast it.
        let chunked = [("sec-websocket-protocol", "graphql-transport-ws"), ("transfer-encoding", "chunked")];
        assert!(Socket::with_headers(&app.url, &chunked).await.is_err());
    }

    async fn nothing_runs_before_the_acknowledgement(app) {
        let mut socket = Socket::open(&app.url).await;
        socket.subscribe("1", "{ viewer { kind } }", json!({})).await;
        assert_eq!(socket.closed().await, 4401);
    }

    async fn what_is_no_message_closes(app) {
        for text in ["{", "[]", r#"{"type":"start","id":"1"}"#, r#"{"type":"connection_init","payload":1}"#] {
            let mut socket = Socket::open(&app.url).await;
            socket.raw(Message::text(text)).await;
            assert_eq!(socket.closed().await, 4400, "{text}");
        }
        let mut socket = Socket::open(&app.url).await;
        socket.raw(Message::binary(vec![1])).await;
        assert_eq!(socket.closed().await, 4400);
    }

    async fn a_bad_token_is_forbidden(app) {
        for payload in [json!({ "token": "nonsense" }), json!({ "authorization": "Basic x" }), json!({ "token": 1 })] {
            let mut socket = Socket::open(&app.url).await;
            socket.send(json!({ "type": "connection_init", "payload": payload })).await;
            assert_eq!(socket.closed().await, 4403);
        }
    }

    async fn a_second_init_and_an_id_in_use_close(app) {
        let brand = app.brand("first").await;
        let mei = brand.member("mei").await;
        let mut socket = mei.socket().await;
        socket.send(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.closed().await, 4429);

        let mut socket = mei.socket().await;
        let inbox = "subscription { inbox { unreadCount } }";
        socket.subscribe("1", inbox, json!({})).await;
        assert_eq!(socket.push("1").await["inbox"]["unreadCount"], 0);
        socket.subscribe("1", inbox, json!({})).await;
        assert_eq!(socket.closed().await, 4409);
    }

    async fn the_token_may_come_with_the_upgrade_and_the_language_with_the_init(app) {
        let brand = app.brand("first").await;
        let token = format!("Bearer {}", brand.member("mei").await.token.expect("a token"));
        let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("authorization", token.as_str())];
        let mut socket = Socket::with_headers(&app.url, &headers).await.expect("a socket");
        let payload = json!({ "acceptLanguage": "zh-CN" });
        socket.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        socket.subscribe("1", "{ viewer { kind } }", json!({})).await;
        assert_eq!(socket.push("1").await["viewer"]["kind"], "MEMBER");
        assert_eq!(socket.next().await, json!({ "id": "1", "type": "complete" }));
        socket.subscribe("2", "subscription { factoryFeed { nodes { kind } } }", json!({})).await;
        let refused = socket.next().await;
        assert_eq!(refused["payload"][0]["message"], "没有权限执行此操作。", "{refused:#}");
    }

    async fn pings_are_answered(app) {
        let mut socket = Socket::open(&app.url).await;
        socket.send(json!({ "type": "ping", "payload": { "n": 1 } })).await;
        assert_eq!(socket.next().await, json!({ "type": "pong", "payload": { "n": 1 } }));
        socket.raw(Message::Ping(vec![7].into())).await;
        assert_eq!(socket.frame().await, Some(Message::Pong(vec![7].into())));
    }

    async fn queries_and_mutations_run_with_the_guard_and_the_bucket_of_http(app) {
        let brand = app.brand("first").await;
        let mei = brand.member("mei").await;
        let mut socket = mei.socket().await;
        socket.subscribe("q", "{ viewer { member { id } } }", json!({})).await;
        assert_eq!(socket.push("q").await["viewer"]["member"]["id"], json!(mei.id));
        assert_eq!(socket.next().await["type"], "complete");
        let mutation = "mutation($input: MarkReadInput!) { markRead(input: $input) { unreadCount } }";
        socket.subscribe("m", mutation, json!({ "input": { "ids": [] } })).await;
        assert_eq!(socket.push("m").await["markRead"]["unreadCount"], 0);
        assert_eq!(socket.next().await["type"], "complete");
        socket.subscribe("v", "{ nothing }", json!({})).await;
        assert_eq!(socket.error("v").await, "BAD_QUERY");
        let mut bomb = String::from("subscription { inbox { ...F0 } }");
        (0..23).for_each(|n| bomb += &format!(" fragment F{n} on Viewer {{ ...F{} ...F{} }}", n + 1, n + 1));
        bomb += " fragment F23 on Viewer { kind }";
        socket.subscribe("b", &bomb, json!({})).await;
        assert_eq!(socket.error("b").await, "LIMIT_EXCEEDED");
        let big = "x".repeat(260 * 1024);
        socket.subscribe("j", "query($a: String) { viewer { kind } }", json!({ "a": big })).await;
        assert_eq!(socket.error("j").await, "LIMIT_EXCEEDED");
        socket.subscribe("q", "{ viewer { kind } }", json!({})).await;
        assert_eq!(socket.push("q").await["viewer"]["kind"], "MEMBER");
    }

    async fn a_subscription_needs_a_socket(app) {
        let brand = app.brand("first").await;
        let answer = brand.member("mei").await.gql("subscription { inbox { unreadCount } }", json!({})).await;
        assert_eq!(answer.fault(), "BAD_QUERY");
    }

    async fn signing_out_closes_the_sockets_of_the_session(app) {
        let brand = app.brand("first").await;
        let (mei, again) = (brand.member("mei").await, brand.member("mei").await);
        let (mut socket, mut other) = (mei.socket().await, again.socket().await);
        mei.gql("mutation { signOut { signedOut } }", json!({})).await.ok("signOut.signedOut");
        assert_eq!(socket.closed().await, 4403);
        other.subscribe("1", "{ viewer { kind } }", json!({})).await;
        assert_eq!(other.push("1").await["viewer"]["kind"], "MEMBER");
    }

    async fn a_new_grade_closes_the_sockets_of_the_member(app) {
        let brand = app.brand("first").await;
        let mei = brand.member("mei").await;
        let mut socket = mei.socket().await;
        brand.owner.mutate("grantKoc", json!({ "memberId": mei.id }), "member { id }").await.ok("grantKoc");
        assert_eq!(socket.closed().await, 4403);
    }
}

/// Looked at only every five minutes, so that what ends a socket before is the news.
#[tokio::test]
async fn who_leaves_the_staff_and_a_key_that_is_changed_close_their_sockets() {
    let app = &TestApp::start_with(Backend::Sqlite, &[("socket_check_seconds", "300")]).await;
    let (brand, factory) = (app.brand("first").await, app.factory("One").await);
    let desk = brand.merchandiser().await;
    let (mut hers, mut of_key) = (desk.socket().await, factory.socket().await);
    brand.owner.mutate("disableStaff", json!({ "staffId": desk.id }), "staff { id }").await.ok("disableStaff");
    assert_eq!(hers.closed().await, 4403);
    let (id, key) = factory.key();
    admin::rotate_factory_key(&app.app, id, key, Duration::zero()).await.expect("a new key");
    assert_eq!(of_key.closed().await, 4403);
}

/// Says who it is and how the server ends that.
async fn turned_away(url: &str, token: &str) -> u16 {
    let mut socket = Socket::open(url).await;
    socket.send(json!({ "type": "connection_init", "payload": { "token": token } })).await;
    socket.closed().await
}

e2e! {
    async fn a_goodbye_is_answered_and_what_is_no_frame_is_not_read(app) {
        let brand = app.brand("first").await;
        let mei = brand.member("mei").await;
        let mut socket = mei.socket().await;
        socket.raw(Message::Close(None)).await;
        assert_eq!(socket.closed().await, 1000);
        // A client's frames are masked; this one is not.
        let mut socket = mei.socket().await;
        socket.bytes(&[0x81, 0x02, b'h', b'i']).await;
        assert_eq!(socket.closed().await, 1002);
    }

    async fn when_something_of_ours_breaks_nobody_is_told_what(app) {
        let brand = app.brand("first").await;
        let mei = brand.member("mei").await;
        let token = mei.token.as_deref().expect("a token");
        // It has not seen her yet, so it has to look.
        let sibling = app.sibling().await;
        rename(app, "session", "session_away").await;
        let code = turned_away(&sibling.url, token).await;
        rename(app, "session_away", "session").await;
        assert_eq!(code, 4500);
        drop(Socket::of(&sibling.url, token).await);
        sibling.finish().await;
    }
}

async fn rename(app: &TestApp, from: &str, to: &str) {
    let db = app.app.db.read();
    db.execute_unprepared(&format!("alter table {from} rename to {to}")).await.expect("a renamed table");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_database_one_is_told_to_come_again() {
    let app = TestApp::start(Backend::Postgres).await;
    let cable = Cable::to(&app.app.config.database_url).await;
    let sibling = app.sibling_with(|config| config.database_url = cable.url.clone()).await;
    let brand = app.brand("first").await;
    let mei = brand.member("mei").await;
    let token = mei.token.as_deref().expect("a token");
    cable.cut();
    assert_eq!(turned_away(&sibling.url, token).await, 1013);
    cable.mend();
    drop(Socket::of(&sibling.url, token).await);
    sibling.finish().await;
    app.finish().await;
}

#[tokio::test]
async fn a_silent_an_ended_and_a_stopping_one_are_closed() {
    let app = TestApp::start_with(Backend::Sqlite, QUICK).await;
    assert_eq!(Socket::open(&app.url).await.closed().await, 4408);
    let brand = app.brand("first").await;
    let mut socket = brand.member("mei").await.socket().await;
    app.advance(chrono::Duration::days(2)).await;
    assert_eq!(socket.closed().await, 4403);
    let mut socket = brand.member("mei").await.socket().await;
    app.app.stop.cancel();
    assert_eq!(socket.closed().await, 1001);
}
