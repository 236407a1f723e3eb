//! The sub-protocol `graphql-transport-ws`: its messages, and what each one means where a socket stands.
//!
//! Pure: it says what to do and does nothing. Close codes and reasons are those of the reference
//! implementation (the npm package graphql-ws), so that its clients know which to retry.

use std::collections::HashMap;

use async_graphql::{Response, ServerError};
use serde_json::{Map, Value, json};

use super::limits::{MAX_ID, MAX_RUNNING};

/// Of the `Sec-WebSocket-Protocol` header.
pub const NAME: &str = "graphql-transport-ws";

/// Why a socket is closed. A reason may have 123 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    pub code: u16,
    pub reason: String,
}

impl Close {
    pub fn new(code: u16, reason: impl Into<String>) -> Self {
        Close { code, reason: reason.into() }
    }

    pub fn invalid(why: &str) -> Self {
        Close::new(4400, format!("Invalid message received: {why}"))
    }

    pub fn forbidden() -> Self {
        Close::new(4403, "Forbidden")
    }
}

/// What the socket has to do.
#[derive(Debug, PartialEq)]
pub enum Step {
    Nothing,
    Send(String),
    /// Find out who it is by the payload of `connection_init`; then [`Protocol::admitted`].
    Enter(Map<String, Value>),
    Start(Start),
    /// The operation of this number is no longer wanted.
    Stop(u64),
    /// No more operations fit; tell this one.
    Full(String),
    Close(Close),
}

/// An operation to begin. The number is another one for each, even when a client uses an id again.
#[derive(Debug, PartialEq)]
pub struct Start {
    pub id: String,
    pub number: u64,
    pub payload: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Silent,
    Entering,
    Open,
}

/// Where a socket stands.
#[derive(Debug)]
pub struct Protocol {
    phase: Phase,
    /// Numbers of the running operations by id.
    running: HashMap<String, u64>,
    last_number: u64,
}

impl Protocol {
    pub fn new() -> Self {
        Protocol { phase: Phase::Silent, running: HashMap::new(), last_number: 0 }
    }

    /// Nothing was heard from it yet.
    pub fn is_silent(&self) -> bool {
        self.phase == Phase::Silent
    }

    /// A message came.
    pub fn receive(&mut self, text: &str) -> Step {
        match Incoming::read(text) {
            Err(why) => Step::Close(Close::invalid(why)),
            Ok(Incoming::Ping(payload)) => Step::Send(pong(payload)),
            Ok(Incoming::Pong) => Step::Nothing,
            Ok(Incoming::Init(payload)) => self.init(payload),
            Ok(Incoming::Complete(id)) => self.running.remove(&id).map_or(Step::Nothing, Step::Stop),
            Ok(Incoming::Subscribe(id, payload)) => self.subscribe(id, payload),
        }
    }

    fn init(&mut self, payload: Map<String, Value>) -> Step {
        if self.phase != Phase::Silent {
            return Step::Close(Close::new(4429, "Too many initialisation requests"));
        }
        self.phase = Phase::Entering;
        Step::Enter(payload)
    }

    fn subscribe(&mut self, id: String, payload: Value) -> Step {
        if self.phase != Phase::Open {
            return Step::Close(Close::new(4401, "Unauthorized"));
        }
        if self.running.contains_key(&id) {
            let shown: String = id.chars().take(16).collect();
            return Step::Close(Close::new(4409, format!("Subscriber for {shown} already exists")));
        }
        if self.running.len() >= MAX_RUNNING {
            return Step::Full(id);
        }
        self.last_number += 1;
        self.running.insert(id.clone(), self.last_number);
        Step::Start(Start { id, number: self.last_number, payload })
    }

    /// Whoever it is may go on; what to send.
    pub fn admitted(&mut self) -> String {
        self.phase = Phase::Open;
        json!({ "type": "connection_ack" }).to_string()
    }

    /// Whether a message of this operation may still be sent: not after the client completed it.
    pub fn wants(&self, id: &str, number: u64) -> bool {
        self.running.get(id) == Some(&number)
    }

    /// The operation sent its last message.
    pub fn ended(&mut self, id: &str) {
        self.running.remove(id);
    }
}

#[derive(Debug, PartialEq)]
enum Incoming {
    Init(Map<String, Value>),
    Ping(Option<Value>),
    Pong,
    Subscribe(String, Value),
    Complete(String),
}

impl Incoming {
    fn read(text: &str) -> Result<Self, &'static str> {
        let Ok(Value::Object(mut message)) = serde_json::from_str(text) else { return Err("not a JSON object") };
        let kind = message.remove("type");
        match kind.as_ref().and_then(Value::as_str) {
            Some("connection_init") => Ok(Incoming::Init(payload(&mut message)?.unwrap_or_default())),
            Some("ping") => Ok(Incoming::Ping(payload(&mut message)?.map(Value::Object))),
            Some("pong") => payload(&mut message).map(|_| Incoming::Pong),
            Some("complete") => Ok(Incoming::Complete(id(&mut message)?)),
            Some("subscribe") => {
                let id = id(&mut message)?;
                let payload = payload(&mut message)?.ok_or("subscribe needs a payload")?;
                if !payload.get("query").is_some_and(Value::is_string) {
                    return Err("the payload needs a query");
                }
                Ok(Incoming::Subscribe(id, Value::Object(payload)))
            }
            _ => Err("unknown type"),
        }
    }
}

fn payload(message: &mut Map<String, Value>) -> Result<Option<Map<String, Value>>, &'static str> {
    match message.remove("payload") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(_) => Err("the payload is not an object"),
    }
}

fn id(message: &mut Map<String, Value>) -> Result<String, &'static str> {
    match message.remove("id") {
        Some(Value::String(id)) if (1..=MAX_ID).contains(&id.len()) => Ok(id),
        _ => Err("the id is not a string of 1 to 128 bytes"),
    }
}

fn pong(payload: Option<Value>) -> String {
    match payload {
        None => json!({ "type": "pong" }).to_string(),
        Some(payload) => json!({ "type": "pong", "payload": payload }).to_string(),
    }
}

pub fn next(id: &str, response: &Response) -> String {
    json!({ "id": id, "type": "next", "payload": response }).to_string()
}

pub fn error(id: &str, errors: &[ServerError]) -> String {
    json!({ "id": id, "type": "error", "payload": errors }).to_string()
}

pub fn complete(id: &str) -> String {
    json!({ "id": id, "type": "complete" }).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INIT: &str = r#"{"type":"connection_init"}"#;

    fn open() -> Protocol {
        let mut protocol = Protocol::new();
        assert_eq!(protocol.receive(INIT), Step::Enter(Map::new()));
        protocol.admitted();
        protocol
    }

    fn subscribe(id: &str) -> String {
        json!({ "id": id, "type": "subscribe", "payload": { "query": "{ viewer { kind } }" } }).to_string()
    }

    #[track_caller]
    fn closes(step: Step, code: u16) {
        assert!(matches!(&step, Step::Close(close) if close.code == code && close.reason.len() <= 123), "{step:?}");
    }

    #[test]
    fn nothing_runs_before_the_acknowledgement() {
        let mut protocol = Protocol::new();
        closes(protocol.receive(&subscribe("1")), 4401);
        let mut protocol = Protocol::new();
        protocol.receive(INIT);
        closes(protocol.receive(&subscribe("1")), 4401);
        closes(open().receive(INIT), 4429);
    }

    #[test]
    fn an_id_is_free_again_after_its_end_under_another_number() {
        let mut protocol = open();
        let Step::Start(first) = protocol.receive(&subscribe("1")) else { panic!("it starts") };
        closes(protocol.receive(&subscribe("1")), 4409);
        assert_eq!(protocol.receive(r#"{"type":"complete","id":"1"}"#), Step::Stop(first.number));
        assert_eq!(protocol.receive(r#"{"type":"complete","id":"1"}"#), Step::Nothing);
        let Step::Start(second) = protocol.receive(&subscribe("1")) else { panic!("it starts again") };
        assert!(!protocol.wants("1", first.number) && protocol.wants("1", second.number));
        protocol.ended("1");
        assert!(!protocol.wants("1", second.number));
    }

    #[test]
    fn twenty_operations_run_at_once_and_no_more() {
        let mut protocol = open();
        for n in 0..MAX_RUNNING {
            assert!(matches!(protocol.receive(&subscribe(&n.to_string())), Step::Start(_)));
        }
        assert_eq!(protocol.receive(&subscribe("more")), Step::Full("more".into()));
        protocol.ended("0");
        assert!(matches!(protocol.receive(&subscribe("more")), Step::Start(_)));
    }

    #[test]
    fn pings_are_answered_in_every_phase_with_their_payload() {
        assert_eq!(Protocol::new().receive(r#"{"type":"ping"}"#), Step::Send(r#"{"type":"pong"}"#.into()));
        let Step::Send(pong) = open().receive(r#"{"type":"ping","payload":{"at":1}}"#) else { panic!("a pong") };
        let pong: Value = serde_json::from_str(&pong).expect("JSON");
        assert_eq!(pong, json!({ "type": "pong", "payload": { "at": 1 } }));
        assert_eq!(open().receive(r#"{"type":"pong"}"#), Step::Nothing);
    }

    #[test]
    fn what_is_no_message_closes() {
        let long = subscribe(&"x".repeat(MAX_ID + 1));
        for text in [
            "",
            "null",
            "[]",
            "{",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"start","id":"1"}"#,
            r#"{"type":"ack"}"#,
            r#"{"type":"ping","payload":1}"#,
            r#"{"type":"connection_init","payload":"x"}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"complete"}"#,
            &long,
        ] {
            closes(open().receive(text), 4400);
        }
    }

    proptest! {
        #[test]
        fn any_text_gets_a_step_and_a_short_reason(text in ".{0,200}") {
            if let Step::Close(close) = open().receive(&text) {
                prop_assert!(close.reason.len() <= 123);
            }
        }

        /// Any order of messages: an operation starts only when open, ids never run twice, and the
        /// bound holds.
        #[test]
        fn any_order_of_messages_keeps_the_rules(kinds in prop::collection::vec((0u8..5, 0u8..30), 0..200)) {
            let mut protocol = Protocol::new();
            let mut running = std::collections::HashSet::new();
            let mut is_open = false;
            for (kind, n) in kinds {
                let id = n.to_string();
                let step = match kind {
                    0 => protocol.receive(INIT),
                    1 => { if !protocol.is_silent() { protocol.admitted(); is_open = true; } continue }
                    2 | 3 => protocol.receive(&subscribe(&id)),
                    _ => protocol.receive(&json!({ "type": "complete", "id": id }).to_string()),
                };
                match step {
                    Step::Start(start) => {
                        prop_assert!(is_open);
                        prop_assert!(running.insert(start.id));
                        prop_assert!(running.len() <= MAX_RUNNING);
                    }
                    Step::Stop(_) => prop_assert!(running.remove(&id)),
                    Step::Full(_) => prop_assert_eq!(running.len(), MAX_RUNNING),
                    Step::Close(close) => prop_assert!([4401, 4409, 4429].contains(&close.code)),
                    Step::Nothing | Step::Send(_) | Step::Enter(_) => {}
                }
            }
        }
    }
}
