//! `/graphql`: GraphQL over HTTP for mini-programs and standard clients.
//!
//! A request is bounded before it is understood: size, JSON depth, then the query guard, then the
//! caller's rate. Only then does the engine see it. [`persisted::admit`] and [`execute`] are that path
//! without a transport.

pub(super) mod answer;
pub(crate) mod envelope;
pub(super) mod errors;
pub(super) mod execute;
pub(super) mod get;
pub(crate) mod multipart;
pub(super) mod persisted;
pub mod trusted;

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::app::App;
use crate::base::lang::Lang;
use crate::error::{Fault, Result};
use crate::http::brake::REFUSALS;
use crate::http::guard::{LimitName, Limits, Refusal};
use crate::http::{client_ip, headers};
use crate::schema::ApiSchema;

use answer::{Answer, NotSpoken};
use envelope::{Envelope, Problem};
use execute::{Answered, Caller, Stopped, Who};

/// Largest request body.
pub const MAX_BODY: usize = 384 * 1024;

/// How a request wants its answer.
#[derive(Clone, Copy)]
struct Wants {
    lang: Lang,
    answer: Answer,
    gzip: bool,
}

impl Wants {
    fn of(request: &HttpRequest) -> Result<Self, NotSpoken> {
        let lang = Lang::of_header(header(request, ACCEPT_LANGUAGE.as_str()));
        let answer = Answer::negotiated(header(request, ACCEPT.as_str()))?;
        Ok(Wants { lang, answer, gzip: headers::takes_gzip(request) })
    }

    fn problem(self, problem: &Problem) -> HttpResponse {
        self.answer.problem(self.lang, problem)
    }

    fn answered(self, answered: &Answered) -> HttpResponse {
        match answered {
            Answered::Executed(response) => self.answer.executed(response),
            Answered::Kept { data, extensions } => self.answer.kept(data, extensions, self.gzip),
        }
    }

    async fn stopped(self, stopped: &Stopped) -> HttpResponse {
        match stopped {
            Stopped::Fault(error) => self.answer.fault(self.lang, error),
            Stopped::TooMany(wait) => {
                REFUSALS.hold().await;
                self.answer.too_many(self.lang, *wait)
            }
        }
    }
}

pub async fn post(
    request: HttpRequest,
    body: Result<web::Bytes, actix_web::Error>,
    app: web::Data<App>,
    schema: web::Data<ApiSchema>,
) -> HttpResponse {
    let wants = match Wants::of(&request) {
        Ok(wants) => wants,
        Err(NotSpoken) => return answer::not_acceptable(),
    };
    // Browsers send forms and text/plain across origins without asking; JSON makes them ask first.
    let content_type = request.headers().get(CONTENT_TYPE);
    if !content_type.is_some_and(|content_type| is_of_type(content_type, "application/json")) {
        return wants.answer.unsupported_media_type(wants.lang);
    }
    let body = match body {
        Ok(body) => body,
        Err(error) => return wants.problem(&unread(&error)),
    };
    let admitted = match Envelope::read(&body) {
        Ok(envelope) => persisted::admit(&app, &envelope).await.map(|checked| (envelope, checked)),
        Err(problem) => Err(problem),
    };
    let (envelope, checked) = match admitted {
        Ok(admitted) => admitted,
        Err(problem) => return wants.problem(&problem),
    };
    match execute::answer(&app, &schema, caller(&request, &app, wants.lang), envelope, checked).await {
        Ok(answered) => wants.answered(&answered),
        Err(stopped) => wants.stopped(&stopped).await,
    }
}

fn caller<'a>(request: &'a HttpRequest, app: &App, lang: Lang) -> Caller<'a> {
    Caller { who: Who::Bearer(bearer(request)), ip: client_ip::of(request, &app.config.trusted_proxies), lang }
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

fn is_of_type(content_type: &HeaderValue, media_type: &str) -> bool {
    let content_type = content_type.to_str().unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media_type)
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
