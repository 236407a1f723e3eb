//! WeChat Pay: signed requests in, signed answers out, and the state machines of orders, refunds
//! and transfers between them.
mod answer;
mod auth;
mod bill;
mod bill_text;
mod certificates;
mod movement;
mod notice;
mod order;
mod refund;
mod transfer;

use actix_web::web::{Bytes, Data, Path, Query, ServiceConfig, get, post};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::model::{StandinBrand, field};
use super::state::{Shared, State};

pub(super) use bill::Download;
pub(super) use certificates::Rotation;
pub(super) use movement::Withdrawal;
pub(super) use notice::Notice;
pub(super) use order::Order;
pub(super) use refund::{RefundEntry, finish_refund};
pub(super) use transfer::{TransferEntry, end_transfer};

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
        .route("/v3/refund/domestic/refunds/{number}", get().to(query_refund))
        .route("/v3/refund/domestic/refunds/{id}/apply-abnormal-refund", post().to(apply_abnormal))
        .route("/v3/certificates", get().to(certificates))
        .route("/v3/bill/tradebill", get().to(trade_bill))
        .route("/v3/bill/fundflowbill", get().to(fund_flow_bill))
        .route("/v3/billdownload/file", get().to(download))
        .route("/v3/fund-app/mch-transfer/transfer-bills", post().to(transfer))
        .route("/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{number}", get().to(query_transfer))
        .route("/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{number}/cancel", post().to(cancel_transfer));
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

async fn apply_abnormal(shared: Data<Shared>, request: HttpRequest, id: Path<String>, body: Bytes) -> HttpResponse {
    let serial = serial(&request);
    serve(&shared, &request, &body, |state, now, brand| {
        let value = serde_json::from_slice(&body).map_err(|_| NOT_JSON)?;
        state.apply_abnormal(now, brand, serial, &id, &value)
    })
}

async fn certificates(shared: Data<Shared>, request: HttpRequest) -> HttpResponse {
    serve(&shared, &request, b"", |state, now, brand| state.list_certificates(now, brand))
}

async fn trade_bill(shared: Data<Shared>, request: HttpRequest, query: Query<bill::BillQuery>) -> HttpResponse {
    serve(&shared, &request, b"", |state, now, brand| state.trade_bill(now, brand, &request, &query))
}

async fn fund_flow_bill(shared: Data<Shared>, request: HttpRequest, query: Query<bill::BillQuery>) -> HttpResponse {
    serve(&shared, &request, b"", |state, now, brand| state.fund_flow_bill(now, brand, &request, &query))
}

#[derive(Deserialize)]
struct DownloadQuery {
    token: String,
}

/// The one answer that is not signed: its hash was, when it was offered.
async fn download(shared: Data<Shared>, request: HttpRequest, query: Query<DownloadQuery>) -> HttpResponse {
    let now = shared.now();
    let mut state = shared.lock();
    let file = auth::check(&state, now, &request, b"").and_then(|brand| state.download(now, &brand, &query.token));
    match file {
        Ok(bytes) => HttpResponse::Ok().content_type("application/octet-stream").body(bytes),
        Err(refused) => {
            let signer = state.signer("", None, 0);
            answer::respond(&mut state, now, signer, Err(refused))
        }
    }
}

async fn transfer(shared: Data<Shared>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let serial = serial(&request);
    serve(&shared, &request, &body, |state, now, brand| {
        let value = serde_json::from_slice(&body).map_err(|_| NOT_JSON)?;
        state.transfer(now, brand, serial, &value)
    })
}

async fn query_transfer(shared: Data<Shared>, request: HttpRequest, number: Path<String>) -> HttpResponse {
    serve(&shared, &request, b"", |state, _, brand| state.query_transfer(brand, &number))
}

async fn cancel_transfer(
    shared: Data<Shared>,
    request: HttpRequest,
    number: Path<String>,
    body: Bytes,
) -> HttpResponse {
    serve(&shared, &request, &body, |state, now, brand| state.cancel_transfer(now, brand, &number))
}

/// The key the request asks to be answered with, which is also the one its fields are encrypted for.
fn serial(request: &HttpRequest) -> Option<&str> {
    request.headers().get("Wechatpay-Serial").and_then(|value| value.to_str().ok())
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
    let mchid = auth::mchid(request).unwrap_or_default();
    let id = state.next_id();
    let signer = state.signer(&mchid, serial(request), id);
    let response = answer::respond(&mut state, now, signer, result);
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
