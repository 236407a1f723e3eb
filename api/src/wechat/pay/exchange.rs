//! One signed call to WeChat Pay and the reading of its answer.

use serde::Deserialize;

use super::sign::{Signed, authorization};
use super::verify::{SignatureHeaders, verify};
use crate::wechat::crypto::random_hex;
use crate::wechat::http::{Answer, exchange};
use crate::wechat::{Account, Error, Refusal, Result, Wechat};

#[derive(Default, Deserialize)]
struct Failure {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl Wechat {
    /// Sends a request (`target` is path and query) and returns the verified body of a 200 or 204. An answer with a
    /// probe instead of a signature is asked for once more, which is harmless because every call here is idempotent
    /// by its number.
    pub(super) async fn pay_call(&self, account: &Account, request: Signed<'_>) -> Result<Vec<u8>> {
        match self.pay_once(account, &request).await {
            Err(Error::Unverified(Refusal::Probe)) => self.pay_once(account, &request).await,
            other => other,
        }
    }

    async fn pay_once(&self, account: &Account, request: &Signed<'_>) -> Result<Vec<u8>> {
        let nonce = random_hex::<16>()?;
        let authorization = authorization(account, request, self.clock.now(), &nonce)?;
        let url = format!("{}{}", self.config.pay_base, request.target);
        let mut builder = match request.method {
            "GET" => self.http.get(url),
            _ => self.http.post(url).body(request.body.to_owned()),
        };
        builder = builder
            .header("Authorization", authorization)
            .header("Accept", "application/json")
            .header("Content-Type", "application/json");
        if account.platform_key_id.starts_with("PUB_KEY_ID_") {
            builder = builder.header("Wechatpay-Serial", &account.platform_key_id);
        }
        let answer = exchange(builder).await?;
        self.open_answer(account, request, answer)
    }

    fn open_answer(&self, account: &Account, request: &Signed<'_>, answer: Answer) -> Result<Vec<u8>> {
        let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok());
        if !(200..300).contains(&answer.status) {
            let error = failure(&answer);
            tracing::warn!(
                brand = account.slug,
                method = request.method,
                target = request.target,
                request_id = header("Request-ID"),
                %error,
                "WeChat Pay call failed"
            );
            return Err(error);
        }
        verify(account, self.clock.now(), &SignatureHeaders::read(header)?, &answer.body)?;
        match answer.status {
            202 => Err(pay_error(202, Failure { code: "ACCEPTED".into(), message: "still processing".into() })),
            _ => Ok(answer.body),
        }
    }
}

/// Refusals may be unsigned, so nothing of them is ever taken for a success.
fn failure(answer: &Answer) -> Error {
    match serde_json::from_slice::<Failure>(&answer.body) {
        Ok(failure) => pay_error(answer.status, failure),
        Err(_) if (400..500).contains(&answer.status) => pay_error(answer.status, Failure::default()),
        Err(_) => Error::Unknown("WeChat Pay's gateway answered instead of the service"),
    }
}

fn pay_error(status: u16, failure: Failure) -> Error {
    Error::Pay { status, code: failure.code, message: failure.message }
}
