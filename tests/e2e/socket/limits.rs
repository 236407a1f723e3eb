//! What a socket may take of us.

use std::time::Duration;

use tests::{Backend, Socket};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::*;

const INBOX: &str = "subscription { inbox { unreadCount } }";

/// A frame with this first byte, its length in 64 bits, masked with zeroes.
fn piece(first: u8, bytes: &[u8]) -> Vec<u8> {
    [&[first, 0xff][..], &(bytes.len() as u64).to_be_bytes(), &[0; 4], bytes].concat()
}

/// Until the server has no socket any more; `meanwhile` is done again and again.
async fn let_go(app: &TestApp, mut meanwhile: impl AsyncFnMut()) {
    let end = async {
        while app.app.metrics.sockets.get() != 0 {
            meanwhile().await;
            sleep(Duration::from_millis(25)).await;
        }
    };
    timeout(Duration::from_secs(120), end).await.expect("the socket is let go");
}

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
        socket.bytes(&piece(0x81, ping.as_bytes()).repeat(3)).await;
        for _ in 0..3 {
            assert_eq!(socket.next().await["type"], "pong");
        }
    }

    async fn a_message_may_come_in_pieces(app) {
        let mut socket = app.brand("first").await.member("mei").await.socket().await;
        let ping = json!({ "type": "ping", "payload": { "where": "在上海" } }).to_string();
        // Some end within a character, and a control frame may be between them.
        let mut pieces: Vec<_> = ping.bytes().map(|byte| piece(0x00, &[byte])).collect();
        pieces[0][0] = 0x01;
        pieces.insert(40, piece(0x89, b"?"));
        pieces.push(piece(0x80, b""));
        socket.bytes(&pieces.concat()).await;
        assert_eq!(socket.frame().await, Some(Message::Pong(b"?".to_vec().into())));
        assert_eq!(socket.next().await, json!({ "type": "pong", "payload": { "where": "在上海" } }));
    }

    async fn a_message_in_too_many_pieces_closes(app) {
        let brand = app.brand("first").await;
        let mei = brand.member("mei").await;
        let ping = [piece(0x01, br#"{"type":"#), piece(0x80, br#""ping"}"#)];
        for (between, piece) in [(254, piece(0x00, b" ")), (255, piece(0x00, b" ")), (255, piece(0x00, b""))] {
            let mut socket = mei.socket().await;
            socket.bytes(&[ping[0].clone(), piece.repeat(between), ping[1].clone()].concat()).await;
            if between == 254 {
                assert_eq!(socket.next().await["type"], "pong");
            } else {
                assert_eq!(socket.closed().await, 1009);
            }
        }
        // Nobody waits for the end of what is no text, of the wrong order, or of what is too large already.
        let half = "a".repeat(250_000);
        let large = [piece(0x01, half.as_bytes()), piece(0x00, half.as_bytes()), piece(0x81, b"{}")].concat();
        for (bytes, code) in [(piece(0x02, b"a"), 4400), (piece(0x00, b"a"), 1002), (large, 1009)] {
            let mut socket = mei.socket().await;
            socket.bytes(&bytes).await;
            assert_eq!(socket.closed().await, code);
        }
        let mut socket = mei.socket().await;
        socket.bytes(&[piece(0x01, b"\""), piece(0x80, b"\xff\"")].concat()).await;
        assert_eq!(socket.closed().await, 1002);
    }

    async fn who_talks_on_after_our_close_is_cut_off(app) {
        // More than the kernels of both sides keep.
        let flood = piece(0x89, b"").repeat(4 << 20);
        for (bytes, code) in [
            (piece(0x81, b"{"), 4400),
            (piece(0x00, b"a"), 1002),
            (piece(0x89, b"").repeat(1_000), 1008),
            (piece(0x81, &[b'a'; 600_000]), 1009),
        ] {
            let mut socket = Socket::open(&app.url).await;
            socket.bytes(&bytes).await;
            assert_eq!(socket.closed().await, code);
            assert!(!socket.takes(&flood).await);
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

/// Lets a member ask and not read, on a server with these settings, until it is let go.
async fn unread(settings: &[(&str, &str)]) -> (TestApp, Socket) {
    let app = TestApp::start_with(Backend::Sqlite, settings).await;
    let mut socket = app.brand("first").await.member("mei").await.socket().await;
    let query = "{ __schema { types { name description fields { name description args { name description } } } } }";
    let mut asked = 0;
    let_go(&app, async || {
        // Fewer than are a flood when a server without time hears of them all at once.
        if asked < 150 {
            asked += 1;
            socket.subscribe(&asked.to_string(), query, json!({})).await;
        }
    })
    .await;
    (app, socket)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_let_go() {
    // Long after the test.
    let (app, _socket) = unread(&[("socket_stall_seconds", "1"), ("unread_seconds", "300")]).await;
    assert_eq!(app.app.metrics.socket_ends.with_label_values(&["stalled"]).get(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_reads_does_not_stay() {
    let (_app, mut socket) = unread(&[("socket_stall_seconds", "1"), ("unread_seconds", "5")]).await;
    socket.forgotten().await;
}

#[tokio::test]
async fn a_client_that_is_silent_is_let_go() {
    let app = TestApp::start_with(Backend::Sqlite, &[("socket_ping_seconds", "1")]).await;
    let brand = app.brand("first").await;
    let mut socket = brand.member("mei").await.socket().await;
    // It answers no ping, since nobody reads one.
    let_go(&app, async || ()).await;
    socket.forgotten().await;
    assert_eq!(app.app.metrics.socket_ends.with_label_values(&["dead"]).get(), 1);
}
