//! Conversations over a WebSocket that no client would have, and whether they ended as they should.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::corpus::Ending;
use super::expand::{Conversation, World};
use super::judge::{Budget, HEAP, MAX_ANSWER, MIB};
use super::line::{CLOSE, Line, TEXT, framed, say};
use super::meter::Taken;
use super::send::{Answer, get, token};
use super::server::Server;

/// Longer than any time-out of the server.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at the server's counters.
const GLANCE: Duration = Duration::from_millis(100);
const PROTOCOL: &str = "graphql-transport-ws";

/// What came back.
#[derive(Debug, Default)]
struct Heard {
    /// Of the handshake.
    status: u16,
    /// How the server ended it; 0 when without a word.
    closed: Option<u16>,
    codes: Vec<String>,
    /// Messages with data.
    data: usize,
    /// Answered normally in the end.
    goes_on: bool,
    text: String,
}

/// What was taken, how many bytes came back, and all that was wrong.
pub async fn hold(
    server: &mut Server,
    host: &str,
    conversation: &Conversation,
    world: &World,
    budget: Budget,
) -> (Answer, Taken, Vec<String>) {
    let talk = &conversation.talk;
    // Others of the same kind stay open meanwhile.
    let mut others = Vec::new();
    for _ in 0..talk.others {
        others.push(begin(host, conversation, world).await);
    }
    let held = tokio::time::timeout(PATIENCE, async {
        server.taken().await;
        let (mut heard, mut bytes) = (Heard { status: 101, ..Heard::default() }, 0);
        match begin(host, conversation, world).await {
            Err(ended) => heard = ended,
            Ok(line) => {
                if talk.enters {
                    // Letting it in was paid for once; what counts is what it does then.
                    server.taken().await;
                }
                bytes = converse(host, line, conversation, &mut heard).await;
            }
        }
        (heard, bytes, server.taken().await)
    });
    let Ok((heard, bytes, taken)) = held.await else {
        let problem = format!("neither answered nor ended within {PATIENCE:?}");
        return (Answer::default(), Taken::default(), vec![problem]);
    };
    drop(others);
    let mut wrong = problems(&talk.expect, &heard, bytes, &taken, budget);
    if !is_normal(host, talk.others > 0).await {
        wrong.push("the next socket is not answered normally".to_owned());
    }
    (Answer { bytes, ..Answer::default() }, taken, wrong)
}

/// A socket; let in where the conversation begins after that.
async fn begin(host: &str, conversation: &Conversation, world: &World) -> Result<Line, Heard> {
    let talk = &conversation.talk;
    let protocol = talk.protocol.as_deref().unwrap_or(PROTOCOL);
    let mut line = match Line::open(host, protocol).await {
        Ok(line) => line,
        Err(status) => return Err(Heard { status, ..Heard::default() }),
    };
    if !talk.enters {
        return Ok(line);
    }
    let payload = match token(world, &conversation.persona) {
        Some(token) => json!({ "authorization": format!("Bearer {token}") }),
        None => json!({}),
    };
    let init = json!({ "type": "connection_init", "payload": payload }).to_string();
    let _ = say(&mut line.says, &framed(TEXT, init.as_bytes())).await;
    let mut heard = Heard { status: 101, ..Heard::default() };
    while let Some(frame) = line.hears.frame().await {
        match frame.kind {
            TEXT if String::from_utf8_lossy(&frame.payload).contains("connection_ack") => return Ok(line),
            CLOSE => heard.closed = Some(code_of(&frame.payload)),
            _ => {}
        }
    }
    heard.closed.get_or_insert(0);
    Err(heard)
}

/// Says all and hears all, until the server ends it or answers a normal operation; how many bytes came back.
async fn converse(host: &str, line: Line, conversation: &Conversation, heard: &mut Heard) -> usize {
    let Line { mut hears, mut says } = line;
    let talk = &conversation.talk;
    let saying = async {
        for (said, n) in conversation.says.iter().flat_map(|said| (0..said.times).map(move |n| (said, n))) {
            if say(&mut says, &said.bytes(n)).await.is_err() {
                return (says, false);
            }
        }
        if talk.hangs_up {
            let _ = says.shutdown().await;
        } else if talk.enters {
            let normal = json!({ "id": "normal", "type": "subscribe", "payload": { "query": "{ viewer { kind } }" } });
            let _ = say(&mut says, &framed(TEXT, normal.to_string().as_bytes())).await;
        }
        (says, true)
    };
    if !talk.reads {
        // What came back until it was let go is not looked at.
        let before = stalled(host).await;
        let noticed = async {
            while stalled(host).await == before {
                // Looking is not to count as what it takes.
                tokio::time::sleep(GLANCE).await;
            }
        };
        tokio::pin!(noticed);
        tokio::select! {
            () = &mut noticed => {}
            (_says, is_kept) = saying => if is_kept { noticed.await },
        }
        heard.closed = Some(0);
        return 0;
    }
    let hearing = async {
        while let Some(frame) = hears.frame().await {
            match frame.kind {
                TEXT => hear(&frame.payload, heard),
                CLOSE => heard.closed = Some(code_of(&frame.payload)),
                _ => {}
            }
            // Some seconds may pass after a close until the line ends, which the server leaves to the client at first.
            if heard.goes_on || heard.closed.is_some() {
                return;
            }
        }
        heard.closed.get_or_insert(0);
    };
    // Both at once: neither side may wait for the other to read. The line stays open until all is heard.
    let _says = tokio::join!(saying, hearing);
    hears.bytes
}

/// How often the server gave up a socket whose client did not read.
async fn stalled(host: &str) -> Option<String> {
    let text = String::from_utf8_lossy(&get(host, "/metrics").await.body).into_owned();
    text.lines().find(|line| line.contains("why=\"stalled\"")).map(str::to_owned)
}

fn hear(text: &[u8], heard: &mut Heard) {
    let message: Value = serde_json::from_slice(text).unwrap_or_default();
    if heard.text.len() < MAX_ANSWER {
        heard.text += &String::from_utf8_lossy(text);
    }
    let code = |error: &Value| error["extensions"]["code"].as_str().unwrap_or("no code").to_owned();
    match message["type"].as_str() {
        Some("next") if message["id"] == "normal" => {
            heard.goes_on = message["payload"]["data"]["viewer"]["kind"].is_string();
        }
        Some("next") if message["payload"]["errors"].is_array() => {
            heard.codes.extend(message["payload"]["errors"].as_array().into_iter().flatten().map(code));
        }
        Some("next") => heard.data += 1,
        Some("error") => heard.codes.extend(message["payload"].as_array().into_iter().flatten().map(code)),
        _ => {}
    }
}

fn code_of(payload: &[u8]) -> u16 {
    payload.get(..2).and_then(|code| code.try_into().ok()).map_or(0, u16::from_be_bytes)
}

fn problems(expect: &Ending, heard: &Heard, bytes: usize, taken: &Taken, budget: Budget) -> Vec<String> {
    let mut wrong = Vec::new();
    let shown = || {
        let text: String = heard.text.chars().take(400).collect();
        format!("status {}, closed {:?}, {:?}: {text}", heard.status, heard.closed, heard.codes)
    };
    let wanted = expect.status.unwrap_or(101);
    if heard.status != wanted {
        wrong.push(format!("the handshake is not answered with {wanted}: {}", shown()));
    }
    let closes = expect.close.all();
    let ends_right = match heard.closed {
        Some(code) => closes.contains(&code),
        None => wanted != 101 || (heard.goes_on && closes.is_empty()),
    };
    if !ends_right {
        wrong.push(format!("it did not end with {closes:?} (with none, answered normally): {}", shown()));
    }
    let codes = expect.code.all();
    if heard.codes.iter().any(|code| !codes.contains(code)) || (heard.codes.is_empty() && !codes.is_empty()) {
        wrong.push(format!("{codes:?} expected: {}", shown()));
    }
    if heard.data > expect.data {
        wrong.push(format!("{} messages with data: {}", heard.data, shown()));
    }
    wrong.extend(
        expect.never.iter().filter(|word| heard.text.contains(*word)).map(|word| format!("{word:?}: {}", shown())),
    );
    if bytes > MAX_ANSWER {
        wrong.push(format!("{bytes} bytes came back"));
    }
    if taken.heap > expect.mib.map_or(HEAP, |mib| mib * MIB) {
        wrong.push(format!("it took {} KiB of memory", taken.heap / 1024));
    }
    let cpu = Duration::from_nanos(taken.cpu_nanos);
    if budget.cpu.is_some_and(|most| cpu > expect.cpu_ms.map_or(most, Duration::from_millis)) {
        wrong.push(format!("it took {cpu:?} of CPU"));
    }
    if taken.statements > expect.sql {
        wrong.push(format!("{} SQL statements: {}", taken.statements, shown()));
    }
    wrong
}

/// A stranger is let in and asks who they are; when `after_many`, as soon as those have their places no longer.
async fn is_normal(host: &str, after_many: bool) -> bool {
    let again = async {
        while !is_let_in(host).await {
            if !after_many {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(PATIENCE, again).await.unwrap_or(false)
}

async fn is_let_in(host: &str) -> bool {
    let Ok(mut line) = Line::open(host, PROTOCOL).await else { return false };
    let init = framed(TEXT, br#"{"type":"connection_init"}"#);
    let ask = framed(TEXT, br#"{"id":"normal","type":"subscribe","payload":{"query":"{ viewer { kind } }"}}"#);
    let _ = say(&mut line.says, &init).await;
    let mut heard = Heard::default();
    while let Some(frame) = line.hears.frame().await {
        if frame.kind == TEXT && String::from_utf8_lossy(&frame.payload).contains("connection_ack") {
            let _ = say(&mut line.says, &ask).await;
        }
        hear(&frame.payload, &mut heard);
        if heard.goes_on {
            return true;
        }
    }
    false
}
