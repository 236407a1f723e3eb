//! Access tokens of the mini-program API: one per app, fetched by one caller at a time (WeChat docs:
//! getStableAccessToken, which gives every process the same token).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::http::WhenBusy;
use super::{Account, Result, Wechat};

/// WeChat replaces a token five minutes before it dies; both work in between.
const RENEW_BEFORE: Duration = Duration::seconds(300);

/// An access token; `Debug` does not show it.
#[derive(Clone, Debug)]
pub(super) struct Token(Arc<SecretString>);

impl Token {
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[derive(Debug)]
struct Cached {
    token: Token,
    /// From then on the next caller fetches anew.
    fresh_until: DateTime<Utc>,
}

type Slot = Arc<tokio::sync::Mutex<Option<Cached>>>;

/// The cached tokens of this process by appid; holding a slot's lock is what makes a fetch single-flight.
#[derive(Default)]
pub(super) struct Tokens {
    slots: Mutex<HashMap<String, Slot>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}

impl Tokens {
    fn slot(&self, appid: &str) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(appid.to_owned()).or_default().clone()
    }

    /// Forgets `used` unless another caller has replaced it already.
    pub async fn drop_if_current(&self, appid: &str, used: &Token) {
        let slot = self.slot(appid);
        let mut cached = slot.lock().await;
        if cached.as_ref().is_some_and(|current| current.token.expose() == used.expose()) {
            *cached = None;
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    /// Seconds of life that remain.
    expires_in: i64,
}

impl Wechat {
    /// A token that is good for at least a few minutes, as far as we know.
    pub(super) async fn token(&self, account: &Account) -> Result<Token> {
        let slot = self.tokens.slot(&account.appid);
        let mut cached = slot.lock().await;
        let now = self.clock.now();
        if let Some(current) = cached.as_ref()
            && now < current.fresh_until
        {
            return Ok(current.token.clone());
        }
        let body = json!({
            "grant_type": "client_credential",
            "appid": account.appid,
            "secret": account.app_secret.expose_secret(),
        });
        let url = format!("{}/cgi-bin/stable_token", self.config.api_base);
        let answer: Answer = self.repeat_busy(WhenBusy::Thrice, || self.http.post(&url).json(&body)).await?;
        let token = Token(Arc::new(answer.access_token.into()));
        let life = Duration::seconds(answer.expires_in.clamp(0, 7200));
        *cached = Some(Cached { token: token.clone(), fresh_until: now + life - RENEW_BEFORE });
        Ok(token)
    }
}
