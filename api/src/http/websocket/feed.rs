//! The bytes of a socket on their way to the WebSocket library, in sips and bounded.
//!
//! The library (actix-http 3.20, `ws::Parser`) looks at the size of a frame only once it has all of it, and reads until
//! nothing is left before it looks at anything: a client who sends fast, or says that a frame has exabytes, fills our
//! memory. So it gets a little at a time, and no more than a message may have before a message came out.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, dev, web};
use futures_util::Stream;
use futures_util::stream::poll_fn;

use super::limits::{MAX_MESSAGE, MAX_PIECES};

/// Bytes after which the library looks.
const SIP: usize = 16 * 1024;
/// A message in its frames, and what was read of the next one together with its last bytes.
const MAX_FED: usize = MAX_MESSAGE + 14 * MAX_PIECES + SIP;

/// Bytes that went in since a message came out. Clones are of one socket.
#[derive(Clone, Default)]
pub struct Feed(Rc<Cell<usize>>);

impl Feed {
    /// A message came out.
    pub fn digested(&self) {
        self.0.set(0);
    }

    /// More went in than a message may have.
    pub fn is_too_much(&self) -> bool {
        self.0.get() > MAX_FED
    }

    /// `body`, which after every sip says once that there is nothing more at the moment, and fails when it is too much.
    pub async fn of(&self, request: &HttpRequest, body: web::Payload) -> actix_web::Result<web::Payload> {
        let (feed, mut body, mut sip, mut rest) = (self.clone(), body.into_inner(), 0, Bytes::new());
        let sips = poll_fn(move |cx| {
            if feed.is_too_much() {
                return Poll::Ready(Some(Err(PayloadError::Overflow)));
            }
            if sip >= SIP {
                sip = 0;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if rest.is_empty() {
                match Pin::new(&mut body).poll_next(cx) {
                    Poll::Ready(Some(Ok(bytes))) => rest = bytes,
                    other => {
                        sip = 0;
                        return other;
                    }
                }
            }
            // No more of what came at once: it may be the next message already, which is not to count with this one.
            let bytes = rest.split_to(rest.len().min(SIP - sip));
            sip += bytes.len();
            feed.0.set(feed.0.get() + bytes.len());
            Poll::Ready(Some(Ok(bytes)))
        });
        web::Payload::from_request(request, &mut dev::Payload::Stream { payload: Box::pin(sips) }).await
    }
}
