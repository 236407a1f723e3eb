//! The end of a socket's connection: a client that talks on after our Close is cut off.
//!
//! The HTTP server (actix-http 3.20, `poll_linger`) reads for up to a second what comes behind the end of an answer, as
//! fast as it comes: a hundred thousand frames of a byte each are tenths of a second of a processor. Only an answer that
//! fails ends a connection at once.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, error};
use tokio::sync::oneshot;

/// Of one socket. Dropped, its connection ends in peace.
pub struct Connection(oneshot::Sender<()>);

impl Connection {
    /// The connection of the socket that `response` opens. It lasts until this is cut or dropped, so that what the client
    /// sends after our Close waits in the kernel unless we read it.
    pub fn of(response: HttpResponse) -> (HttpResponse, Self) {
        let (cut, end) = oneshot::channel();
        (response.map_body(|_, frames| BoxBody::new(Lasting { frames, end })), Connection(cut))
    }

    /// Ends it, and what the client is sending.
    pub fn cut(self) {
        // An error means that it has ended already.
        let _ = self.0.send(());
    }
}

/// Our frames, and after the last one nothing until the end.
struct Lasting {
    frames: BoxBody,
    end: oneshot::Receiver<()>,
}

impl MessageBody for Lasting {
    type Error = error::Error;

    fn size(&self) -> BodySize {
        self.frames.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if let Some(frame) = ready!(Pin::new(&mut self.frames).poll_next(cx)) {
            return Poll::Ready(Some(frame.map_err(error::ErrorInternalServerError)));
        }
        match ready!(Pin::new(&mut self.end).poll(cx)) {
            Ok(()) => Poll::Ready(Some(Err(error::ErrorBadRequest("a client talked on after our Close")))),
            Err(_) => Poll::Ready(None),
        }
    }
}
