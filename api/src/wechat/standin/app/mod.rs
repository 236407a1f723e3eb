//! The mini-program API: HTTP 200 for everything, an `access_token` in the query, a `rid` in each error text.
mod login;
mod message;
mod security;
mod shipping;
mod token;

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Query, ServiceConfig, get, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::state::{Shared, State};

pub(super) use login::Code;
pub(super) use security::{fetch_media, push_verdict};
pub(super) use shipping::ShippingEntry;
pub(super) use token::Token;

/// A refusal: WeChat's code and text.
#[derive(Debug)]
pub(super) struct Refused(pub i64, pub Cow<'static, str>);

/// A refusal with a fixed text.
const fn refused(code: i64, text: &'static str) -> Refused {
    Refused(code, Cow::Borrowed(text))
}

type Answer = Result<Value, Refused>;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/cgi-bin/stable_token", post().to(token::stable_token))
        .route("/sns/jscode2session", get().to(login::code_to_session))
        .route("/wxa/business/getuserphonenumber", post().to(phone_number))
        .route("/cgi-bin/message/subscribe/send", post().to(send))
        .route("/wxa/msg_sec_check", post().to(text_check))
        .route("/wxa/media_check_async", post().to(media_check))
        .route("/wxa/sec/order/upload_shipping_info", post().to(upload_shipping))
        .route("/wxa/sec/order/get_order", post().to(get_order))
        .route("/wxa/sec/order/get_order_list", post().to(get_order_list))
        .route("/wxa/sec/order/opspecialorder", post().to(declare))
        .route("/wxa/sec/order/notify_confirm_receive", post().to(remind_receipt))
        .route("/wxa/sec/order/is_trade_managed", post().to(is_trade_managed))
        .route("/cgi-bin/express/delivery/open_msg/get_delivery_list", post().to(carriers));
}

#[derive(Deserialize)]
struct TokenQuery {
    #[serde(default)]
    access_token: String,
}

async fn phone_number(shared: Data<Shared>, query: Query<TokenQuery>, body: Bytes) -> HttpResponse {
    with_token(&shared, &query, &body, login::phone_number)
}

async fn send(shared: Data<Shared>, query: Query<TokenQuery>, body: Bytes) -> HttpResponse {
    with_token(&shared, &query, &body, message::send)
}

async fn text_check(shared: Data<Shared>, query: Query<TokenQuery>, body: Bytes) -> HttpResponse {
    with_token(&shared, &query, &body, security::text_check)
}

async fn media_check(shared: Data<Shared>, query: Query<TokenQuery>, body: Bytes) -> HttpResponse {
    with_token(&shared, &query, &body, security::media_check)
}

async fn upload_shipping(shared: Data<Shared>, query: Query<TokenQuery>, body: Bytes) -> HttpResponse {
    with_token(&shared, &query, &body, shipping::upload)
}

async fn get_order(shared: Data<Shared>, query: Query<TokenQuery>, body: Bytes) -> HttpResponse {
    with_token(&shared, &query, &body, shipping::get_order)
}

async fn get_order_list(shared: Data<Shared>, query: Query<TokenQuery>, body: Bytes) -> HttpResponse {
    with_token(&shared, &query, &body, shipping::get_order_list)
}

async fn declare(shared: Data<Shared>, query: Query<TokenQuery>, body: Bytes) -> HttpResponse {
    with_token(&shared, &query, &body, shipping::declare)
}

async fn remind_receipt(shared: Data<Shared>, query: Query<TokenQuery>, body: Bytes) -> HttpResponse {
    with_token(&shared, &query, &body, shipping::remind_receipt)
}

async fn is_trade_managed(shared: Data<Shared>, query: Query<TokenQuery>, body: Bytes) -> HttpResponse {
    with_token(&shared, &query, &body, shipping::is_trade_managed)
}

async fn carriers(shared: Data<Shared>, query: Query<TokenQuery>, body: Bytes) -> HttpResponse {
    with_token(&shared, &query, &body, shipping::carriers)
}

/// Runs a call for the app the token belongs to.
fn with_token(
    shared: &Shared,
    query: &TokenQuery,
    body: &[u8],
    call: fn(&mut State, DateTime<Utc>, &str, &Value) -> Answer,
) -> HttpResponse {
    let now = shared.now();
    let mut state = shared.lock();
    let result = state
        .app_of(now, &query.access_token)
        .and_then(|appid| parse(body).and_then(|body| call(&mut state, now, &appid, &body)));
    let answer = reply(&mut state, result);
    drop(state);
    shared.wake.notify_one();
    answer
}

fn parse(body: &[u8]) -> Answer {
    if body.is_empty() {
        return Err(refused(44002, "empty post data"));
    }
    serde_json::from_slice(body).map_err(|_| refused(47001, "data format error"))
}

/// HTTP 200 whatever happened; success says `errcode` 0.
fn reply(state: &mut State, result: Answer) -> HttpResponse {
    HttpResponse::Ok().json(match result {
        Ok(mut value) => {
            value["errcode"] = json!(0);
            value["errmsg"] = json!("ok");
            value
        }
        Err(refused) => failure(state, &refused),
    })
}

fn failure(state: &mut State, Refused(code, text): &Refused) -> Value {
    let id = state.next_id();
    json!({ "errcode": code, "errmsg": format!("{text} rid: {id:08x}-{code:08x}-{id:08x}") })
}
