//! WeChat Pay: signed requests in, signed answers out, and the state machine of orders and refunds between them.
mod answer;
mod auth;
mod notice;
mod order;
mod refund;

use actix_web::web::{Bytes, Data, Path, ServiceConfig, get, post};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde_json::Value;

use super::model::{StandinBrand, field};
use super::state::{Shared, State};

pub(super) use notice::Notice;
pub(super) use order::Order;
pub(super) use refund::{RefundEntry, finish_refund};

/// A refusal: HTTP status, code and text.
#[derive(Debug)]
pub(super) struct Refused(pub u16, pub &'static str, pub &'static str);

/// A status and what goes with it; 204 has no body.
type Answer = Result<(u16, Value), Refused>;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/v3/pay/transactions/jsapi", post().to(prepay))
        .route("/v3/pay/transactions/out-trade-no/{number}", get().to(query))
        .route("/v3/pay/transactions/id/{id}", get().to(query_by_id))
        .route("/v3/pay/transactions/out-trade-no/{number}/close", post().to(close))
        .route("/v3/refund/domestic/refunds", post().to(refund))
        .route("/v3/refund/domestic/refunds/{number}", get().to(query_refund));
}

async fn prepay(shared: Data<Shared>, request: HttpRequest, body: Bytes) -> HttpResponse {
    serve(&shared, &request, &body, |state, now, brand| state.prepay(now, brand, &parse(brand, &body)?))
}

async fn query(shared: Data<Shared>, request: HttpRequest, number: Path<String>) -> HttpResponse {
    serve(&shared, &request, b"", |state, _, brand| state.query_order(brand, &number))
}

async fn query_by_id(shared: Data<Shared>, request: HttpRequest, id: Path<String>) -> HttpResponse {
    serve(&shared, &request, b"", |state, _, brand| state.query_transaction(brand, &id))
}

async fn close(shared: Data<Shared>, request: HttpRequest, number: Path<String>, body: Bytes) -> HttpResponse {
    serve(&shared, &request, &body, |state, _, brand| {
        parse(brand, &body)?;
        state.close_order(brand, &number)
    })
}

async fn refund(shared: Data<Shared>, request: HttpRequest, body: Bytes) -> HttpResponse {
    serve(&shared, &request, &body, |state, now, brand| {
        let value = serde_json::from_slice(&body).map_err(|_| NOT_JSON)?;
        state.refund(now, brand, &value)
    })
}

async fn query_refund(shared: Data<Shared>, request: HttpRequest, number: Path<String>) -> HttpResponse {
    serve(&shared, &request, b"", |state, _, brand| state.query_refund(brand, &number))
}

/// Checks who asks, runs the call under the lock and signs the answer.
fn serve(
    shared: &Shared,
    request: &HttpRequest,
    body: &[u8],
    call: impl FnOnce(&mut State, DateTime<Utc>, &StandinBrand) -> Answer,
) -> HttpResponse {
    let now = shared.now();
    let mut state = shared.lock();
    let result = auth::check(&state, now, request, body).and_then(|brand| call(&mut state, now, &brand));
    let response = answer::respond(&mut state, now, result);
    drop(state);
    shared.wake.notify_one();
    response
}

const NOT_JSON: Refused = Refused(400, "PARAM_ERROR", "请求体不是合法的JSON");

/// A body that repeats the merchant account of the header.
fn parse(brand: &StandinBrand, body: &[u8]) -> Result<Value, Refused> {
    let value: Value = serde_json::from_slice(body).map_err(|_| NOT_JSON)?;
    if field(&value, "mchid") == brand.mchid {
        Ok(value)
    } else {
        Err(Refused(400, "PARAM_ERROR", "http header中的mchid与post payload中的mchid不匹配"))
    }
}

/// Times as WeChat Pay writes them.
fn china_time(at: DateTime<Utc>) -> String {
    let offset = FixedOffset::east_opt(8 * 3600).expect("eight hours are within a day");
    at.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::Secs, false)
}
