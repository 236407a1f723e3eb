//! The loop of one socket: hears, answers, watches the time and the token.

use std::collections::HashMap;
use std::future::{Future, pending};
use std::io::ErrorKind;
use std::ops::ControlFlow::{self, Break, Continue};
use std::pin::Pin;
use std::sync::Arc;

use actix_ws::{AggregatedMessage, CloseCode, CloseReason, Closed, ProtocolError, Session};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, sleep_until, timeout};

use super::incoming::Incoming;
use super::limits::{Budget, MAX_FIRST_MESSAGE, MAX_RUNNING, MAX_UNREAD, Patience, Place, Sockets};
use super::operation::{self, Frame, Out};
use super::protocol::{self, Close, Protocol, Start, Step};
use super::token::{end_of, rights_of, token_in};
use crate::app::App;
use crate::base::bus::Listener;
use crate::base::lang::Lang;
use crate::error::{Code, Error, Fault, Result};
use crate::http::connection::Connection;
use crate::http::graphql::envelope::{Envelope, Problem};
use crate::http::graphql::errors;
use crate::http::graphql::execute::{self, Caller, Stopped, Who};
use crate::http::guard::{Limits, Refusal, check_json_bytes};
use crate::news;
use crate::people::actor::{Actor, ClientIp};
use crate::people::authenticate::authenticate;
use crate::schema::ApiSchema;

/// What the upgrade said.
pub struct Hello {
    pub ip: ClientIp,
    pub lang: Lang,
    /// Of its `Authorization` header; `connection_init` may bring another.
    pub token: Result<Option<String>>,
    /// Whether it offered our sub-protocol.
    pub speaks: bool,
}

/// Who it is, how we know, and what to hear of to look again.
struct Person {
    actor: Actor,
    token: Option<String>,
    rights: Vec<Listener>,
}

/// `Break` with the reason of the end; without one the client is gone.
type Turn = ControlFlow<Option<Close>>;
type Entering = Pin<Box<dyn Future<Output = (Option<String>, Result<Actor, Stopped>)>>>;

pub struct Socket {
    app: App,
    schema: ApiSchema,
    sockets: Arc<Sockets>,
    /// In the count of sockets; another one once we know who it is.
    place: Place,
    session: Session,
    connection: Connection,
    hello: Hello,
    protocol: Protocol,
    person: Option<Person>,
    entering: Option<Entering>,
    subscriptions: HashMap<u64, AbortHandle>,
    frames: (mpsc::Sender<Frame>, mpsc::Receiver<Frame>),
    budget: Budget,
    patience: Patience,
    began: Instant,
    heard: Instant,
    ping_at: Instant,
    check_at: Instant,
}

impl Socket {
    pub fn new(
        app: App,
        schema: ApiSchema,
        sockets: Arc<Sockets>,
        place: Place,
        session: Session,
        connection: Connection,
        hello: Hello,
    ) -> Self {
        let (now, patience) = (Instant::now(), app.config.socket_patience);
        Socket {
            app,
            schema,
            sockets,
            place,
            session,
            connection,
            hello,
            protocol: Protocol::new(),
            person: None,
            entering: None,
            subscriptions: HashMap::new(),
            frames: mpsc::channel(MAX_UNREAD),
            budget: Budget::new(now),
            patience,
            began: now,
            heard: now,
            ping_at: now + patience.ping,
            check_at: now + patience.check,
        }
    }

    /// Until its end.
    pub async fn serve(mut self, mut incoming: Incoming) {
        self.app.metrics.sockets.inc();
        let end = match self.hello.speaks {
            true => self.talk(&mut incoming).await,
            false => Some(Close::new(4406, "Subprotocol not acceptable")),
        };
        self.app.metrics.sockets.dec();
        self.subscriptions.values().for_each(AbortHandle::abort);
        if let Some(Close { code, reason }) = end {
            self.app.metrics.socket_ends.with_label_values(&[&code.to_string()]).inc();
            self.connection.hear_out();
            let reason = CloseReason { code: CloseCode::from(code), description: Some(reason) };
            if timeout(self.patience.stall, self.session.close(Some(reason))).await.is_err() {
                self.connection.cut();
            }
        }
    }

    async fn talk(&mut self, incoming: &mut Incoming) -> Option<Close> {
        let stop = self.app.stop.clone();
        loop {
            let now = self.next_look();
            let turn = tokio::select! {
                () = stop.cancelled() => Break(Some(Close::new(1001, "The server stops; connect again"))),
                message = incoming.next() => self.hear(message).await,
                Some(frame) = self.frames.1.recv() => self.tell(frame).await,
                (token, actor) = entered(&mut self.entering) => self.enter(token, actor).await,
                () = rights_changed(&mut self.person) => self.check().await,
                () = sleep_until(now) => self.look().await,
            };
            if let Break(end) = turn {
                return end;
            }
        }
    }

    async fn hear(&mut self, message: Option<Result<AggregatedMessage, ProtocolError>>) -> Turn {
        let now = Instant::now();
        self.heard = now;
        if !self.budget.take(now) {
            return Break(Some(Close::new(1008, "Too many messages")));
        }
        match message {
            Some(Ok(AggregatedMessage::Text(text))) => self.read(&text).await,
            Some(Ok(AggregatedMessage::Ping(payload))) => {
                let sent = timeout(self.patience.stall, self.session.pong(&payload)).await;
                self.sent(sent)
            }
            Some(Ok(AggregatedMessage::Pong(_))) => Continue(()),
            Some(Ok(AggregatedMessage::Binary(_))) => Break(Some(Close::invalid("binary"))),
            Some(Ok(AggregatedMessage::Close(_))) => Break(Some(Close::new(1000, ""))),
            Some(Err(ProtocolError::Overflow)) => {
                Break(Some(Close::new(1009, "Message too large, or in too many pieces")))
            }
            // Of the line, not of what came over it: the client is gone.
            Some(Err(ProtocolError::Io(error))) if error.kind() == ErrorKind::Other => Break(None),
            Some(Err(_)) => Break(Some(Close::new(1002, "Not a WebSocket frame"))),
            None => Break(None),
        }
    }

    async fn read(&mut self, text: &str) -> Turn {
        if self.person.is_none() && text.len() > MAX_FIRST_MESSAGE {
            return Break(Some(Close::new(1009, "Message too large")));
        }
        // The message itself is one level around the body that the limit is for.
        let limits = Limits { json_depth: Limits::default().json_depth + 1, body_bytes: u32::MAX, ..Limits::default() };
        if let Err(Refusal::Exceeded { limit, max, .. }) = check_json_bytes(text.as_bytes(), &limits) {
            return Break(Some(Close::invalid(&format!("{} above {max}", limit.as_str()))));
        }
        match self.protocol.receive(text) {
            Step::Nothing => Continue(()),
            Step::Send(text) => self.send(text).await,
            Step::Enter(payload) => self.begin_to_enter(&payload),
            Step::Start(start) => self.start(start).await,
            Step::Stop(number) => {
                if let Some(subscription) = self.subscriptions.remove(&number) {
                    subscription.abort();
                }
                Continue(())
            }
            Step::Full(id) => {
                let words = self.hello.lang.pick(
                    format!("{MAX_RUNNING} operations run on this socket already; complete one first."),
                    format!("此连接已有 {MAX_RUNNING} 个进行中的操作，请先结束其中一个。"),
                );
                let error = errors::with_code(words, Code::LimitExceeded.as_str());
                self.send(protocol::error(&id, &[error])).await
            }
            Step::Close(close) => Break(Some(close)),
        }
    }

    /// Looks the token up beside the loop, which goes on hearing what comes too early.
    fn begin_to_enter(&mut self, payload: &Map<String, Value>) -> Turn {
        if let Some(tag) = payload.get("acceptLanguage").and_then(Value::as_str) {
            self.hello.lang = Lang::of_header(Some(tag));
        }
        let of_header = std::mem::replace(&mut self.hello.token, Ok(None));
        let token = token_in(payload).unwrap_or(of_header);
        let (app, ip) = (self.app.clone(), self.hello.ip);
        self.entering = Some(Box::pin(async move {
            match token {
                Ok(token) => {
                    let actor = execute::enter(&app, Ok(token.as_deref()), ip).await;
                    (token, actor)
                }
                Err(error) => (None, execute::enter(&app, Err(error), ip).await),
            }
        }));
        Continue(())
    }

    async fn enter(&mut self, token: Option<String>, actor: Result<Actor, Stopped>) -> Turn {
        let actor = match actor {
            Ok(actor) => actor,
            Err(Stopped::TooMany(_)) => return Break(Some(Close::new(4429, "Too many requests"))),
            Err(Stopped::Fault(error)) => return Break(Some(end_of(&error))),
        };
        let Some(place) = self.sockets.enter(&actor, self.hello.ip) else {
            return Break(Some(Close::new(4429, "Too many sockets; close another one first")));
        };
        self.place = place;
        let bus = &self.app.bus;
        let rights = rights_of(&actor).into_iter().map(|id| bus.listen(&news::rights_of(id))).collect();
        self.person = Some(Person { actor, token, rights });
        let ack = self.protocol.admitted();
        self.send(ack).await?;
        // What changed between the look at the token and the listening.
        self.check().await
    }

    async fn start(&mut self, start: Start) -> Turn {
        let Start { id, number, payload } = start;
        let Some(person) = &self.person else { return Break(Some(Close::new(4401, "Unauthorized"))) };
        let caller = Caller { who: Who::Known(person.actor.clone()), ip: self.hello.ip, lang: self.hello.lang };
        let envelope = match Envelope::read(payload.to_string().as_bytes()) {
            Ok(envelope) => envelope,
            Err(Problem::Malformed(why, _)) => return Break(Some(Close::invalid(why))),
            Err(problem) => return self.refuse(&id, errors::of_problem(&problem, caller.lang)).await,
        };
        let checked = match operation::admit(&self.app, &envelope, caller.lang).await {
            Ok(checked) => checked,
            Err(error) => return self.refuse(&id, error).await,
        };
        let goes_on = operation::is_subscription(&checked);
        let out = Out { id, number, frames: self.frames.0.clone() };
        let work = operation::run(self.app.clone(), self.schema.clone(), caller, envelope, checked, out);
        let task = tokio::spawn(work);
        if goes_on {
            self.subscriptions.insert(number, task.abort_handle());
        }
        Continue(())
    }

    async fn refuse(&mut self, id: &str, error: async_graphql::ServerError) -> Turn {
        self.protocol.ended(id);
        self.send(protocol::error(id, &[error])).await
    }

    async fn tell(&mut self, frame: Frame) -> Turn {
        if !self.protocol.wants(&frame.id, frame.number) {
            return Continue(());
        }
        if frame.last {
            self.protocol.ended(&frame.id);
            self.subscriptions.remove(&frame.number);
        }
        self.send(frame.text).await
    }

    async fn send(&mut self, text: String) -> Turn {
        let sent = timeout(self.patience.stall, self.session.text(text)).await;
        self.sent(sent)
    }

    fn sent(&self, outcome: std::result::Result<std::result::Result<(), Closed>, Elapsed>) -> Turn {
        match outcome {
            Ok(Ok(())) => Continue(()),
            Ok(Err(Closed)) => Break(None),
            Err(_) => self.give_up("stalled"),
        }
    }

    /// Without a word, for which there is no room, or nobody to read it.
    fn give_up(&self, why: &str) -> Turn {
        self.app.metrics.socket_ends.with_label_values(&[why]).inc();
        self.connection.cut();
        Break(None)
    }

    fn next_look(&self) -> Instant {
        match self.protocol.is_silent() {
            true => self.began + self.patience.init,
            false => self.ping_at.min(self.check_at),
        }
    }

    async fn look(&mut self) -> Turn {
        let now = Instant::now();
        if self.protocol.is_silent() {
            return Break(Some(Close::new(4408, "Connection initialisation timeout")));
        }
        if now >= self.ping_at {
            self.ping_at = now + self.patience.ping;
            if now.duration_since(self.heard) >= self.patience.ping * 2 {
                return self.give_up("dead");
            }
            let sent = timeout(self.patience.stall, self.session.ping(b"")).await;
            self.sent(sent)?;
        }
        if now >= self.check_at { self.check().await } else { Continue(()) }
    }

    /// Looks at the token again. When the database does not answer, the next look decides: until
    /// then nothing can be read either.
    async fn check(&mut self) -> Turn {
        self.check_at = Instant::now() + self.patience.check;
        let Some(person) = &mut self.person else { return Continue(()) };
        person.rights.iter_mut().for_each(Listener::seen);
        match authenticate(&self.app, person.token.as_deref()).await {
            Ok(actor) if actor == person.actor => Continue(()),
            // Another role or grade: what runs was admitted under the old one.
            Ok(_) => Break(Some(Close::forbidden())),
            Err(Error::Fault(Fault::Unauthenticated | Fault::Forbidden(_))) => Break(Some(Close::forbidden())),
            Err(error) => {
                tracing::warn!(%error, "a socket's token could not be looked at");
                Continue(())
            }
        }
    }
}

/// Pends while nobody enters.
async fn entered(entering: &mut Option<Entering>) -> (Option<String>, Result<Actor, Stopped>) {
    match entering {
        Some(work) => {
            let outcome = work.await;
            *entering = None;
            outcome
        }
        None => pending().await,
    }
}

/// Pends while nobody is there.
async fn rights_changed(person: &mut Option<Person>) {
    match person {
        Some(person) if !person.rights.is_empty() => {
            let changes = person.rights.iter_mut().map(|listener| Box::pin(listener.changed()));
            futures_util::future::select_all(changes).await;
        }
        _ => pending().await,
    }
}
