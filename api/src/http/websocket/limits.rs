//! How much of us a socket may take.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::http::graphql::MAX_BODY;
use crate::people::actor::{Actor, ClientIp};

/// Bytes of one message: a request body and the little around it.
pub const MAX_MESSAGE: usize = MAX_BODY + 1024;
/// Pieces of one message: a client or a proxy that cuts it does so after kilobytes.
pub const MAX_PIECES: usize = 256;
/// Bytes of a message before we know who it is.
pub const MAX_FIRST_MESSAGE: usize = 8 * 1024;
/// Operations of one socket at once.
pub const MAX_RUNNING: usize = 20;
/// Bytes of an operation's id.
pub const MAX_ID: usize = 128;
/// Answers that wait for a client to read; operations wait when there are more.
pub const MAX_UNREAD: usize = 8;
/// Sockets of one session, or of one key of a factory: one, and four for other pages and reconnects.
pub const MAX_PER_SESSION: usize = 5;
/// Sockets without a token from one address.
pub const MAX_STRANGERS: usize = 20;
/// Sockets from one address that have not said who they are.
pub const MAX_WAITING: usize = 50;

/// Messages, pings and pongs: this many at once, and so many a second after that.
const MESSAGES_AT_ONCE: f64 = 200.0;
const MESSAGES_PER_SECOND: f64 = 50.0;

/// Messages of one socket over time.
pub struct Budget {
    left: f64,
    at: Instant,
}

impl Budget {
    pub fn new(now: Instant) -> Self {
        Budget { left: MESSAGES_AT_ONCE, at: now }
    }

    /// Whether one more message is within it.
    pub fn take(&mut self, now: Instant) -> bool {
        let regained = now.duration_since(self.at).as_secs_f64() * MESSAGES_PER_SECOND;
        self.left = (self.left + regained).min(MESSAGES_AT_ONCE) - 1.0;
        self.at = now;
        self.left >= 0.0
    }
}

/// Whose sockets are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Owner {
    Waiting(ClientIp),
    Stranger(ClientIp),
    Session(Uuid),
}

/// The open sockets of this process by their owner.
#[derive(Default)]
pub struct Sockets(Arc<Mutex<HashMap<Owner, usize>>>);

/// One socket in the count, until it is dropped.
pub struct Place {
    owner: Owner,
    count: Arc<Mutex<HashMap<Owner, usize>>>,
}

impl Sockets {
    /// For a socket that has not said who it is; `None` when too many of its address wait.
    pub fn wait(&self, ip: ClientIp) -> Option<Place> {
        self.take(Owner::Waiting(ip), MAX_WAITING)
    }

    /// For a socket of `actor`; `None` when there are too many.
    pub fn enter(&self, actor: &Actor, ip: ClientIp) -> Option<Place> {
        match actor {
            Actor::Anonymous => self.take(Owner::Stranger(ip), MAX_STRANGERS),
            Actor::Member(member) => self.take(Owner::Session(member.session_id), MAX_PER_SESSION),
            Actor::Staff(staff) => self.take(Owner::Session(staff.session_id), MAX_PER_SESSION),
            Actor::Factory(factory) => self.take(Owner::Session(factory.key_id), MAX_PER_SESSION),
        }
    }

    fn take(&self, owner: Owner, max: usize) -> Option<Place> {
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = count.entry(owner.clone()).or_default();
        if *open >= max {
            return None;
        }
        *open += 1;
        Some(Place { owner, count: self.0.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = count.get_mut(&self.owner) {
            *open -= 1;
            if *open == 0 {
                count.remove(&self.owner);
            }
        }
    }
}

/// How long a socket may take, from the settings.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until `connection_init`.
    pub init: Duration,
    /// Between two pings; one that is not heard from for twice as long is dead.
    pub ping: Duration,
    /// Between two looks at its token.
    pub check: Duration,
    /// Until it reads what we send.
    pub stall: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_socket_ends() {
        let sockets = Sockets::default();
        let ip = ClientIp(None);
        let mut places: Vec<_> = (0..MAX_WAITING).map(|_| sockets.wait(ip).expect("a place")).collect();
        assert!(sockets.wait(ip).is_none());
        assert!(sockets.enter(&Actor::Anonymous, ip).is_some());
        places.pop();
        assert!(sockets.wait(ip).is_some());
        drop(places);
        assert!(sockets.0.lock().expect("a lock").is_empty());
    }

    #[test]
    fn messages_are_regained_steadily() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        assert!((0..MESSAGES_AT_ONCE as u32).all(|_| budget.take(start)));
        assert!(!budget.take(start));
        assert!(budget.take(start + Duration::from_secs(1)));
    }
}
