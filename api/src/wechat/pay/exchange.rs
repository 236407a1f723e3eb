//! One signed call to WeChat Pay and the reading of its answer.

use serde::Deserialize;

use super::platform::PUBLIC_KEY_PREFIX;
use super::sign::{Signed, authorization};
use super::verify::SignatureHeaders;
use crate::wechat::crypto::random_hex;
use crate::wechat::http::{Answer, MAX_ANSWER, exchange};
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
        self.pay_call_sealed(account, request, None).await
    }

    /// The same for a request with encrypted fields; `serial` names the key they are encrypted with.
    pub(super) async fn pay_call_sealed(
        &self,
        account: &Account,
        request: Signed<'_>,
        serial: Option<&str>,
    ) -> Result<Vec<u8>> {
        match self.pay_once(account, &request, serial).await {
            Err(Error::Unverified(Refusal::Probe)) => self.pay_once(account, &request, serial).await,
            other => other,
        }
    }

    async fn pay_once(&self, account: &Account, request: &Signed<'_>, serial: Option<&str>) -> Result<Vec<u8>> {
        let answer = self.pay_send(account, request, serial).await?;
        self.open_answer(account, request, answer).await
    }

    /// Signs and sends; the answer is not looked at.
    pub(super) async fn pay_send(
        &self,
        account: &Account,
        request: &Signed<'_>,
        serial: Option<&str>,
    ) -> Result<Answer> {
        self.pay_send_up_to(account, request, serial, MAX_ANSWER).await
    }

    /// The same with an answer of at most `limit` bytes.
    pub(super) async fn pay_send_up_to(
        &self,
        account: &Account,
        request: &Signed<'_>,
        serial: Option<&str>,
        limit: usize,
    ) -> Result<Answer> {
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
        let own = Some(account.platform_key_id.as_str()).filter(|id| id.starts_with(PUBLIC_KEY_PREFIX));
        if let Some(serial) = serial.or(own) {
            builder = builder.header("Wechatpay-Serial", serial);
        }
        exchange(builder, limit).await
    }

    async fn open_answer(&self, account: &Account, request: &Signed<'_>, answer: Answer) -> Result<Vec<u8>> {
        if !(200..300).contains(&answer.status) {
            let error = failure(&answer);
            tracing::warn!(
                brand = account.slug,
                method = request.method,
                target = request.target,
                request_id = answer.header("Request-ID"),
                %error,
                "WeChat Pay call failed"
            );
            return Err(error);
        }
        let headers = SignatureHeaders::read(|name| answer.header(name))?;
        self.verify(account, &headers, &answer.body).await?;
        match answer.status {
            202 => Err(pay_error(202, Failure { code: "ACCEPTED".into(), message: "still processing".into() })),
            _ => Ok(answer.body),
        }
    }
}

/// Refusals may be unsigned, so nothing of them is ever taken for a success.
pub(super) fn failure(answer: &Answer) -> Error {
    match serde_json::from_slice::<Failure>(&answer.body) {
        Ok(failure) => pay_error(answer.status, failure),
        Err(_) if (400..500).contains(&answer.status) => pay_error(answer.status, Failure::default()),
        Err(_) => Error::Unknown("WeChat Pay's gateway answered instead of the service"),
    }
}

fn pay_error(status: u16, failure: Failure) -> Error {
    Error::Pay { status, code: failure.code, message: failure.message }
}
