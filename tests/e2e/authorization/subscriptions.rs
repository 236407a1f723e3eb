//! Every root field of `Subscription`, over a socket of each persona. A subscription says at once what is, or that it
//! is refused: that first answer decides.

use serde_json::{Value, json};
use tests::{Answer, Socket};
use tokio_tungstenite::tungstenite::Message;

use super::queries::{root, selection};
use super::*;

/// What a socket is closed with whose token is bad or at its end.
const FORBIDDEN: u16 = 4403;

pub async fn ask(stage: &Stage<'_>) -> Rows {
    let mut rows = Rows::new();
    for field in stage.schema.fields("Subscription") {
        let query = format!("subscription {{ {} }}", root(stage, field, &selection(stage, &field.of)));
        let mut outcomes = Vec::new();
        for person in &stage.people {
            outcomes.push(match socket(stage, person).await {
                Some(mut socket) => {
                    let answer = first(&mut socket, &query).await;
                    outcome(&answer, &field.name)
                }
                None => "sign-in",
            });
        }
        rows.insert(field.name.clone(), outcomes);
    }
    rows
}

/// A socket that let this person in; none when it was closed to her.
async fn socket(stage: &Stage<'_>, person: &Person<'_>) -> Option<Socket> {
    let mut socket = Socket::open(&stage.app.url).await;
    let payload = person.token.as_ref().map(|token| json!({ "authorization": format!("Bearer {token}") }));
    socket.send(json!({ "type": "connection_init", "payload": payload.unwrap_or_else(|| json!({})) })).await;
    match socket.frame().await {
        Some(Message::Text(text)) => {
            let said: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(said["type"], "connection_ack", "{said:#}");
            Some(socket)
        }
        Some(Message::Close(Some(close))) => {
            assert_eq!(u16::from(close.code), FORBIDDEN, "{close:?}");
            None
        }
        other => panic!("neither let in nor closed: {other:?}"),
    }
}

/// The first answer, as if it were one of a query: a refusal is the `error` of the subscription, or comes with a push.
async fn first(socket: &mut Socket, query: &str) -> Answer {
    socket.subscribe("1", query, json!({})).await;
    let message = socket.next().await;
    assert_eq!(message["id"], "1", "{message:#}");
    match message["type"].as_str() {
        Some("next") => Answer::new(200, message["payload"].clone()),
        Some("error") => Answer::new(200, json!({ "errors": message["payload"] })),
        _ => panic!("neither pushed nor refused: {message:#}"),
    }
}
