//! Stable access tokens (WeChat docs: getStableAccessToken, normal mode).

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{Answer, Refused, failure, parse, refused};
use crate::wechat::standin::model::field;
use crate::wechat::standin::state::{Shared, State};

const LIFE: Duration = Duration::seconds(7200);
/// This long before its end a token is replaced; both work until then.
const OVERLAP: Duration = Duration::seconds(300);

#[derive(Debug)]
pub(in crate::wechat::standin) struct Token {
    value: String,
    expires_at: DateTime<Utc>,
}

pub(super) async fn stable_token(shared: Data<Shared>, body: Bytes) -> HttpResponse {
    let now = shared.now();
    let mut state = shared.lock();
    let result = parse(&body).and_then(|body| state.issue(now, &body));
    // Unlike other calls, this one says nothing of errcode when it succeeds.
    HttpResponse::Ok().json(match result {
        Ok(answer) => answer,
        Err(refused) => failure(&mut state, &refused),
    })
}

impl State {
    fn issue(&mut self, now: DateTime<Utc>, body: &Value) -> Answer {
        if field(body, "grant_type") != "client_credential" {
            return Err(refused(40002, "invalid grant_type"));
        }
        let appid = field(body, "appid");
        self.check_secret(appid, field(body, "secret"))?;
        let id = self.next_id();
        let tokens = self.tokens.entry(appid.to_owned()).or_default();
        let force = body.get("force_refresh").and_then(Value::as_bool) == Some(true);
        if force {
            tokens.clear();
        }
        if tokens.last().is_none_or(|token| token.expires_at - now <= OVERLAP) {
            tokens.push(Token { value: format!("standin_{appid}_{id:032}"), expires_at: now + LIFE });
        }
        let token = tokens.last().ok_or(refused(-1, "system error"))?;
        Ok(json!({ "access_token": token.value, "expires_in": (token.expires_at - now).num_seconds() }))
    }

    pub(super) fn check_secret(&self, appid: &str, secret: &str) -> Result<(), Refused> {
        let brand = self.brands.get(appid).ok_or(refused(40013, "invalid appid"))?;
        if brand.app_secret == secret { Ok(()) } else { Err(refused(40125, "invalid appsecret")) }
    }

    /// Which app a token speaks for.
    pub(super) fn app_of(&self, now: DateTime<Utc>, value: &str) -> Result<String, Refused> {
        if value.is_empty() {
            return Err(refused(41001, "access_token missing"));
        }
        let holder = |(appid, tokens): (&String, &Vec<Token>)| {
            let token = tokens.iter().find(|token| token.value == value)?;
            Some((appid.clone(), token.expires_at))
        };
        match self.tokens.iter().find_map(holder) {
            None => Err(refused(40001, "invalid credential, access_token is invalid or not latest")),
            Some((_, expires_at)) if expires_at <= now => Err(refused(42001, "access_token expired")),
            Some((appid, _)) => Ok(appid),
        }
    }
}
