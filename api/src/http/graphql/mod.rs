//! `POST /graphql`: GraphQL over HTTP for mini-programs and standard clients.
//!
//! A request is bounded before it is understood: size, JSON depth, then the query guard, then the
//! caller's rate. Only then does the engine see it. [`execute`] is that path without a transport.

pub(super) mod answer;
pub(crate) mod envelope;
pub(super) mod errors;
pub(super) mod execute;

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::app::App;
use crate::base::lang::Lang;
use crate::error::{Fault, Result};
use crate::http::client_ip;
use crate::http::guard::{LimitName, Limits, Refusal};
use crate::schema::ApiSchema;

use answer::Answer;
use envelope::{Envelope, Problem};
use execute::{Answered, Caller, Stopped, Who};

/// Largest request body.
pub const MAX_BODY: usize = 384 * 1024;

pub async fn post(
    request: HttpRequest,
    body: Result<web::Bytes, actix_web::Error>,
    app: web::Data<App>,
    schema: web::Data<ApiSchema>,
) -> HttpResponse {
    let lang = Lang::of_header(header(&request, ACCEPT_LANGUAGE.as_str()));
    let answer = Answer::negotiated(header(&request, ACCEPT.as_str()));
    // Browsers send forms and text/plain across origins without asking; JSON makes them ask first.
    if !header(&request, CONTENT_TYPE.as_str()).is_some_and(is_json) {
        return answer.unsupported_media_type(lang);
    }
    let body = match body {
        Ok(body) => body,
        Err(error) => return answer.malformed(lang, &unread(&error)),
    };
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
    let caller =
        Caller { who: Who::Bearer(bearer(&request)), ip: client_ip::of(&request, &app.config.trusted_proxies), lang };
    match execute::answer(&app, &schema, caller, envelope, checked).await {
        Ok(Answered::Executed(response)) => answer.executed(response),
        Ok(Answered::Kept { data, extensions }) => answer.kept(&data, &extensions),
        Err(Stopped::Fault(error)) => answer.fault(lang, &error),
        Err(Stopped::TooMany(wait)) => answer.too_many(lang, wait),
    }
}

/// The transport stopped reading at its own limit, which is the guard's, or the body broke off.
fn unread(error: &actix_web::Error) -> Problem {
    if error.as_response_error().status_code() != StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::Malformed("The body did not arrive whole; send it again.", "请求体不完整，请重新发送。");
    }
    let max = Limits::default().body_bytes;
    Problem::Guarded(Refusal::Exceeded { limit: LimitName::BodyBytes, max, found: max.saturating_add(1) })
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
