//! Codes of users: five minutes, once, each for its own purpose.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refused, failure, refused};
use crate::wechat::crypto::to_base64;
use crate::wechat::standin::model::field;
use crate::wechat::standin::state::{Shared, State};

const LIFE: Duration = Duration::minutes(5);
const BAD_CODE: Refused = refused(40029, "invalid code");

#[derive(Debug)]
pub(in crate::wechat::standin) struct Code {
    appid: String,
    openid: String,
    /// The number behind a phone code; `None` for a login code.
    phone: Option<String>,
    expires_at: DateTime<Utc>,
    used: bool,
}

impl State {
    /// A new login code, or a phone code if `phone` is given.
    pub fn issue_code(&mut self, now: DateTime<Utc>, appid: &str, openid: &str, phone: Option<&str>) -> String {
        let code = format!("{}{:030}", if phone.is_some() { "ph" } else { "lg" }, self.next_id());
        self.users.insert((appid.to_owned(), openid.to_owned()));
        let entry = Code {
            appid: appid.to_owned(),
            openid: openid.to_owned(),
            phone: phone.map(str::to_owned),
            expires_at: now + LIFE,
            used: false,
        };
        self.codes.insert(code.clone(), entry);
        code
    }

    fn use_code(&mut self, now: DateTime<Utc>, appid: &str, code: &str, phone: bool) -> Result<&Code, Refused> {
        let code = self.codes.get_mut(code).ok_or(BAD_CODE)?;
        if code.appid != appid || code.phone.is_some() != phone || code.expires_at <= now {
            return Err(BAD_CODE);
        }
        if code.used {
            return Err(refused(40163, "code been used"));
        }
        code.used = true;
        Ok(code)
    }
}

#[derive(Deserialize)]
pub(super) struct LoginQuery {
    #[serde(default)]
    appid: String,
    #[serde(default)]
    secret: String,
    #[serde(default)]
    js_code: String,
}

/// Answers JSON as `text/plain`, and without `errcode` on success, as the real one does.
pub(super) async fn code_to_session(shared: Data<Shared>, query: Query<LoginQuery>) -> HttpResponse {
    let now = shared.now();
    let mut state = shared.lock();
    let answer = match session(&mut state, now, &query) {
        Ok(answer) => answer,
        Err(refused) => failure(&mut state, &refused),
    };
    HttpResponse::Ok().content_type("text/plain").body(answer.to_string())
}

fn session(state: &mut State, now: DateTime<Utc>, query: &LoginQuery) -> Answer {
    state.check_secret(&query.appid, &query.secret)?;
    let openid = state.use_code(now, &query.appid, &query.js_code, false)?.openid.clone();
    state.logins.insert((query.appid.clone(), openid.clone()), now);
    let session_key = to_base64(&u128::from(state.next_id()).to_be_bytes());
    Ok(json!({ "openid": openid, "session_key": session_key }))
}

pub(super) fn phone_number(state: &mut State, now: DateTime<Utc>, appid: &str, body: &Value) -> Answer {
    // A used phone code is reported like a wrong one.
    let code = state.use_code(now, appid, field(body, "code"), true).map_err(|_| BAD_CODE)?;
    let number = code.phone.clone().unwrap_or_default();
    Ok(json!({
        "phone_info": {
            "phoneNumber": number,
            "purePhoneNumber": number,
            "countryCode": "86",
            "watermark": { "timestamp": now.timestamp(), "appid": appid },
        },
    }))
}
