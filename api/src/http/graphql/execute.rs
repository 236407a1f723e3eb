//! From a well-formed request to its answer, for every transport: who it is, what it costs, then the engine.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::parser::types::OperationType;
use async_graphql::{Response, Value};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde_json::json;
use tracing::Instrument;
use uuid::Uuid;

use super::envelope::Envelope;
use super::errors;
use crate::app::App;
use crate::base::lang::Lang;
use crate::base::limit::{Paid, TooMany};
use crate::base::share::Place;
use crate::base::stats::{self, SqlStats};
use crate::error::{Error, Result};
use crate::http::guard::Checked;
use crate::live::{Held, Toll};
use crate::load;
use crate::people::actor::{Actor, ClientIp};
use crate::people::authenticate::{Known, is_still, recognise};
use crate::reads::audience::{Audience, Question};
use crate::reads::hole::Recorder;
use crate::reads::{self, Filled, Served};
use crate::schema::ApiSchema;

/// Points that a token which opens nothing costs its address.
const WRONG_TOKEN: u32 = 50;

/// A query of at most this cost is answered sooner than it is taken [home](crate::base::home) and back.
const SMALL: u32 = 10;

/// Who sends a request, as the transport knows it.
pub enum Who<'a> {
    /// By the token of an `Authorization` header, looked up with the request.
    Bearer(Result<Option<&'a str>>),
    /// Found before, as on a socket.
    Known(Actor),
}

/// The sender of a request, from whatever transport.
pub struct Caller<'a> {
    pub who: Who<'a>,
    pub ip: ClientIp,
    pub lang: Lang,
}

/// Why a well-formed request was not executed.
pub enum Stopped {
    Fault(Error),
    TooMany(TooMany),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Stopped::Fault(error)
    }
}

/// The answer to an operation that ran, or would have run.
pub enum Answered {
    Executed(Response),
    /// A query without errors, from what is kept.
    Kept {
        data: Filled,
        extensions: serde_json::Value,
    },
}

/// Finds the caller, takes the cost from their bucket, and executes a query or mutation that the guard let pass.
/// Never from what is kept: for transports that read again because something has changed.
pub async fn run(
    app: &App,
    schema: &ApiSchema,
    caller: Caller<'_>,
    envelope: Envelope,
    checked: Checked,
) -> Result<Response, Stopped> {
    let (stats, started) = (Arc::new(SqlStats::default()), Instant::now());
    let trace = Trace::of(&checked);
    let work = async {
        let cost = checked.cost.max(1);
        let (entered, _) = admit(app, caller, cost).await?;
        let place = place(app, &entered.actor, checked.kind, cost).await?;
        let response = execute(app, schema, &entered, place, envelope, checked, None).await;
        Ok(response.extension("cost", Value::from(cost)))
    };
    let outcome = stats::scope(stats.clone(), work).instrument(trace.span.clone()).await;
    let label = outcome.as_ref().map(|response| response.errors.is_empty()).ok();
    trace.done(app, label, &stats, started);
    // For whoever may see the schema, as developers do; a stranger learns nothing of our insides.
    outcome.map(|response| match app.config.introspection {
        true => response.extension("sqlStatements", Value::from(stats.statements())),
        false => response,
    })
}

/// As [`run`], but answers from what is kept of public reads ([`crate::reads`]).
pub async fn answer(
    app: &App,
    schema: &ApiSchema,
    caller: Caller<'_>,
    envelope: Envelope,
    checked: Checked,
) -> Result<Answered, Stopped> {
    let (stats, started) = (Arc::new(SqlStats::default()), Instant::now());
    let (trace, cost) = (Trace::of(&checked), checked.cost.max(1));
    let token = match &caller.who {
        Who::Bearer(Ok(token)) => *token,
        Who::Bearer(Err(_)) | Who::Known(_) => None,
    };
    let work = async {
        let (entered, paid) = admit(app, caller, cost).await?;
        let life = reads::life(&checked).filter(|_| app.config.keep_answers);
        let asked = entered.known.as_deref().and_then(|known| Some((known, token?, Audience::of(known)?, life?)));
        let Some((known, token, audience, life)) = asked else {
            let place = place(app, &entered.actor, checked.kind, cost).await?;
            return Ok(Served::Run(execute(app, schema, &entered, place, envelope, checked, None).await));
        };
        let question = Question { fingerprint: envelope.fingerprint(&checked), lang: entered.lang };
        let still = async || Ok(is_still(app, token, known).await?);
        let enter = place(app, &entered.actor, checked.kind, cost);
        let has_run = Cell::new(false);
        let run = async |place, recorder| {
            has_run.set(true);
            Ok(execute(app, schema, &entered, place, envelope, checked, recorder).await)
        };
        let served = reads::serve(app, &audience, &question, life, still, enter, run).await?;
        if !has_run.get() {
            app.limiter.was_kept(paid);
        }
        Ok(served)
    };
    let outcome = stats::scope(stats.clone(), work).instrument(trace.span.clone()).await;
    let label = outcome.as_ref().map(Served::is_ok).ok();
    trace.done(app, label, &stats, started);
    let statements = app.config.introspection.then(|| stats.statements());
    outcome.map(|served| match served {
        Served::Kept(data) => {
            let mut extensions = json!({ "cost": cost });
            statements.inspect(|statements| extensions["sqlStatements"] = json!(statements));
            Answered::Kept { data, extensions }
        }
        Served::Run(response) => {
            let response = response.extension("cost", Value::from(cost));
            Answered::Executed(match statements {
                Some(statements) => response.extension("sqlStatements", Value::from(statements)),
                None => response,
            })
        }
    })
}

/// Finds the caller, takes the cost of the first push, and begins a subscription that the guard let pass.
/// What comes later pays for itself, see [`crate::live`].
pub async fn follow(
    app: &App,
    schema: &ApiSchema,
    caller: Caller<'_>,
    envelope: Envelope,
    checked: Checked,
) -> Result<BoxStream<'static, async_graphql::Response>, Stopped> {
    let Caller { who, ip, lang } = caller;
    let actor = match who {
        Who::Bearer(token) => enter(app, token, ip).await?,
        Who::Known(actor) => actor,
    };
    let (brand, whose) = (actor.brand(), share_of(&actor));
    let held = Held::default();
    let toll = Toll { bucket: bucket(&actor, ip), brand, whose, cost: checked.cost.max(1), held: held.clone() };
    app.limiter.pay(&toll.bucket, brand, toll.cost).await.map_err(Stopped::TooMany)?;
    brand.inspect(|brand_id| app.neighbours.note(*brand_id));
    let cost = toll.cost;
    // The loaders keep nothing between two batches, so each push reads afresh.
    let query =
        envelope.into_request(checked).data(actor).data(lang).data(ip).data(toll).data(load::spawning(app.clone()));
    let pushes = schema.execute_stream(query).map(move |mut response| {
        held.release();
        errors::present(&mut response.errors, lang);
        response.extension("cost", async_graphql::Value::from(cost))
    });
    Ok(pushes.boxed())
}

/// A caller who may go on.
struct Entered {
    actor: Actor,
    /// What their token stands for, when it was looked up with this request.
    known: Option<Arc<Known>>,
    ip: ClientIp,
    lang: Lang,
}

async fn admit(app: &App, caller: Caller<'_>, cost: u32) -> Result<(Entered, Paid), Stopped> {
    let Caller { who, ip, lang } = caller;
    let (actor, known) = match who {
        Who::Bearer(token) => recognised(app, token, ip).await?,
        Who::Known(actor) => (actor, None),
    };
    let brand = actor.brand();
    let paid = app.limiter.pay(&bucket(&actor, ip), brand, cost).await.map_err(Stopped::TooMany)?;
    brand.inspect(|brand_id| app.neighbours.note(*brand_id));
    Ok((Entered { actor, known, ip, lang }, paid))
}

/// Waits until the engine may run a query of theirs. Writes wait for nobody here: they are bounded by their group's queue
/// or wait for a row, and a share would only split the groups.
///
/// Beside others those of a crowd run no faster than twice what their brand's bucket regains, so that a brand that has
/// saved up for long does not spend it all in the moment in which others are there.
async fn place(app: &App, actor: &Actor, kind: OperationType, cost: u32) -> Result<Option<Place<Uuid>>, Stopped> {
    if kind != OperationType::Query {
        return Ok(None);
    }
    let beside_others = || actor.brand().is_some_and(|brand_id| app.neighbours.has_others(brand_id));
    let (shares, apart) = match actor {
        // Few, and in a hurry.
        Actor::Staff(_) => (&app.staff_shares, Duration::ZERO),
        Actor::Member(_) | Actor::Factory(_) | Actor::Anonymous => (&app.shares, app.limiter.brand_regains(cost) / 2),
    };
    let place = shares.enter(share_of(actor), beside_others, app.config.brand_queue, apart).await;
    place.map(Some).map_err(Stopped::TooMany)
}

/// Runs what has its [`place`], if it needs one.
async fn execute(
    app: &App,
    schema: &ApiSchema,
    entered: &Entered,
    _place: Option<Place<Uuid>>,
    envelope: Envelope,
    checked: Checked,
    recorder: Option<Arc<Recorder>>,
) -> Response {
    let is_small = checked.kind == OperationType::Query && checked.cost <= SMALL;
    let (loaders, batches) = load::new(app.clone());
    let mut query = envelope.into_request(checked).data(entered.actor.clone()).data(entered.lang).data(entered.ip);
    if let Some(zone) = entered.known.as_ref().and_then(|known| known.zone) {
        query = query.data(zone);
    }
    if let Some(recorder) = recorder {
        query = query.data(recorder);
    }
    let query = query.data(loaders);
    let mut response = match is_small {
        true => batches.drive(schema.execute(query)).await,
        false => {
            let schema = schema.clone();
            app.home.run(async move { batches.drive(schema.execute(query)).await }).await
        }
    };
    errors::present(&mut response.errors, entered.lang);
    response
}

/// What is told of an operation to logs and metrics.
struct Trace {
    span: tracing::Span,
    kind: &'static str,
}

impl Trace {
    fn of(checked: &Checked) -> Self {
        let kind = kind_label(checked.kind);
        let name = checked.operation_name.as_deref().unwrap_or_default();
        Trace { span: tracing::info_span!("operation", kind, name = %name), kind }
    }

    /// `ok`: whether it ran without errors; `None` when it was stopped.
    fn done(&self, app: &App, ok: Option<bool>, stats: &SqlStats, started: Instant) {
        let (kind, elapsed) = (self.kind, started.elapsed());
        let label = match ok {
            Some(true) => "ok",
            Some(false) => "errors",
            None => "stopped",
        };
        app.metrics.operations.with_label_values(&[kind, label]).inc();
        app.metrics.seconds.with_label_values(&[kind]).observe(elapsed.as_secs_f64());
        app.metrics.statements.with_label_values(&[kind]).observe(stats.statements() as f64);
        self.span.in_scope(|| {
            tracing::info!(
                outcome = label,
                sql = stats.statements(),
                sql_ms = stats.elapsed().as_secs_f64() * 1e3,
                ms = elapsed.as_secs_f64() * 1e3,
                "done"
            );
        });
    }
}

/// Who sends the request. Tokens that open nothing are paid for by the address, so that guessing is
/// as limited as anything else.
pub async fn enter(app: &App, token: Result<Option<&str>>, ip: ClientIp) -> Result<Actor, Stopped> {
    recognised(app, token, ip).await.map(|(actor, _)| actor)
}

/// The same, with all that is known of the token.
async fn recognised(
    app: &App,
    token: Result<Option<&str>>,
    ip: ClientIp,
) -> Result<(Actor, Option<Arc<Known>>), Stopped> {
    let entered = async {
        match token? {
            None => Ok((Actor::Anonymous, None)),
            Some(token) => recognise(app, token).await.map(|known| (known.actor.clone(), Some(known))),
        }
    };
    match entered.await {
        Ok(entered) => Ok(entered),
        Err(error) => {
            app.limiter.take(&bucket(&Actor::Anonymous, ip), WRONG_TOKEN).await.map_err(Stopped::TooMany)?;
            Err(Stopped::Fault(error))
        }
    }
}

fn kind_label(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

/// In whose share of the database what they ask is read: their brand's; a factory's, who belongs to none, is her own.
fn share_of(actor: &Actor) -> Uuid {
    actor.brand().or(actor.id()).unwrap_or_default()
}

/// Whose bucket pays: the signed-in caller's, else the address's.
pub fn bucket(actor: &Actor, ip: ClientIp) -> String {
    match (actor.id(), ip.0) {
        (Some(id), _) => format!("actor:{}", id.simple()),
        (None, Some(ip)) => format!("ip:{ip}"),
        (None, None) => "ip:unknown".to_owned(),
    }
}
