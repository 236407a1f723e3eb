//! Sends a document over a WebSocket, and reads what comes back as the answer it would be over HTTP.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::expand::{Request, Sends, World};
use super::send::{Answer, token};
use crate::Socket;

/// What a close means among the codes of this API.
const CLOSES: [(u16, &str, u16); 3] =
    [(4400, "BAD_REQUEST", 400), (4403, "UNAUTHENTICATED", 401), (1009, "LIMIT_EXCEEDED", 413)];

/// The payload of `subscribe`: only for what is a document in JSON, sent as a client would.
pub fn payload(request: &Request) -> Option<Value> {
    match &request.sends {
        Sends::Http { method, path, headers, body } if method == "POST" && path == "/graphql" => {
            let is_json =
                headers.len() == 1 && headers.get("content-type").is_some_and(|kind| kind == "application/json");
            let payload: Value = serde_json::from_slice(body).ok()?;
            // Other bodies close the socket; the tests of the protocol have those.
            (is_json && payload["query"].is_string() && !request.expect.http_only).then_some(payload)
        }
        _ => None,
    }
}

/// A socket that is let in, or what it is refused with.
pub async fn enter(host: &str, request: &Request, world: &World) -> Result<Socket, Answer> {
    let mut socket = Socket::open(&format!("http://{host}")).await;
    let payload = match token(world, &request.persona) {
        Some(token) => json!({ "authorization": format!("Bearer {token}") }),
        None => json!({}),
    };
    socket.send(json!({ "type": "connection_init", "payload": payload })).await;
    match socket.frame().await {
        Some(Message::Text(text)) if text.contains("connection_ack") => Ok(socket),
        frame => Err(read(frame)),
    }
}

/// One operation; and whether the socket, unless it is closed, answers the next one normally.
pub async fn ask(socket: &mut Socket, payload: Value) -> Answer {
    socket.send(json!({ "id": "hostile", "type": "subscribe", "payload": payload })).await;
    read(socket.frame().await)
}

/// Whether the socket is closed or answers normally.
pub async fn goes_on(mut socket: Socket, answer: &Answer) -> bool {
    if answer.closed {
        return true;
    }
    socket.subscribe("normal", "{ viewer { kind } }", json!({})).await;
    let wait = async {
        while let Some(Message::Text(text)) = socket.frame().await {
            let message: Value = serde_json::from_str(&text).unwrap_or_default();
            if message["id"] == "normal" {
                return message["payload"]["data"]["viewer"]["kind"].is_string();
            }
        }
        false
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap_or(false)
}

fn read(frame: Option<Message>) -> Answer {
    let mut answer = Answer { status: 200, count: 1, ..Answer::default() };
    // Of HTTP's headers one is asked for everywhere; a frame is no document that a browser would open.
    answer.headers.insert("x-content-type-options".to_owned(), "nosniff".to_owned());
    let body = match frame {
        Some(Message::Text(text)) => {
            answer.bytes = text.len();
            let message: Value = serde_json::from_str(&text).unwrap_or_default();
            match message["type"].as_str() {
                Some("next") => message["payload"].clone(),
                _ => json!({ "errors": message["payload"] }),
            }
        }
        Some(Message::Close(Some(close))) => {
            answer.closed = true;
            let code = u16::from(close.code);
            let known = CLOSES.iter().find(|(of, ..)| *of == code);
            answer.status = known.map_or(500, |(_, _, status)| *status);
            let code = known.map_or_else(|| format!("closed with {code}"), |(_, code, _)| (*code).to_owned());
            json!({ "errors": [{ "message": close.reason.to_string(), "extensions": { "code": code } }] })
        }
        other => {
            answer.closed = true;
            answer.status = 500;
            json!({ "errors": [{ "message": format!("{other:?}"), "extensions": { "code": "closed without a code" } }] })
        }
    };
    answer.body = body.to_string().into_bytes();
    answer
}
