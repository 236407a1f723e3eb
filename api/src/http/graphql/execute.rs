//! From a well-formed request to its answer, for every transport: who it is, what it costs, then the engine.

use std::sync::Arc;
use std::time::Instant;

use async_graphql::parser::types::OperationType;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tracing::Instrument;

use super::envelope::Envelope;
use super::errors;
use crate::app::App;
use crate::base::lang::Lang;
use crate::base::limit::TooMany;
use crate::base::stats::{self, SqlStats};
use crate::error::{Error, Result};
use crate::http::guard::Checked;
use crate::live::Toll;
use crate::load;
use crate::people::actor::{Actor, ClientIp};
use crate::people::authenticate::authenticate;
use crate::schema::ApiSchema;

/// Points that a token which opens nothing costs its address.
const WRONG_TOKEN: u32 = 50;

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

/// Finds the caller, takes the cost from their bucket, and executes a query or mutation that the guard let pass.
pub async fn run(
    app: &App,
    schema: &ApiSchema,
    caller: Caller<'_>,
    envelope: Envelope,
    checked: Checked,
) -> Result<async_graphql::Response, Stopped> {
    let Caller { who, ip, lang } = caller;
    let stats = Arc::new(SqlStats::default());
    let kind = kind_label(checked.kind);
    let name = checked.operation_name.clone().unwrap_or_default();
    let span = tracing::info_span!("operation", kind, name = %name);
    let started = Instant::now();
    let work = async {
        let actor = match who {
            Who::Bearer(token) => enter(app, token, ip).await?,
            Who::Known(actor) => actor,
        };
        let cost = checked.cost.max(1);
        app.limiter.take(&bucket(&actor, ip), cost).await.map_err(Stopped::TooMany)?;
        let query = envelope.into_request(checked).data(actor).data(lang).data(ip).data(load::new(app.clone()));
        let mut response = schema.execute(query).await;
        errors::present(&mut response.errors, lang);
        Ok(response.extension("cost", async_graphql::Value::from(cost)))
    };
    let outcome = stats::scope(stats.clone(), work).instrument(span.clone()).await;
    let elapsed = started.elapsed();
    let label = match &outcome {
        Ok(response) if response.errors.is_empty() => "ok",
        Ok(_) => "errors",
        Err(_) => "stopped",
    };
    app.metrics.operations.with_label_values(&[kind, label]).inc();
    app.metrics.seconds.with_label_values(&[kind]).observe(elapsed.as_secs_f64());
    app.metrics.statements.with_label_values(&[kind]).observe(stats.statements() as f64);
    span.in_scope(|| {
        tracing::info!(
            outcome = label,
            sql = stats.statements(),
            sql_ms = stats.elapsed().as_secs_f64() * 1e3,
            ms = elapsed.as_secs_f64() * 1e3,
            "done"
        );
    });
    // For whoever may see the schema, as developers do; a stranger learns nothing of our insides.
    let shown = |response: async_graphql::Response| match app.config.introspection {
        true => response.extension("sqlStatements", async_graphql::Value::from(stats.statements())),
        false => response,
    };
    outcome.map(shown)
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
    let toll = Toll { bucket: bucket(&actor, ip), cost: checked.cost.max(1) };
    app.limiter.take(&toll.bucket, toll.cost).await.map_err(Stopped::TooMany)?;
    let cost = toll.cost;
    // The loaders keep nothing between two batches, so each push reads afresh.
    let query = envelope.into_request(checked).data(actor).data(lang).data(ip).data(toll).data(load::new(app.clone()));
    let pushes = schema.execute_stream(query).map(move |mut response| {
        errors::present(&mut response.errors, lang);
        response.extension("cost", async_graphql::Value::from(cost))
    });
    Ok(pushes.boxed())
}

/// Who sends the request. Tokens that open nothing are paid for by the address, so that guessing is
/// as limited as anything else.
pub async fn enter(app: &App, token: Result<Option<&str>>, ip: ClientIp) -> Result<Actor, Stopped> {
    let entered = async { authenticate(app, token?).await }.await;
    match entered {
        Ok(actor) => Ok(actor),
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

/// Whose bucket pays: the signed-in caller's, else the address's.
pub fn bucket(actor: &Actor, ip: ClientIp) -> String {
    match (actor.id(), ip.0) {
        (Some(id), _) => format!("actor:{}", id.simple()),
        (None, Some(ip)) => format!("ip:{ip}"),
        (None, None) => "ip:unknown".to_owned(),
    }
}
