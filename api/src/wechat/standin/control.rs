//! The controls over HTTP: `POST /_standin/<name>` with a JSON body, for drivers outside this process.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, ServiceConfig, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::model::{Fault, StandinBrand, Switches};
use super::outbox::settle;
use super::state::Shared;
use crate::wechat::Suggest;
use crate::wechat::pay::PayParams;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/register", post().to(register))
        .route("/login_code", post().to(login_code))
        .route("/phone_code", post().to(phone_code))
        .route("/accept_subscribe", post().to(accept_subscribe))
        .route("/pay", post().to(pay))
        .route("/tick", post().to(tick))
        .route("/settle", post().to(settled))
        .route("/sent_messages", post().to(sent_messages))
        .route("/books", post().to(books))
        .route("/set_fault", post().to(set_fault))
        .route("/set_switches", post().to(set_switches))
        .route("/set_verdict", post().to(set_verdict))
        .route("/set_media_verdict", post().to(set_media_verdict))
        .configure(super::control_money::routes);
}

pub(super) fn done() -> HttpResponse {
    HttpResponse::Ok().json(json!({}))
}

async fn register(shared: Data<Shared>, brand: Json<StandinBrand>) -> HttpResponse {
    shared.register(brand.into_inner());
    done()
}

#[derive(Deserialize)]
struct User {
    appid: String,
    openid: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    template_id: String,
}

async fn login_code(shared: Data<Shared>, user: Json<User>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "code": shared.login_code(&user.appid, &user.openid) }))
}

async fn phone_code(shared: Data<Shared>, user: Json<User>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "code": shared.phone_code(&user.appid, &user.openid, &user.phone) }))
}

async fn accept_subscribe(shared: Data<Shared>, user: Json<User>) -> HttpResponse {
    shared.accept_subscribe(&user.appid, &user.openid, &user.template_id);
    done()
}

#[derive(Deserialize)]
struct Payment {
    openid: String,
    #[serde(flatten)]
    params: PayParams,
}

/// 200 with the transaction id, or 409 with the reason in words.
async fn pay(shared: Data<Shared>, payment: Json<Payment>) -> HttpResponse {
    match shared.pay(&payment.params, &payment.openid) {
        Ok(id) => HttpResponse::Ok().json(json!({ "transaction_id": id })),
        Err(failure) => HttpResponse::Conflict().json(json!({ "error": failure.to_string() })),
    }
}

async fn tick(shared: Data<Shared>) -> HttpResponse {
    shared.wake.notify_one();
    done()
}

async fn settled(shared: Data<Shared>) -> HttpResponse {
    settle(&shared).await;
    done()
}

async fn sent_messages(shared: Data<Shared>, body: Json<Value>) -> HttpResponse {
    HttpResponse::Ok().json(shared.sent_messages(body["appid"].as_str().unwrap_or_default()))
}

async fn books(shared: Data<Shared>, body: Json<Value>) -> HttpResponse {
    HttpResponse::Ok().json(shared.books(body["mchid"].as_str().unwrap_or_default()))
}

#[derive(Deserialize)]
struct PathFault {
    path: String,
    #[serde(flatten)]
    fault: Fault,
}

async fn set_fault(shared: Data<Shared>, body: Json<PathFault>) -> HttpResponse {
    shared.set_fault(&body.path, body.fault);
    done()
}

async fn set_switches(shared: Data<Shared>, switches: Json<Switches>) -> HttpResponse {
    shared.lock().switches = switches.into_inner();
    done()
}

#[derive(Deserialize)]
struct Advice {
    #[serde(default)]
    part: String,
    suggest: Suggest,
}

async fn set_verdict(shared: Data<Shared>, advice: Json<Advice>) -> HttpResponse {
    shared.set_verdict(&advice.part, advice.suggest);
    done()
}

async fn set_media_verdict(shared: Data<Shared>, advice: Json<Advice>) -> HttpResponse {
    shared.lock().media_verdict = advice.suggest;
    done()
}
