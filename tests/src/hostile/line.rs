//! A WebSocket spoken by hand, which a library would mend: whatever bytes, and frames as they come.

use std::fmt::Write;
use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};

pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;

/// So little is taken unread that the server notices soon.
const UNREAD: u32 = 4 * 1024;

pub struct Frame {
    pub kind: u8,
    pub payload: Vec<u8>,
}

pub struct Line {
    pub hears: Hears,
    pub says: OwnedWriteHalf,
}

pub struct Hears {
    line: OwnedReadHalf,
    got: Vec<u8>,
    /// All bytes since the handshake.
    pub bytes: usize,
}

impl Line {
    /// Asks `host` for a socket with the sub-protocol, none when empty; the status when it does not become one.
    pub async fn open(host: &str, protocol: &str) -> Result<Self, u16> {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(UNREAD).expect("a small buffer");
        let line: TcpStream = socket.connect(host.parse().expect("an address")).await.expect("the server listens");
        let _ = line.set_nodelay(true);
        let (line, mut says) = line.into_split();
        let mut head = format!(
            "GET /graphql HTTP/1.1\r\nhost: {host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        );
        if !protocol.is_empty() {
            let _ = write!(head, "sec-websocket-protocol: {protocol}\r\n");
        }
        head += "\r\n";
        let mut hears = Hears { line, got: Vec::new(), bytes: 0 };
        let _ = says.write_all(head.as_bytes()).await;
        let end = loop {
            if let Some(end) = hears.got.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if hears.more().await == 0 {
                return Err(0);
            }
        };
        let answer = String::from_utf8_lossy(&hears.got[..end]).into_owned();
        match answer.split(' ').nth(1).and_then(|status| status.parse().ok()) {
            Some(101) => {
                hears.got.drain(..end);
                hears.bytes = hears.got.len();
                Ok(Line { hears, says })
            }
            status => Err(status.unwrap_or(0)),
        }
    }
}

impl Hears {
    /// The next frame; `None` once the connection has ended.
    pub async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, length)) = whole(&self.got) {
                self.got.drain(..length);
                return Some(frame);
            }
            if self.more().await == 0 {
                return None;
            }
        }
    }

    async fn more(&mut self) -> usize {
        let mut part = [0; 16 * 1024];
        let length = self.line.read(&mut part).await.unwrap_or(0);
        self.got.extend_from_slice(&part[..length]);
        self.bytes += length;
        length
    }
}

/// The first frame of a server, which is not masked, and how long it was.
fn whole(bytes: &[u8]) -> Option<(Frame, usize)> {
    let (length, begin) = match bytes.get(1)? {
        126 => (usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => (usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?, 10),
        length => (usize::from(*length), 2),
    };
    let payload = bytes.get(begin..begin + length)?.to_vec();
    Some((Frame { kind: bytes[0] & 0x0f, payload }, begin + length))
}

/// A whole frame, masked by nothing.
pub fn framed(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | kind];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// Says all of it; an error when the other side is gone.
pub async fn say(says: &mut OwnedWriteHalf, bytes: &[u8]) -> io::Result<()> {
    says.write_all(bytes).await
}
