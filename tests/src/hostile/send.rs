//! Sends bytes and reads answers, without an HTTP client that would mend what is broken on purpose.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::expand::{Request, Sends, World};

/// Longer than any time-out of the server.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub struct Answer {
    /// Of the first answer; 0 when the connection was closed without one.
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// How many answers came back.
    pub count: usize,
    /// All bytes.
    pub bytes: usize,
    /// The server ended a WebSocket with it.
    pub closed: bool,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// `host` is `127.0.0.1:port`.
pub async fn http(host: &str, request: &Request, world: &World) -> Answer {
    let (bytes, ends) = match &request.sends {
        Sends::Raw(raw) => (raw.clone(), true),
        Sends::Http { method, path, headers, body } => {
            let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
            if let Some(token) = token(world, &request.persona) {
                let _ = write!(head, "authorization: Bearer {token}\r\n");
            }
            for (name, value) in headers {
                let _ = write!(head, "{name}: {value}\r\n");
            }
            if !body.is_empty() || method == "POST" {
                let _ = write!(head, "content-length: {}\r\n", body.len());
            }
            head += "\r\n";
            ([head.as_bytes(), body].concat(), false)
        }
    };
    tokio::time::timeout(PATIENCE, exchange(host, &bytes, ends))
        .await
        .unwrap_or_else(|_| panic!("{}: no answer within {PATIENCE:?}", request.name))
}

/// What a stranger is answered at `path`.
pub async fn get(host: &str, path: &str) -> Answer {
    let head = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    exchange(host, head.as_bytes(), false).await
}

pub fn token<'a>(world: &'a World, persona: &'a str) -> Option<&'a str> {
    match persona {
        "anonymous" => None,
        // A token itself, where tokens are meant.
        _ if persona.starts_with("token:") => persona.strip_prefix("token:"),
        _ => Some(world.get(&format!("token.{persona}")).unwrap_or_else(|| panic!("nobody is called {persona}"))),
    }
}

/// Writes all and reads until the server closes. A server may answer and close before it has read all.
async fn exchange(host: &str, bytes: &[u8], ends: bool) -> Answer {
    let mut stream = TcpStream::connect(host).await.expect("the server listens");
    let (mut read, mut write) = stream.split();
    let writing = async {
        let _ = write.write_all(bytes).await;
        if ends {
            let _ = write.shutdown().await;
        }
    };
    let mut got = Vec::new();
    let reading = async {
        let mut part = [0; 16 * 1024];
        while let Ok(length) = read.read(&mut part).await {
            if length == 0 {
                break;
            }
            got.extend_from_slice(&part[..length]);
            if !ends && answers(&got).complete {
                break;
            }
        }
    };
    tokio::pin!(writing, reading);
    tokio::select! {
        () = &mut reading => {}
        () = &mut writing => reading.await,
    }
    answers(&got).answer
}

struct Parsed {
    answer: Answer,
    complete: bool,
}

/// The answers in a stream, one after the other.
fn answers(bytes: &[u8]) -> Parsed {
    let mut parsed = Parsed { answer: Answer { bytes: bytes.len(), ..Answer::default() }, complete: false };
    let mut rest = bytes;
    while let Some((status, headers, body)) = head(rest) {
        let is_chunked = headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked");
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let (body, after) =
            if is_chunked { unchunked(body) } else { (body.get(..length).map(<[u8]>::to_vec), body.get(length..)) };
        if status >= 200 {
            parsed.answer.count += 1;
            if parsed.answer.count == 1 {
                parsed.complete = body.is_some();
                (parsed.answer.status, parsed.answer.headers) = (status, headers);
                parsed.answer.body = body.unwrap_or_default();
            }
        }
        let Some(after) = after else { break };
        rest = after;
    }
    parsed
}

fn head(bytes: &[u8]) -> Option<(u16, BTreeMap<String, String>, &[u8])> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = text.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let header = |line: &str| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
    Some((status, lines.filter_map(header).collect(), &bytes[end + 4..]))
}

fn unchunked(mut rest: &[u8]) -> (Option<Vec<u8>>, Option<&[u8]>) {
    let mut body = Vec::new();
    loop {
        let size = rest.windows(2).position(|two| two == b"\r\n").and_then(|end| {
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?, 16).ok()?;
            Some((end, size))
        });
        let Some((end, size)) = size else { return (None, None) };
        let Some(chunk) = rest.get(end + 2..end + 2 + size) else { return (None, None) };
        body.extend_from_slice(chunk);
        rest = rest.get(end + 4 + size..).unwrap_or_default();
        if size == 0 {
            return (Some(body), Some(rest));
        }
    }
}
