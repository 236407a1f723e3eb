//! One exchange with either host, and the envelope of the mini-program API.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Account, Error, Result, Wechat};

/// No JSON answer of WeChat comes near this.
pub(super) const MAX_ANSWER: usize = 1024 * 1024;

/// How often "system busy" may be answered by asking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WhenBusy {
    GiveUp,
    Once,
    Thrice,
}

impl WhenBusy {
    fn repeats(self) -> u32 {
        match self {
            WhenBusy::GiveUp => 0,
            WhenBusy::Once => 1,
            WhenBusy::Thrice => 3,
        }
    }
}

/// An answer as it came in; `body` is untouched because signatures cover the raw bytes.
pub(super) struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// A header as text; `None` if it is absent or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Sends and reads to the end, which must come within `limit` bytes. Errors never repeat the address, which may carry
/// a secret.
pub(super) async fn exchange(request: reqwest::RequestBuilder, limit: usize) -> Result<Answer> {
    let mut response = request.send().await.map_err(|error| transport(&error))?;
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| transport(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(Error::Unknown("the answer is too long"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body })
}

fn transport(error: &reqwest::Error) -> Error {
    if error.is_builder() {
        Error::Settings("the address of WeChat is not a URL")
    } else if error.is_connect() {
        Error::Unreachable
    } else if error.is_timeout() {
        Error::Unknown("time ran out")
    } else {
        Error::Unknown("the connection broke")
    }
}

/// Reads the mini-program API's envelope: JSON whatever the content type, success if `errcode` is 0 or absent.
pub(super) fn open_envelope<T: DeserializeOwned>(answer: &Answer) -> Result<T> {
    match answer.status {
        200 => {}
        429 => return Err(Error::Busy { code: 429 }),
        status @ 400..=499 => {
            return Err(Error::Api { code: status.into(), msg: format!("HTTP {status}"), rid: None });
        }
        _ => return Err(Error::Unknown("an HTTP status the API never uses")),
    }
    let value: Value = serde_json::from_slice(&answer.body).map_err(|_| Error::Unknown("the answer is not JSON"))?;
    match value.get("errcode").and_then(Value::as_i64).unwrap_or(0) {
        0 => serde_json::from_value(value).map_err(|_| Error::Unknown("the answer lacks a field")),
        code => Err(Error::from_errcode(code, value.get("errmsg").and_then(Value::as_str).unwrap_or_default())),
    }
}

/// WeChat answers these when the access token is not (or no longer) good.
fn is_token_error(error: &Error) -> bool {
    matches!(error, Error::Api { code: 40001 | 40014 | 41001 | 42001, .. })
}

impl Wechat {
    /// One POST of the mini-program API, with the token in place. A token that WeChat no longer takes is replaced
    /// once; "system busy" is asked again as often as `when_busy` allows.
    pub(super) async fn api_post<T: DeserializeOwned>(
        &self,
        account: &Account,
        path: &str,
        body: &impl Serialize,
        when_busy: WhenBusy,
    ) -> Result<T> {
        let mut renewed = false;
        loop {
            let token = self.token(account).await?;
            let result = self
                .repeat_busy(when_busy, || {
                    let request = self.http.post(format!("{}{path}", self.config.api_base));
                    request.query(&[("access_token", token.expose())]).json(body)
                })
                .await;
            match result {
                Err(error) if is_token_error(&error) && !renewed => {
                    self.tokens.drop_if_current(&account.appid, &token).await;
                    renewed = true;
                }
                other => return other,
            }
        }
    }

    /// Sends what `build` makes, again after a growing pause while WeChat says it is busy.
    pub(super) async fn repeat_busy<T: DeserializeOwned>(
        &self,
        when_busy: WhenBusy,
        build: impl Fn() -> reqwest::RequestBuilder,
    ) -> Result<T> {
        let mut pause = self.backoff;
        for _ in 0..when_busy.repeats() {
            match exchange(build(), MAX_ANSWER).await.and_then(|answer| open_envelope(&answer)) {
                Err(Error::Busy { code: -1 }) => tokio::time::sleep(pause).await,
                other => return other,
            }
            pause *= 2;
        }
        exchange(build(), MAX_ANSWER).await.and_then(|answer| open_envelope(&answer))
    }
}
