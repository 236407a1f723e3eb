//! Answers: successes are signed, refusals are not.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Answer, Refused};
use crate::wechat::pay::rsa_sign;
use crate::wechat::standin::keys::{PLATFORM_KEY_ID, platform_key};
use crate::wechat::standin::state::State;

/// What a signature starts with that must be refused.
const PROBE: &str = "WECHATPAY/SIGNTEST/";

pub(super) fn respond(state: &mut State, now: DateTime<Utc>, answer: Answer) -> HttpResponse {
    let id = state.next_id();
    let (status, body) = match answer {
        Ok((204, _)) => (204, String::new()),
        Ok((status, body)) => (status, body.to_string()),
        Err(Refused(status, code, text)) => {
            return builder(status, id).json(json!({ "code": code, "message": text }));
        }
    };
    let probe = state.switches.probe_answers > 0;
    state.switches.probe_answers = state.switches.probe_answers.saturating_sub(1);
    let mut response = builder(status, id);
    for (name, value) in signature_headers(now, id, &body, probe) {
        response.insert_header((name, value));
    }
    response.content_type("application/json; charset=utf-8").body(body)
}

fn builder(status: u16, id: u64) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header(("Request-ID", format!("{id:024}-0")));
    response
}

/// The headers that make `body` believable, or, as a probe, just not.
pub(super) fn signature_headers(now: DateTime<Utc>, id: u64, body: &str, probe: bool) -> [(&'static str, String); 5] {
    let timestamp = now.timestamp().to_string();
    let nonce = format!("{id:032x}");
    let message = format!("{timestamp}\n{nonce}\n{body}\n");
    let signature = rsa_sign(platform_key(), message.as_bytes()).expect("the published key signs");
    let signature = if probe { format!("{PROBE}{signature}") } else { signature };
    [
        ("Wechatpay-Timestamp", timestamp),
        ("Wechatpay-Nonce", nonce),
        ("Wechatpay-Signature", signature),
        ("Wechatpay-Serial", PLATFORM_KEY_ID.to_owned()),
        ("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048".to_owned()),
    ]
}
