//! A connection as the HTTP server reads and writes it: one whose client reads nothing ends, and a socket can end its
//! own.
//!
//! The HTTP server (actix-http 3.20) waits for a client to read for as long as that takes; what comes behind the end of an
//! answer it reads for a second, as fast as it comes (`poll_linger`); and while what came ahead of its answers fills its
//! buffer, it takes turn after turn without doing anything (`read_available`), a processor for one connection. The
//! kernel's own patience (`TCP_USER_TIMEOUT`) starts anew with whatever the client sends.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Bytes that may be under way when a socket closes.
const MAX_LATE: usize = 64 * 1024;
/// Turns of the server on end in which nothing was to be read or could be written. One that waits for an answer takes a few
/// for each thing that the answer waits for; one that goes round for nothing, a million a second.
const MAX_IDLE_TURNS: u32 = 10_000;

/// The bytes of one connection.
pub struct Stream {
    tcp: TcpStream,
    /// How long a client may read nothing of what waits for it.
    patience: Duration,
    /// Until then, while it reads nothing.
    unread: Option<Pin<Box<Sleep>>>,
    idle_turns: u32,
    state: Rc<State>,
}

struct State {
    is_cut: Cell<bool>,
    /// Bytes that are still read.
    left: Cell<usize>,
    /// Of whoever serves the connection.
    waker: RefCell<Option<Waker>>,
}

/// What a handler may do to the connection that its request came by.
#[derive(Clone)]
pub struct Connection(Rc<State>);

impl Connection {
    /// Ends it now. What the client has not read is lost.
    pub fn cut(&self) {
        self.0.is_cut.set(true);
        if let Some(waker) = self.0.waker.take() {
            waker.wake();
        }
    }

    /// Reads what may be under way and then nothing: the kernel holds the client's bytes back until the HTTP server
    /// ends the connection, a second after the kernel took the end of the answer.
    pub fn hear_out(&self) {
        self.0.left.set(MAX_LATE);
    }
}

impl Stream {
    pub fn new(tcp: TcpStream, patience: Duration) -> Self {
        // What is small need not wait until the client has confirmed the last: an answer on a socket and its `complete`.
        let _ = tcp.set_nodelay(true);
        let state = State { is_cut: Cell::new(false), left: Cell::new(usize::MAX), waker: RefCell::default() };
        Stream { tcp, patience, unread: None, idle_turns: 0, state: Rc::new(state) }
    }

    /// Gives handlers a hand on it.
    pub fn introduce(&self, data: &mut Extensions) {
        data.insert(Connection(self.state.clone()));
    }

    /// Ends the connection, and what waits in it: a close would leave that to the kernel until the client has read it.
    fn end(&self, why: ErrorKind) -> io::Error {
        // Without it the kernel lets go later.
        let _ = self.tcp.set_zero_linger();
        why.into()
    }

    /// An error once it is cut; until then, who is to be woken when it is.
    fn check(&self, context: &Context<'_>) -> io::Result<()> {
        if self.state.is_cut.get() {
            return Err(self.end(ErrorKind::ConnectionAborted));
        }
        let mut waker = self.state.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            *waker = Some(context.waker().clone());
        }
        Ok(())
    }

    /// The server has nothing more to do for now.
    fn turn(&mut self) -> io::Result<()> {
        self.idle_turns += 1;
        if self.idle_turns > MAX_IDLE_TURNS { Err(self.end(ErrorKind::ConnectionAborted)) } else { Ok(()) }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        self.idle_turns = 0;
        let left = self.state.left.get();
        if left == 0 {
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.tcp).poll_read(cx, buffer);
        self.state.left.set(left.saturating_sub(buffer.filled().len() - before));
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        if let Poll::Ready(written) = Pin::new(&mut self.tcp).poll_write(cx, bytes) {
            self.unread = None;
            self.idle_turns = 0;
            return Poll::Ready(written);
        }
        self.turn()?;
        let patience = self.patience;
        let unread = self.unread.get_or_insert_with(|| Box::pin(sleep(patience)));
        unread.as_mut().poll(cx).map(|()| Err(self.end(ErrorKind::TimedOut)))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.turn()?;
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
