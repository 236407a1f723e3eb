//! HTTP answers, by what the client accepts.
//!
//! `application/json` (also for a missing `Accept` and `*/*`): 200 for anything GraphQL can say, since
//! mini-program clients throw away other answers. `application/graphql-response+json`: the status
//! tells a refused request from an executed one, as GraphQL over HTTP has it.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, ContentEncoding, RETRY_AFTER, VARY};
use actix_web::{HttpResponse, HttpResponseBuilder};
use async_graphql::{Response, ServerError, Value};
use serde::Serialize;

use super::envelope::Problem;
use super::errors;
use crate::base::lang::Lang;
use crate::base::limit::TooMany;
use crate::error::{Code, Error};
use crate::http::headers;
use crate::reads::Filled;

const JSON: &str = "application/json; charset=utf-8";
const GRAPHQL_JSON: &str = "application/graphql-response+json; charset=utf-8";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Json,
    GraphqlJson,
}

/// The client reads nothing that we speak.
#[derive(Debug, PartialEq, Eq)]
pub struct NotSpoken;

impl Answer {
    /// The first media range of `Accept` that we speak; quality values only exclude (`q=0`).
    pub fn negotiated(accept: Option<&str>) -> Result<Self, NotSpoken> {
        let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else { return Ok(Answer::Json) };
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
            if parts.any(|part| part == "q=0") {
                continue;
            }
            match essence.as_str() {
                "application/graphql-response+json" => return Ok(Answer::GraphqlJson),
                "application/json" | "application/*" | "*/*" => return Ok(Answer::Json),
                _ => {}
            }
        }
        Err(NotSpoken)
    }

    /// A request that ran, whatever its fields answered.
    pub fn executed(self, response: &Response) -> HttpResponse {
        let refused = is_refused(response);
        let data = (!refused).then_some(&response.data);
        let body = Body { data, errors: &response.errors, extensions: Some(&response.extensions) };
        self.build(if refused { StatusCode::BAD_REQUEST } else { StatusCode::OK }, &body)
    }

    /// A query answered from what is kept, which is compressed already when the client takes `gzip`.
    pub fn kept(self, data: &Filled, extensions: &serde_json::Value, gzip: bool) -> HttpResponse {
        let (before, after) = (b"{\"data\":", format!(",\"extensions\":{extensions}}}"));
        let mut builder = self.builder(StatusCode::OK);
        if !gzip || !headers::is_worth_compressing(data.size()) {
            return builder.body(data.json(before, after.as_bytes()));
        }
        builder.insert_header(ContentEncoding::Gzip).insert_header((VARY, "accept-encoding"));
        builder.body(data.gzip(before, after.as_bytes()))
    }

    pub fn fault(self, lang: Lang, error: &Error) -> HttpResponse {
        let status = match error {
            Error::Fault(fault) => status_of(fault.code()),
            Error::Refused(_) => StatusCode::OK,
        };
        self.errors(status, errors::of_error(error, lang))
    }

    pub fn problem(self, lang: Lang, problem: &Problem) -> HttpResponse {
        let error = errors::of_problem(problem, lang);
        let cost = problem.cost().map(|cost| BTreeMap::from([("cost".to_owned(), Value::from(cost))]));
        let body = Body { data: None, errors: std::slice::from_ref(&error), extensions: cost.as_ref() };
        match problem {
            // Not a GraphQL request at all, so the status says so for every client.
            Problem::Malformed(..) => self.json(StatusCode::BAD_REQUEST, &body),
            // A step of the protocol, not a failure; links for it expect 200.
            Problem::HashUnknown => self.json(StatusCode::OK, &body),
            Problem::Guarded(_) | Problem::NotTrusted => self.build(StatusCode::BAD_REQUEST, &body),
        }
    }

    pub fn too_many(self, lang: Lang, wait: TooMany) -> HttpResponse {
        let seconds = wait.0.as_secs() + 1;
        let error = errors::of_too_many(wait, lang);
        self.builder(StatusCode::TOO_MANY_REQUESTS)
            .insert_header((RETRY_AFTER, seconds.to_string()))
            .body(Body::of_error(&error).bytes())
    }

    pub fn unsupported_media_type(self, lang: Lang) -> HttpResponse {
        let error = errors::with_code(
            lang.pick(
                "Send the request as `Content-Type: application/json`, or files as `multipart/form-data`.",
                "请使用 Content-Type: application/json 发送请求，文件请使用 multipart/form-data。",
            )
            .to_owned(),
            Code::BadRequest.as_str(),
        );
        self.json(StatusCode::UNSUPPORTED_MEDIA_TYPE, &Body::of_error(&error))
    }

    /// A GET must never have an effect: browsers and caches send it without asking anybody.
    pub fn mutation_by_get(self, lang: Lang) -> HttpResponse {
        let words = lang.pick("Send mutations by POST.", "请使用 POST 发送 mutation。");
        let error = errors::with_code(words.to_owned(), Code::BadRequest.as_str());
        let body = Body::of_error(&error).bytes();
        self.builder(StatusCode::METHOD_NOT_ALLOWED).insert_header((ALLOW, "POST")).body(body)
    }

    fn errors(self, status: StatusCode, error: ServerError) -> HttpResponse {
        self.build(status, &Body::of_error(&error))
    }

    /// With `application/json` a GraphQL answer is always 200.
    fn build(self, status: StatusCode, body: &Body<'_>) -> HttpResponse {
        self.json(if self == Answer::GraphqlJson { status } else { StatusCode::OK }, body)
    }

    fn json(self, status: StatusCode, body: &Body<'_>) -> HttpResponse {
        self.builder(status).body(body.bytes())
    }

    fn builder(self, status: StatusCode) -> HttpResponseBuilder {
        let mut builder = HttpResponseBuilder::new(status);
        builder.content_type(self.content_type()).insert_header((CACHE_CONTROL, "no-store"));
        builder
    }

    fn content_type(self) -> &'static str {
        match self {
            Answer::GraphqlJson => GRAPHQL_JSON,
            Answer::Json => JSON,
        }
    }
}

pub(in crate::http) fn status_of(code: Code) -> StatusCode {
    match code {
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// No data at all: the request was refused before or at its root (validation, guard of a query).
pub fn is_refused(response: &Response) -> bool {
    !response.errors.is_empty() && response.data == Value::Null && response.errors.iter().all(|e| e.path.is_empty())
}

/// An answer as it is written: from the engine's values to bytes, without a tree of JSON between.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<&'a BTreeMap<String, Value>>,
}

impl<'a> Body<'a> {
    fn of_error(error: &'a ServerError) -> Self {
        Body { data: None, errors: std::slice::from_ref(error), extensions: None }
    }

    fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("values of the engine are JSON")
    }
}

/// Refused before anything runs, in the form that every client can read.
pub fn not_acceptable() -> HttpResponse {
    let words = "Only application/json and application/graphql-response+json are spoken here.".to_owned();
    let error = errors::with_code(words, Code::BadRequest.as_str());
    Answer::Json.json(StatusCode::NOT_ACCEPTABLE, &Body::of_error(&error))
}

/// `/graphql` answers GET and POST only.
pub async fn wrong_method() -> HttpResponse {
    let words = "Send queries by POST or GET, mutations by POST.".to_owned();
    let error = errors::with_code(words, Code::BadRequest.as_str());
    let mut builder = Answer::Json.builder(StatusCode::METHOD_NOT_ALLOWED);
    builder.insert_header((ALLOW, "GET, POST")).body(Body::of_error(&error).bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_send_as_accept_finds_an_answer() {
        assert_eq!(Answer::negotiated(None), Ok(Answer::Json));
        assert_eq!(Answer::negotiated(Some("*/*")), Ok(Answer::Json));
        assert_eq!(
            Answer::negotiated(Some("application/graphql-response+json, application/json")),
            Ok(Answer::GraphqlJson)
        );
        assert_eq!(Answer::negotiated(Some("text/html, application/json;q=0.9")), Ok(Answer::Json));
        assert_eq!(Answer::negotiated(Some("text/html")), Err(NotSpoken));
    }
}
