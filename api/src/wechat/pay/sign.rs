//! Signing requests and payment parameters (WeChat Pay v3 docs: "Generating a signature").

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;

use super::key;
use crate::wechat::{Account, Error, Result};

pub(super) const SCHEME: &str = "WECHATPAY2-SHA256-RSA2048";

/// What one request is signed over, besides the moment.
pub(super) struct Signed<'a> {
    pub method: &'a str,
    /// Path and query exactly as they are sent.
    pub target: &'a str,
    /// The exact bytes; empty for GET.
    pub body: &'a str,
}

/// The value of the `Authorization` header.
pub(super) fn authorization(
    account: &Account,
    request: &Signed<'_>,
    now: DateTime<Utc>,
    nonce: &str,
) -> Result<String> {
    let timestamp = now.timestamp();
    let Signed { method, target, body } = request;
    let signature = sign(account, &[method, target, &timestamp.to_string(), nonce, body])?;
    let Account { mchid, merchant_serial, .. } = account;
    Ok(format!(
        "{SCHEME} mchid=\"{mchid}\",nonce_str=\"{nonce}\",signature=\"{signature}\",\
         timestamp=\"{timestamp}\",serial_no=\"{merchant_serial}\""
    ))
}

/// Signs the lines, each ended by a line feed, with the merchant's key; base64.
pub(super) fn sign(account: &Account, lines: &[&str]) -> Result<String> {
    let key = key::private_key(account.merchant_key_pem.expose_secret())
        .ok_or(Error::Settings("the merchant's private key is not PKCS#8 PEM"))?;
    let message = lines_of(lines);
    key::sign(&key, message.as_bytes()).ok_or(Error::Settings("the merchant's private key does not sign"))
}

fn lines_of(lines: &[&str]) -> String {
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    //! Official examples of the WeChat Pay v3 docs; see `vectors.json` for their origins.
    use serde_json::Value;

    use super::*;
    use crate::wechat::tests::vectors::{self, text};

    fn account(case: &Value) -> Account {
        let mut account = vectors::account();
        account.mchid = text(case, "/mchid").to_owned();
        account.merchant_serial = text(case, "/serial_no").to_owned();
        account.merchant_key_pem = vectors::private_pem(case, "/private_key_pem_testing").into();
        account
    }

    #[test]
    fn requests_are_signed_as_in_the_documents() {
        let vectors = vectors::block("pay_request_signing");
        let account = account(&vectors);
        let cases = vectors["cases"].as_array().expect("cases");
        assert!(!cases.is_empty());
        for case in cases {
            let now = vectors::instant(case, "/timestamp");
            let request =
                Signed { method: text(case, "/method"), target: text(case, "/url"), body: text(case, "/body") };
            let header = authorization(&account, &request, now, text(case, "/nonce_str")).expect("signed");
            assert_eq!(header, text(case, "/authorization"));
        }
    }

    #[test]
    fn a_body_in_chinese_is_signed_over_its_utf8_bytes() {
        let case = &vectors::block("pay_standin_computed")["request_utf8_body"];
        let account = vectors::account();
        let now = vectors::instant(case, "/timestamp");
        let request = Signed { method: text(case, "/method"), target: text(case, "/url"), body: text(case, "/body") };
        let header = authorization(&account, &request, now, text(case, "/nonce_str")).expect("signed");
        assert_eq!(header, text(case, "/authorization"));
    }

    #[test]
    fn the_java_sdk_signs_the_same() {
        let case = &vectors::block("pay_java_sdk")["rsa_sign"];
        let account = vectors::account();
        let key = key::private_key(account.merchant_key_pem.expose_secret()).expect("key");
        assert_eq!(key::sign(&key, text(case, "/message").as_bytes()).as_deref(), Some(text(case, "/signature")));
    }

    #[test]
    fn an_unreadable_key_is_a_setting_to_fix() {
        let mut account = vectors::account();
        account.merchant_key_pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----".into();
        assert!(matches!(sign(&account, &["x"]), Err(Error::Settings(_))));
    }
}
