//! What comes in over a socket, message by message: those in pieces are put together here.
//!
//! The library puts them together as well (`AggregatedMessageStream`), and bounds their bytes, not their number: a hundred
//! thousand pieces of one byte are one message that nobody hears of before it is too large.

use std::io::{self, ErrorKind};

use actix_ws::{AggregatedMessage, Item, Message, MessageStream, ProtocolError};

use super::feed::Feed;
use super::limits::{MAX_MESSAGE, MAX_PIECES};

pub struct Incoming {
    stream: MessageStream,
    feed: Feed,
    pieces: Pieces,
}

impl Incoming {
    /// `feed` is what `stream` reads from.
    pub fn new(stream: MessageStream, feed: Feed) -> Self {
        Incoming { stream: stream.max_frame_size(MAX_MESSAGE), feed, pieces: Pieces::default() }
    }

    /// The next message, `Overflow` when it is too large or in too many pieces; `None` at the end. Nothing is lost when
    /// nobody waits for it any longer.
    pub async fn next(&mut self) -> Option<Result<AggregatedMessage, ProtocolError>> {
        loop {
            let message = self.stream.recv().await;
            // What is fed without a message coming out is one that is too large, whatever came behind it.
            if self.feed.is_too_much() {
                return Some(Err(ProtocolError::Overflow));
            }
            let message = match message? {
                Ok(Message::Continuation(piece)) => match self.pieces.join(piece).transpose() {
                    Some(whole) => whole,
                    None => continue,
                },
                Ok(Message::Nop) => continue,
                Ok(Message::Text(text)) => Ok(AggregatedMessage::Text(text)),
                Ok(Message::Binary(bytes)) => Ok(AggregatedMessage::Binary(bytes)),
                Ok(Message::Ping(payload)) => Ok(AggregatedMessage::Ping(payload)),
                Ok(Message::Pong(payload)) => Ok(AggregatedMessage::Pong(payload)),
                Ok(Message::Close(reason)) => Ok(AggregatedMessage::Close(reason)),
                Err(error) => Err(error),
            };
            self.feed.digested();
            return Some(message);
        }
    }
}

/// Those of a message that has not ended. In which order they may come, the library has seen to.
#[derive(Default)]
struct Pieces {
    bytes: Vec<u8>,
    number: usize,
}

impl Pieces {
    /// The message that ends with this piece. What is no text is none at its first piece already: nobody reads it.
    fn join(&mut self, piece: Item) -> Result<Option<AggregatedMessage>, ProtocolError> {
        let (bytes, is_last) = match piece {
            Item::FirstBinary(bytes) => return Ok(Some(AggregatedMessage::Binary(bytes))),
            Item::FirstText(bytes) | Item::Continue(bytes) => (bytes, false),
            Item::Last(bytes) => (bytes, true),
        };
        self.number += 1;
        if self.number > MAX_PIECES || self.bytes.len() + bytes.len() > MAX_MESSAGE {
            return Err(ProtocolError::Overflow);
        }
        self.bytes.extend_from_slice(&bytes);
        if !is_last {
            return Ok(None);
        }
        let whole = std::mem::take(self).bytes;
        // Only the whole is text: a piece may end within a character.
        let text = String::from_utf8(whole).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        Ok(Some(AggregatedMessage::Text(text.into())))
    }
}
