//! The controls around money over HTTP.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, ServiceConfig, post};
use serde::Deserialize;
use serde_json::json;

use super::control::done;
use super::faults::Dice;
use super::model::{CallbackFault, Chaos, ScriptedRefusal};
use super::state::Shared;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/rotate_key", post().to(rotate_key))
        .route("/retire_old_key", post().to(retire_old_key))
        .route("/set_balance", post().to(set_balance))
        .route("/withdraw", post().to(withdraw))
        .route("/confirm_transfer", post().to(confirm_transfer))
        .route("/confirm_receipt", post().to(confirm_receipt))
        .route("/complain", post().to(complain))
        .route("/control_trade", post().to(control_trade))
        .route("/clear_faults", post().to(clear_faults))
        .route("/refuse", post().to(refuse))
        .route("/set_chaos", post().to(set_chaos))
        .route("/set_callback_fault", post().to(set_callback_fault))
        .route("/clear_callbacks", post().to(clear_callbacks))
        .route("/seed", post().to(seed));
}

#[derive(Deserialize)]
struct Merchant {
    mchid: String,
    #[serde(default)]
    fen: i64,
}

async fn rotate_key(shared: Data<Shared>, merchant: Json<Merchant>) -> HttpResponse {
    shared.rotate_key(&merchant.mchid);
    done()
}

async fn retire_old_key(shared: Data<Shared>, merchant: Json<Merchant>) -> HttpResponse {
    shared.retire_old_key(&merchant.mchid);
    done()
}

async fn set_balance(shared: Data<Shared>, merchant: Json<Merchant>) -> HttpResponse {
    shared.lock().balances.insert(merchant.mchid.clone(), merchant.fen);
    done()
}

async fn withdraw(shared: Data<Shared>, merchant: Json<Merchant>) -> HttpResponse {
    shared.withdraw(&merchant.mchid, merchant.fen);
    done()
}

#[derive(Deserialize)]
struct Confirmation {
    package_info: String,
    openid: String,
}

/// 409 with the reason in words when the transfer does not wait.
async fn confirm_transfer(shared: Data<Shared>, body: Json<Confirmation>) -> HttpResponse {
    match shared.confirm_transfer(&body.package_info, &body.openid) {
        Ok(()) => done(),
        Err(failure) => HttpResponse::Conflict().json(json!({ "error": failure.to_string() })),
    }
}

#[derive(Deserialize)]
struct Payment {
    transaction_id: String,
    #[serde(default)]
    open: bool,
}

/// 409 when there is nothing to confirm.
async fn confirm_receipt(shared: Data<Shared>, body: Json<Payment>) -> HttpResponse {
    if shared.confirm_receipt(&body.transaction_id) { done() } else { HttpResponse::Conflict().json(json!({})) }
}

async fn complain(shared: Data<Shared>, body: Json<Payment>) -> HttpResponse {
    shared.complain(&body.transaction_id, body.open);
    done()
}

#[derive(Deserialize)]
struct Control {
    appid: String,
    msg: String,
}

async fn control_trade(shared: Data<Shared>, body: Json<Control>) -> HttpResponse {
    shared.control_trade(&body.appid, &body.msg);
    done()
}

#[derive(Deserialize)]
struct On<T> {
    path: String,
    #[serde(flatten)]
    what: T,
}

#[derive(Deserialize)]
struct Nothing {}

async fn clear_faults(shared: Data<Shared>, body: Json<On<Nothing>>) -> HttpResponse {
    shared.clear_faults(&body.path);
    done()
}

async fn refuse(shared: Data<Shared>, body: Json<On<ScriptedRefusal>>) -> HttpResponse {
    let On { path, what } = body.into_inner();
    shared.refuse(&path, what);
    done()
}

async fn set_chaos(shared: Data<Shared>, body: Json<On<Chaos>>) -> HttpResponse {
    shared.set_chaos(&body.path, body.what);
    done()
}

#[derive(Deserialize)]
struct OnEvent {
    event: String,
    fault: CallbackFault,
    times: u32,
}

async fn set_callback_fault(shared: Data<Shared>, body: Json<OnEvent>) -> HttpResponse {
    let OnEvent { event, fault, times } = body.into_inner();
    shared.lock().callback_faults.push((event, fault, times));
    done()
}

async fn clear_callbacks(shared: Data<Shared>) -> HttpResponse {
    shared.lock().callback_faults.clear();
    done()
}

#[derive(Deserialize)]
struct Seed {
    seed: u64,
}

async fn seed(shared: Data<Shared>, body: Json<Seed>) -> HttpResponse {
    shared.lock().dice = Dice(body.seed);
    done()
}
