//! A client that does not go on is let go of.

use std::time::Duration;

use tests::{Backend, TestApp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn line(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.url.trim_start_matches("http://")).await.expect("the server listens")
}

/// Sends `bytes`, then nothing; what comes back until the server closes.
async fn sent_no_further(app: &TestApp, bytes: &str) -> String {
    let mut stream = line(app).await;
    stream.write_all(bytes.as_bytes()).await.expect("written");
    let mut answer = Vec::new();
    // Ends because the server closes; a server without the time-out would hang here until the runner gives up.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_does_not_arrive_in_time_is_not_waited_for() {
    let app = TestApp::start_with(Backend::Sqlite, &[("request_seconds", "1")]).await;
    for head in ["POST /graphql HTTP/1.1\r\nhost: a\r\n", "GET /heal", "POST /graphql HTTP/1.1\r\nhost: a\r\nx: "] {
        let answer = sent_no_further(&app, head).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_arrive_in_time_is_not_waited_for() {
    let app = TestApp::start_with(Backend::Sqlite, &[("body_seconds", "1")]).await;
    for path in ["/graphql", "/wechat/pay/linen", "/wechat/push/linen?signature=a&timestamp=1&nonce=1"] {
        // Only what becomes a socket may take its time.
        for upgrade in ["", "upgrade: websocket\r\n", "connection: upgrade\r\nupgrade: h2c\r\n"] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: a\r\n{upgrade}content-type: application/json\r\ncontent-length: 50\r\n\r\n{{\"query\":"
            );
            let answer = sent_no_further(&app, &head).await;
            assert!(answer.starts_with("HTTP/1.1 408"), "{path}, {upgrade}: {answer}");
        }
    }
    app.finish().await;
}

/// A line to the server, and a request whose answer is large.
async fn asking(app: &TestApp) -> (TcpStream, String) {
    let query = r#"{"query":"{ __schema { types { name description fields { name description } } } }"}"#;
    let head = "POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json";
    (line(app).await, format!("{head}\r\ncontent-length: {}\r\n\r\n{query}", query.len()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_on_and_reads_no_answer_is_let_go() {
    let app = TestApp::start_with(Backend::Sqlite, &[("unread_seconds", "5")]).await;
    let (mut stream, ask) = asking(&app).await;
    let asked = async {
        // What comes in must not pass for somebody who reads, neither to us nor to the kernel.
        while stream.write_all(ask.as_bytes()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asked).await.expect("the connection is not kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_far_ahead_of_the_answers_is_cut_off() {
    // Long after the test: it must not be that which ends it.
    let app = TestApp::start_with(Backend::Sqlite, &[("unread_seconds", "300")]).await;
    let (mut stream, ask) = asking(&app).await;
    let flood = ask.repeat(100_000);
    let taken = tokio::time::timeout(Duration::from_secs(60), stream.write_all(flood.as_bytes()));
    assert!(taken.await.expect("it does not go on for long").is_err());
}
