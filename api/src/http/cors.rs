//! Browser clients on other origins, as far as the setting lists them.
//!
//! There are no cookies, so credentials are never allowed: a page sends a token that it has, or none.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN, VARY,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};

use crate::app::App;

const METHODS: &str = "GET, HEAD, POST";
const HEADERS: &str = "Accept, Accept-Language, Apollo-Require-Preflight, Authorization, Content-Type, \
                       GraphQL-Require-Preflight, Idempotency-Key, If-None-Match, Range, X-Request-Id";
const EXPOSED: &str = "ETag, Retry-After, X-Request-Id";
/// Seconds for which a browser may remember the permission; no browser remembers longer than a day.
const REMEMBERED: &str = "7200";

pub async fn middleware(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let origins = request.app_data::<web::Data<App>>().map(|app| app.config.cors_origins.as_slice());
    let origins = origins.filter(|origins| !origins.is_empty() && is_for_clients(request.path()));
    let Some(origins) = origins else { return Ok(next.call(request).await?.map_into_left_body()) };
    let allowed = allowed(origins, request.headers().get(ORIGIN));
    let asks = request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if asks {
        request.into_response(HttpResponse::NoContent().finish()).map_into_right_body()
    } else {
        next.call(request).await?.map_into_left_body()
    };
    let headers = response.headers_mut();
    // Also without an origin, or a cache would give one origin's answer to another.
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if asks {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS));
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(REMEMBERED));
        } else {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        }
    }
    Ok(response)
}

/// What an operator looks at (`/metrics`) is no browser client's business.
fn is_for_clients(path: &str) -> bool {
    path == "/graphql" || path == "/media" || path.starts_with("/media/")
}

fn allowed(origins: &[String], origin: Option<&HeaderValue>) -> Option<HeaderValue> {
    let origin = origin?;
    if origins.iter().any(|listed| listed == "*") {
        return Some(HeaderValue::from_static("*"));
    }
    let text = origin.to_str().ok()?;
    origins.iter().any(|listed| listed.eq_ignore_ascii_case(text)).then(|| origin.clone())
}
