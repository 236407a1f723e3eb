//! The end of a socket's connection: a client that talks on after our Close is cut off.
//!
//! The HTTP server (actix-http 3.20, `poll_linger`) reads for up to a second what comes behind the end of an answer, as
//! fast as it comes: a hundred thousand frames of a byte each are tenths of a second of a processor. Only an answer that
//! fails ends a connection at once. Whoever closes as well, or says nothing, has that second, as after any answer.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, error};
use tokio::sync::oneshot;

/// Of one socket. Dropped, its connection ends in peace.
pub struct Connection {
    said: oneshot::Receiver<()>,
    cut: oneshot::Sender<()>,
}

impl Connection {
    /// The connection of the socket that `response` opens. It lasts until this is cut or dropped, so that what the client
    /// sends after our Close waits in the kernel unless we read it.
    pub fn of(response: HttpResponse) -> (HttpResponse, Self) {
        let ((say, said), (cut, end)) = (oneshot::channel(), oneshot::channel());
        let lasting = |frames| BoxBody::new(Lasting { frames, say: Some(say), end });
        (response.map_body(|_, frames| lasting(frames)), Connection { said, cut })
    }

    /// Until the client could read our last frame, but for some kilobytes, or is gone.
    pub async fn said(&mut self) {
        // An error means that the connection has ended.
        let _ = (&mut self.said).await;
    }

    /// Ends it, and what the client is sending. What it has not read is lost.
    pub fn cut(self) {
        let _ = self.cut.send(());
    }
}

/// Our frames, and after the last one nothing until the end.
struct Lasting {
    frames: BoxBody,
    /// Until the last one is said.
    say: Option<oneshot::Sender<()>>,
    end: oneshot::Receiver<()>,
}

impl MessageBody for Lasting {
    type Error = error::Error;

    fn size(&self) -> BodySize {
        self.frames.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.say.is_some()
            && let Some(frame) = ready!(Pin::new(&mut self.frames).poll_next(cx))
        {
            return Poll::Ready(Some(frame.map_err(error::ErrorInternalServerError)));
        }
        if let Some(say) = self.say.take() {
            // Nobody listens when the socket ends without a word.
            let _ = say.send(());
        }
        match ready!(Pin::new(&mut self.end).poll(cx)) {
            Ok(()) => Poll::Ready(Some(Err(error::ErrorBadRequest("a client talked on after our Close")))),
            Err(_) => Poll::Ready(None),
        }
    }
}
