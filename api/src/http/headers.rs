//! Headers of every answer: what may be compressed, what may be kept.

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, Encoding, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};

/// Below this a compressed body is hardly smaller: it fits a packet either way.
const WORTH_COMPRESSING: usize = 1024;
const AS_IT_IS: &str = "identity";

pub fn is_worth_compressing(bytes: usize) -> bool {
    bytes >= WORTH_COMPRESSING
}

/// Whether the client takes gzip and likes nothing better that we speak.
pub fn takes_gzip(request: &HttpRequest) -> bool {
    let spoken = [Encoding::gzip(), Encoding::identity()];
    let accepted = request.get_header::<AcceptEncoding>();
    accepted.and_then(|accepted| accepted.negotiate(spoken.iter())) == Some(Encoding::gzip())
}

/// Inside of the compression: tells it to leave a small body alone.
pub async fn leave_small(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let is_small =
        matches!(response.response().body().size(), BodySize::Sized(size) if size < WORTH_COMPRESSING as u64);
    if is_small && !response.headers().contains_key(CONTENT_ENCODING) {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(AS_IT_IS));
    }
    Ok(response)
}

/// Outside of it: takes that mark away, and keeps caches from what nobody said that they may keep.
pub async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding == AS_IT_IS) {
        headers.remove(CONTENT_ENCODING);
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}
