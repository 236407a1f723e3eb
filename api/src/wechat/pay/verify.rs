//! Believing answers and notifications (WeChat Pay v3 docs: "Verifying a signature").

use chrono::{DateTime, Utc};

use super::key;
use crate::wechat::{Account, Error, Refusal, Result, Wechat};

/// Further away than this, in seconds, a timestamp is a replay.
const MAX_SKEW: i64 = 300;
/// WeChat Pay sends signatures with this start on purpose and expects them to be refused.
const PROBE: &str = "WECHATPAY/SIGNTEST/";

/// The four headers a signature needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureHeaders {
    /// `Wechatpay-Timestamp`, seconds.
    pub timestamp: String,
    /// `Wechatpay-Nonce`.
    pub nonce: String,
    /// `Wechatpay-Signature`, base64.
    pub signature: String,
    /// `Wechatpay-Serial`: which key signed.
    pub serial: String,
}

impl SignatureHeaders {
    /// Collects them with `header`, which gives a header's value by its name; all four must be there.
    pub fn read<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Result<Self> {
        let get = |name| header(name).map(str::to_owned).ok_or(Error::Unverified(Refusal::MissingHeader));
        Ok(Self {
            timestamp: get("Wechatpay-Timestamp")?,
            nonce: get("Wechatpay-Nonce")?,
            signature: get("Wechatpay-Signature")?,
            serial: get("Wechatpay-Serial")?,
        })
    }
}

/// Refuses probes, quietly, and what was signed further than five minutes from `now`.
pub(super) fn check_moment(now: DateTime<Utc>, headers: &SignatureHeaders) -> Result<()> {
    if headers.signature.starts_with(PROBE) {
        return Err(Error::Unverified(Refusal::Probe));
    }
    let near = headers.timestamp.parse::<i64>().is_ok_and(|sent| now.timestamp().abs_diff(sent) <= MAX_SKEW as u64);
    if near { Ok(()) } else { Err(Error::Unverified(Refusal::Clock)) }
}

/// Checks that `body`, the raw bytes, was signed by the key `spki`.
pub(super) fn check_signature(spki: &[u8], headers: &SignatureHeaders, body: &[u8]) -> Result<()> {
    let message = [headers.timestamp.as_bytes(), b"\n", headers.nonce.as_bytes(), b"\n", body, b"\n"].concat();
    let holds = key::verifies(spki, &message, &headers.signature);
    if holds { Ok(()) } else { Err(Error::Unverified(Refusal::Signature)) }
}

impl Wechat {
    /// Believes `body`, the raw bytes, or tells why not: clock first, then the key by its serial, then the signature.
    pub(super) async fn verify(&self, account: &Account, headers: &SignatureHeaders, body: &[u8]) -> Result<()> {
        check_moment(self.clock.now(), headers)?;
        let key = self.platform_key(account, &headers.serial).await?;
        check_signature(&key, headers, body)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::wechat::pay::platform::configured;
    use crate::wechat::tests::vectors::{self, text};

    /// With the account's own key, as far as that goes.
    fn verify(account: &Account, now: DateTime<Utc>, headers: &SignatureHeaders, body: &[u8]) -> Result<()> {
        check_moment(now, headers)?;
        let key = configured(account, &headers.serial).unwrap_or(Err(Error::Unverified(Refusal::UnknownSerial)))?;
        check_signature(&key, headers, body)
    }

    fn headers(case: &Value, serial: &str) -> SignatureHeaders {
        SignatureHeaders {
            timestamp: text(case, "/timestamp").to_owned(),
            nonce: text(case, "/nonce").to_owned(),
            signature: text(case, "/signature").to_owned(),
            serial: serial.to_owned(),
        }
    }

    #[test]
    fn the_documented_answer_verifies_and_a_changed_one_does_not() {
        let case = vectors::block("pay_response_verify");
        let mut account = vectors::account();
        account.platform_key_id = text(&case, "/wechatpay_serial").to_owned();
        account.platform_public_key_pem = text(&case, "/public_key_pem").to_owned();
        let headers = headers(&case, &account.platform_key_id);
        let now = vectors::instant(&case, "/timestamp");
        let body = text(&case, "/body");
        assert_eq!(verify(&account, now, &headers, body.as_bytes()), Ok(()));
        let changed = body.replace("wxpay", "wxpaY");
        assert_eq!(verify(&account, now, &headers, changed.as_bytes()), Err(Error::Unverified(Refusal::Signature)));
    }

    #[test]
    fn empty_bodies_are_signed_too() {
        let computed = vectors::block("pay_standin_computed");
        let account = vectors::account();
        for name in ["response_prepay", "response_204_empty"] {
            let case = &computed[name];
            let now = vectors::instant(case, "/timestamp");
            let headers = headers(case, text(case, "/serial"));
            assert_eq!(verify(&account, now, &headers, text(case, "/body").as_bytes()), Ok(()), "{name}");
        }
    }

    #[test]
    fn the_clock_may_differ_by_five_minutes_either_way() {
        let case = &vectors::block("pay_standin_computed")["response_prepay"];
        let account = vectors::account();
        let headers = headers(case, text(case, "/serial"));
        let sent = vectors::instant(case, "/timestamp");
        for (seconds, fits) in [(300, true), (-300, true), (301, false), (-301, false)] {
            let now = sent + chrono::Duration::seconds(seconds);
            assert_eq!(verify(&account, now, &headers, text(case, "/body").as_bytes()).is_ok(), fits, "{seconds}");
        }
    }

    #[test]
    fn every_header_is_needed() {
        let all = ["Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Signature", "Wechatpay-Serial"];
        assert!(SignatureHeaders::read(|name| all.contains(&name).then_some("1")).is_ok());
        for missing in all {
            let found = SignatureHeaders::read(|name| (name != missing).then_some("1"));
            assert_eq!(found, Err(Error::Unverified(Refusal::MissingHeader)), "{missing}");
        }
    }
}
