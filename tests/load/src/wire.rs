//! HTTP/1.1 as spare as it gets: one connection, one request at a time, prepared bytes out, the answer
//! in a buffer that is used again. The loader shares its cores with the server it measures.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is opened with the first request and again after a failure.
pub struct Wire {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

/// An answer; its body borrows the connection's buffer.
pub struct Reply<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

struct Head {
    status: u16,
    length: usize,
    body_at: usize,
    close: bool,
}

impl Wire {
    pub fn new(address: SocketAddr) -> Self {
        Wire { address, stream: None, buffer: Vec::with_capacity(64 * 1024) }
    }

    /// Drops the connection: the answer to what was sent last will never be read.
    pub fn hang_up(&mut self) {
        self.stream = None;
    }

    /// Opens the connection unless it is open. An error here means that nothing was sent.
    pub async fn open(&mut self) -> Result<()> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        Ok(())
    }

    /// Sends a whole request and reads its answer. After an error the outcome of the request is unknown.
    /// Must be open; dropping the future half way leaves the connection unusable, so hang up then.
    pub async fn send(&mut self, request: &[u8]) -> Result<Reply<'_>> {
        match self.exchange(request).await {
            Ok(head) => {
                if head.close {
                    self.stream = None;
                }
                Ok(Reply { status: head.status, body: &self.buffer[head.body_at..head.body_at + head.length] })
            }
            Err(error) => {
                self.stream = None;
                Err(error)
            }
        }
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<Head> {
        let stream = self.stream.as_mut().ok_or(ErrorKind::NotConnected)?;
        stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(head) = read_head(&self.buffer)? {
                self.buffer.reserve(head.length);
                while self.buffer.len() < head.body_at + head.length {
                    if stream.read_buf(&mut self.buffer).await? == 0 {
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                }
                return Ok(head);
            }
        }
    }
}

/// `None` while the head is not complete.
fn read_head(bytes: &[u8]) -> Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; 48];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
    let httparse::Status::Complete(body_at) = parsed else { return Ok(None) };
    let (mut length, mut close) = (None, false);
    for header in response.headers.iter() {
        let value = std::str::from_utf8(header.value).unwrap_or_default().trim();
        if header.name.eq_ignore_ascii_case("content-length") {
            length = value.parse().ok();
        } else if header.name.eq_ignore_ascii_case("connection") {
            close = value.eq_ignore_ascii_case("close");
        }
    }
    let length = length.ok_or_else(|| Error::new(ErrorKind::InvalidData, "an answer without content-length"))?;
    Ok(Some(Head { status: response.code.unwrap_or(0), length, body_at, close }))
}

/// A POST of JSON, complete.
pub fn post(path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    let authorization = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!(
        "POST {path} HTTP/1.1\r\nhost: load\r\ncontent-type: application/json\r\n{authorization}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nconnection: close\r\n\r\n{}";
        assert!(read_head(&whole[..30]).unwrap().is_none());
        let head = read_head(whole).unwrap().unwrap();
        assert_eq!((head.status, head.length, &whole[head.body_at..], head.close), (200, 2, &b"{}"[..], true));
        assert!(read_head(b"HTTP/1.1 200 OK\r\n\r\n").is_err(), "no length");
    }
}
