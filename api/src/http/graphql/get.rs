//! `GET /graphql?query=…`: queries in an address, for clients that want their answers cached.

use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, ETag, EntityTag, HeaderValue, IF_NONE_MATCH, TryIntoHeaderPair, VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};
use async_graphql::Response;
use async_graphql::parser::types::OperationType;

use super::answer::{self, NotSpoken};
use super::envelope::Envelope;
use super::execute::Answered;
use super::{Wants, caller, execute, header, persisted};
use crate::app::App;
use crate::base::crypto::sha256;
use crate::schema::ApiSchema;

/// The schema changes with a release only.
const PUBLIC: &str = "public, max-age=300";
/// Whatever an answer depends on beside the address.
const DEPENDS_ON: &str = "Accept, Accept-Encoding, Accept-Language, Authorization";

pub async fn get(request: HttpRequest, app: web::Data<App>, schema: web::Data<ApiSchema>) -> HttpResponse {
    let wants = match Wants::of(&request) {
        Ok(wants) => wants,
        Err(NotSpoken) => return answer::not_acceptable(),
    };
    let admitted = match Envelope::of_query_string(request.query_string()) {
        Ok(envelope) => persisted::admit(&app, &envelope).await.map(|checked| (envelope, checked)),
        Err(problem) => Err(problem),
    };
    let (envelope, checked) = match admitted {
        Ok(admitted) => admitted,
        Err(problem) => return wants.problem(&problem),
    };
    if checked.kind == OperationType::Mutation {
        return wants.answer.mutation_by_get(wants.lang);
    }
    let asks_schema = checked.is_introspection;
    match execute::answer(&app, &schema, caller(&request, &app, wants.lang), envelope, checked).await {
        Ok(Answered::Executed(response)) if asks_schema && is_public(&request, &response) => {
            cacheable(&request, wants.answer.executed(&response)).await
        }
        Ok(answered) => wants.answered(&answered),
        Err(stopped) => wants.stopped(&stopped).await,
    }
}

/// The same for everybody: asked without a token, and answered without an error.
fn is_public(request: &HttpRequest, response: &Response) -> bool {
    !request.headers().contains_key(AUTHORIZATION) && response.errors.is_empty()
}

/// Lets caches keep an answer, and says nothing new to a client that has it.
async fn cacheable(request: &HttpRequest, answer: HttpResponse) -> HttpResponse {
    let (answer, body) = answer.into_parts();
    let Ok(body) = to_bytes(body).await else { return HttpResponse::InternalServerError().finish() };
    // Weak, because the body may be compressed on its way.
    let tag = EntityTag::new_weak(hex::encode(&sha256(&body)[..12]));
    let known = header(request, IF_NONE_MATCH.as_str()).is_some_and(|tags| names(tags, &tag));
    let mut answer = answer.set_body(if known { web::Bytes::new() } else { body });
    if known {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(PUBLIC));
    headers.insert(VARY, HeaderValue::from_static(DEPENDS_ON));
    if let Ok((name, value)) = ETag(tag).try_into_pair() {
        headers.insert(name, value);
    }
    answer.map_into_boxed_body()
}

fn names(tags: &str, tag: &EntityTag) -> bool {
    tags.split(',').map(str::trim).any(|given| given == "*" || given.parse().is_ok_and(|given| tag.weak_eq(&given)))
}
