//! A WebSocket that speaks `graphql-transport-ws` word by word.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::Person;

/// Longer than anything takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a socket to `url` (`http://…`) with these headers and says nothing.
    pub async fn with_headers(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let mut request = format!("{}/graphql", url.replacen("http", "ws", 1)).into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        Ok(Socket(connect_async(request).await?.0))
    }

    /// Offers our sub-protocol and says nothing.
    pub async fn open(url: &str) -> Self {
        Self::with_headers(url, &[("sec-websocket-protocol", "graphql-transport-ws")]).await.expect("a socket")
    }

    /// Says who it is by `token` and waits to be let in.
    pub async fn of(url: &str, token: &str) -> Self {
        let mut socket = Self::open(url).await;
        let payload = json!({ "authorization": format!("Bearer {token}") });
        socket.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        socket
    }

    pub async fn send(&mut self, message: Value) {
        self.raw(Message::text(message.to_string())).await;
    }

    /// A frame as it is. That the other side is gone shows when something is awaited from it.
    pub async fn raw(&mut self, frame: Message) {
        let _ = self.0.send(frame).await;
    }

    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    /// Bytes on the line that need be no frame.
    pub async fn bytes(&mut self, bytes: &[u8]) {
        self.line().write_all(bytes).await.expect("the line takes it");
    }

    /// Whether the other side takes all of it. Nothing is read meanwhile.
    pub async fn takes(&mut self, bytes: &[u8]) -> bool {
        timeout(PATIENCE, self.line().write_all(bytes)).await.expect("taken or refused in time").is_ok()
    }

    /// Until the other side has forgotten the connection and said so, nothing being read of what is in it and nothing sent.
    pub async fn forgotten(&mut self) {
        let line = self.line();
        let forgotten = async {
            while line.take_error().expect("a line").is_none() {
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        };
        timeout(PATIENCE, forgotten).await.expect("the connection is not kept");
    }

    fn line(&mut self) -> &mut TcpStream {
        let MaybeTlsStream::Plain(line) = self.0.get_mut() else { panic!("a plain line") };
        line
    }

    /// The next frame that is no ping; `None` once the connection has ended.
    pub async fn frame(&mut self) -> Option<Message> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("a frame in time") {
                Some(Ok(Message::Ping(_))) => {}
                Some(Ok(frame)) => return Some(frame),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next message.
    pub async fn next(&mut self) -> Value {
        match self.frame().await {
            Some(Message::Text(text)) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("expected a message: {other:?}"),
        }
    }

    /// The data of the next message, which must be a push to `id`.
    pub async fn push(&mut self, id: &str) -> Value {
        let message = self.next().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message:#}");
        assert!(message["payload"].get("errors").is_none(), "{message:#}");
        message["payload"]["data"].clone()
    }

    /// Pushes to `id` until one pleases; how many it took.
    pub async fn push_until(&mut self, id: &str, pleases: impl Fn(&Value) -> bool) -> usize {
        let mut count = 1;
        while !pleases(&self.push(id).await) {
            count += 1;
        }
        count
    }

    /// The code of the next message, which must be the `error` of `id`.
    pub async fn error(&mut self, id: &str) -> String {
        let message = self.next().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(id)), "{message:#}");
        message["payload"][0]["extensions"]["code"].as_str().expect("a code").to_owned()
    }

    /// The code that the server closes with; what it says before that is let go.
    pub async fn closed(&mut self) -> u16 {
        loop {
            match self.frame().await {
                Some(Message::Close(Some(close))) => return close.code.into(),
                Some(Message::Text(_) | Message::Pong(_)) => {}
                other => panic!("closed without a code: {other:?}"),
            }
        }
    }
}

impl Person<'_> {
    /// A socket of this person.
    pub async fn socket(&self) -> Socket {
        Socket::of(&self.app().url, self.token.as_deref().expect("somebody signed in")).await
    }
}
