//! Answers: successes are signed, refusals are not.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Answer, Refused};
use crate::wechat::standin::keys::Signer;
use crate::wechat::standin::state::State;

/// What a signature starts with that must be refused.
const PROBE: &str = "WECHATPAY/SIGNTEST/";
/// A key nobody has.
const NO_KEY: &str = "PUB_KEY_ID_0000000000000000000000000000000000";

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wechat::standin) enum Signature {
    Real,
    /// A probe in its place.
    Probe,
    /// Right, but under the name of a key that nobody has.
    WrongKey,
}

pub(super) fn respond(state: &mut State, now: DateTime<Utc>, signer: &Signer, answer: Answer) -> HttpResponse {
    let id = state.next_id();
    let (status, body) = match answer {
        Ok((204, _)) => (204, String::new()),
        Ok((status, body)) => (status, body.to_string()),
        Err(Refused(status, code, text)) => {
            return builder(status, id).json(json!({ "code": code, "message": text }));
        }
    };
    let how = if state.switches.probe_answers > 0 { Signature::Probe } else { Signature::Real };
    state.switches.probe_answers = state.switches.probe_answers.saturating_sub(1);
    let mut response = builder(status, id);
    for (name, value) in signature_headers(signer, now, id, &body, how) {
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

/// The headers that make `body` believable, or just not.
pub(in crate::wechat::standin) fn signature_headers(
    signer: &Signer,
    now: DateTime<Utc>,
    id: u64,
    body: &str,
    how: Signature,
) -> [(&'static str, String); 5] {
    let timestamp = now.timestamp().to_string();
    let nonce = format!("{id:032x}");
    let signature = signer.sign(format!("{timestamp}\n{nonce}\n{body}\n").as_bytes());
    [
        ("Wechatpay-Timestamp", timestamp),
        ("Wechatpay-Nonce", nonce),
        ("Wechatpay-Signature", if how == Signature::Probe { format!("{PROBE}{signature}") } else { signature }),
        ("Wechatpay-Serial", if how == Signature::WrongKey { NO_KEY.to_owned() } else { signer.serial.clone() }),
        ("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048".to_owned()),
    ]
}
