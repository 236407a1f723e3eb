//! HTTP answers, by what the client accepts.
//!
//! `application/json` (also for a missing `Accept` and `*/*`): 200 for anything GraphQL can say, since
//! mini-program clients throw away other answers. `application/graphql-response+json`: the status
//! tells a refused request from an executed one, as GraphQL over HTTP has it.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use actix_web::{HttpResponse, HttpResponseBuilder};
use async_graphql::{Response, ServerError};
use serde_json::json;

use super::envelope::Problem;
use super::errors;
use crate::base::lang::Lang;
use crate::base::limit::TooMany;
use crate::error::{Code, Error};
use crate::http::guard::Refusal;

const JSON: &str = "application/json; charset=utf-8";
const GRAPHQL_JSON: &str = "application/graphql-response+json; charset=utf-8";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Json,
    GraphqlJson,
    NotAcceptable,
}

impl Answer {
    /// The first media range of `Accept` that we speak; quality values only exclude (`q=0`).
    pub fn negotiated(accept: Option<&str>) -> Self {
        let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else { return Answer::Json };
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
            if parts.any(|part| part == "q=0") {
                continue;
            }
            match essence.as_str() {
                "application/graphql-response+json" => return Answer::GraphqlJson,
                "application/json" | "application/*" | "*/*" => return Answer::Json,
                _ => {}
            }
        }
        Answer::NotAcceptable
    }

    /// A request that ran, whatever its fields answered.
    pub fn executed(self, response: Response) -> HttpResponse {
        // No data at all: the request was refused before or at its root (validation, guard of a query).
        let refused = !response.errors.is_empty()
            && response.data == async_graphql::Value::Null
            && response.errors.iter().all(|e| e.path.is_empty());
        let status = if refused { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        let mut body = json!({ "extensions": response.extensions });
        if !refused {
            body["data"] = json!(response.data);
        }
        if !response.errors.is_empty() {
            body["errors"] = json!(response.errors);
        }
        self.build(status, &body)
    }

    /// A query answered from what is kept: `data` is JSON already.
    pub fn kept(self, data: &[u8], extensions: &serde_json::Value) -> HttpResponse {
        if self == Answer::NotAcceptable {
            return self.build(StatusCode::OK, &serde_json::Value::Null);
        }
        let extensions = extensions.to_string();
        let mut body = Vec::with_capacity(data.len() + extensions.len() + 32);
        body.extend_from_slice(b"{\"data\":");
        body.extend_from_slice(data);
        body.extend_from_slice(b",\"extensions\":");
        body.extend_from_slice(extensions.as_bytes());
        body.push(b'}');
        HttpResponse::Ok().content_type(self.content_type()).body(body)
    }

    pub fn fault(self, lang: Lang, error: &Error) -> HttpResponse {
        let status = match error {
            Error::Fault(fault) => status_of(fault.code()),
            Error::Refused(_) => StatusCode::OK,
        };
        self.errors(status, errors::of_error(error, lang))
    }

    pub fn guarded(self, lang: Lang, refusal: &Refusal) -> HttpResponse {
        self.errors(StatusCode::BAD_REQUEST, errors::of_guard(refusal, lang))
    }

    pub fn malformed(self, lang: Lang, problem: &Problem) -> HttpResponse {
        match problem {
            Problem::Guarded(refusal) => self.guarded(lang, refusal),
            Problem::Malformed(en, zh) => {
                let error = errors::with_code(lang.pick(*en, *zh).to_owned(), Code::BadRequest.as_str());
                // Not a GraphQL request at all, so the status says so for every client.
                self.json(StatusCode::BAD_REQUEST, &json!({ "errors": [error] }))
            }
        }
    }

    pub fn too_many(self, lang: Lang, wait: TooMany) -> HttpResponse {
        let seconds = wait.0.as_secs() + 1;
        let error = errors::of_too_many(wait, lang);
        HttpResponse::TooManyRequests()
            .insert_header((RETRY_AFTER, seconds.to_string()))
            .content_type(self.content_type())
            .json(json!({ "errors": [error] }))
    }

    pub fn unsupported_media_type(self, lang: Lang) -> HttpResponse {
        let error = errors::with_code(
            lang.pick(
                "Send the request as `Content-Type: application/json`.",
                "请使用 Content-Type: application/json 发送请求。",
            )
            .to_owned(),
            Code::BadRequest.as_str(),
        );
        self.json(StatusCode::UNSUPPORTED_MEDIA_TYPE, &json!({ "errors": [error] }))
    }

    fn errors(self, status: StatusCode, error: ServerError) -> HttpResponse {
        self.build(status, &json!({ "errors": [error] }))
    }

    /// With `application/json` a GraphQL answer is always 200.
    fn build(self, status: StatusCode, body: &serde_json::Value) -> HttpResponse {
        match self {
            Answer::Json => self.json(StatusCode::OK, body),
            Answer::GraphqlJson => self.json(status, body),
            Answer::NotAcceptable => HttpResponse::NotAcceptable().content_type(JSON).json(json!({
                "errors": [errors::with_code(
                    "Only application/json and application/graphql-response+json are spoken here.".to_owned(),
                    Code::BadRequest.as_str(),
                )]
            })),
        }
    }

    fn json(self, status: StatusCode, body: &serde_json::Value) -> HttpResponse {
        HttpResponseBuilder::new(status).content_type(self.content_type()).json(body)
    }

    fn content_type(self) -> &'static str {
        match self {
            Answer::GraphqlJson => GRAPHQL_JSON,
            Answer::Json | Answer::NotAcceptable => JSON,
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

/// `/graphql` answers POST only.
pub async fn wrong_method() -> HttpResponse {
    HttpResponse::MethodNotAllowed()
        .insert_header((ALLOW, "POST"))
        .content_type(JSON)
        .json(json!({ "errors": [errors::with_code("Send queries by POST.".to_owned(), Code::BadRequest.as_str())] }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_send_as_accept_finds_an_answer() {
        assert_eq!(Answer::negotiated(None), Answer::Json);
        assert_eq!(Answer::negotiated(Some("*/*")), Answer::Json);
        assert_eq!(
            Answer::negotiated(Some("application/graphql-response+json, application/json")),
            Answer::GraphqlJson
        );
        assert_eq!(Answer::negotiated(Some("text/html, application/json;q=0.9")), Answer::Json);
        assert_eq!(Answer::negotiated(Some("text/html")), Answer::NotAcceptable);
    }
}
