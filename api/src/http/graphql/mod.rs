//! `POST /graphql`: GraphQL over HTTP for mini-programs and standard clients.
//!
//! A request is bounded before it is understood: size, JSON depth, then the query guard, then the
//! caller's rate. Only then does the engine see it.

pub(super) mod answer;
mod envelope;
pub(super) mod errors;

use std::sync::Arc;
use std::time::Instant;

use actix_web::http::header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use async_graphql::parser::types::OperationType;
use tracing::Instrument;

use crate::app::App;
use crate::base::lang::Lang;
use crate::base::limit::TooMany;
use crate::base::stats::{self, SqlStats};
use crate::error::{Error, Fault, Result};
use crate::http::client_ip;
use crate::http::guard::{Checked, Limits};
use crate::load;
use crate::people::actor::{Actor, ClientIp};
use crate::people::authenticate::authenticate;
use crate::schema::ApiSchema;

use answer::Answer;
use envelope::Envelope;

/// Largest request body.
pub const MAX_BODY: usize = 384 * 1024;
/// Points that a token which opens nothing costs its address.
const WRONG_TOKEN: u32 = 50;

pub async fn post(
    request: HttpRequest,
    body: web::Bytes,
    app: web::Data<App>,
    schema: web::Data<ApiSchema>,
) -> HttpResponse {
    let lang = Lang::of_header(header(&request, ACCEPT_LANGUAGE.as_str()));
    let answer = Answer::negotiated(header(&request, ACCEPT.as_str()));
    // Browsers send forms and text/plain across origins without asking; JSON makes them ask first.
    if !header(&request, CONTENT_TYPE.as_str()).is_some_and(is_json) {
        return answer.unsupported_media_type(lang);
    }
    let envelope = match Envelope::read(&body) {
        Ok(envelope) => envelope,
        Err(problem) => return answer.malformed(lang, &problem),
    };
    let checked = match envelope.check(&Limits::default()) {
        Ok(checked) => checked,
        Err(refusal) => {
            app.metrics.guarded.with_label_values(&[refusal.code().as_str()]).inc();
            return answer.guarded(lang, &refusal);
        }
    };
    let ip = client_ip::of(&request, &app.config.trusted_proxies);
    match run(&app, &schema, &request, ip, lang, envelope, checked).await {
        Ok(response) => answer.executed(response),
        Err(Stopped::Fault(error)) => answer.fault(lang, &error),
        Err(Stopped::TooMany(wait)) => answer.too_many(lang, wait),
    }
}

enum Stopped {
    Fault(Error),
    TooMany(TooMany),
}

async fn run(
    app: &App,
    schema: &ApiSchema,
    request: &HttpRequest,
    ip: ClientIp,
    lang: Lang,
    envelope: Envelope,
    checked: Checked,
) -> Result<async_graphql::Response, Stopped> {
    let stats = Arc::new(SqlStats::default());
    let kind = kind_label(checked.kind);
    let name = checked.operation_name.clone().unwrap_or_default();
    let span = tracing::info_span!("operation", kind, name = %name);
    let started = Instant::now();
    let work = async {
        let actor = enter(app, request, ip).await?;
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

/// Who sends the request. Tokens that open nothing are paid for by the address, so that guessing is
/// as limited as anything else.
async fn enter(app: &App, request: &HttpRequest, ip: ClientIp) -> Result<Actor, Stopped> {
    let entered = async { authenticate(app, bearer(request)?).await }.await;
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
pub(super) fn bucket(actor: &Actor, ip: ClientIp) -> String {
    match (actor.id(), ip.0) {
        (Some(id), _) => format!("actor:{}", id.simple()),
        (None, Some(ip)) => format!("ip:{ip}"),
        (None, None) => "ip:unknown".to_owned(),
    }
}

pub(super) fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// The token of an `Authorization: Bearer` header. Another scheme is refused rather than ignored.
pub fn bearer(request: &HttpRequest) -> Result<Option<&str>> {
    match header(request, AUTHORIZATION.as_str()) {
        None => Ok(None),
        Some(value) => match value.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
            _ => Err(Fault::Unauthenticated.into()),
        },
    }
}
