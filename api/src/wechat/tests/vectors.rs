//! Access to `vectors.json`: results published in WeChat's documents and SDKs, and some computed from published
//! test keys. Parts derive from the test data of wechatpay-java, Apache-2.0, Copyright Tencent.
//! Private keys carry the label TESTING KEY so that nobody takes them for secrets.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::wechat::Account;

/// One top-level block.
pub fn block(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../vectors.json")).expect("valid JSON");
    all[name].clone()
}

/// The text at a JSON pointer.
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} is missing"))
}

/// The seconds at a JSON pointer as an instant.
pub fn instant(value: &Value, pointer: &str) -> DateTime<Utc> {
    let seconds = text(value, pointer).parse().expect("seconds");
    DateTime::from_timestamp(seconds, 0).expect("a date")
}

/// A private key with the label a loader expects.
pub fn private_pem(value: &Value, pointer: &str) -> String {
    text(value, pointer).replace("TESTING KEY", "PRIVATE KEY")
}

/// An account with the published merchant and platform keys.
pub fn account() -> Account {
    let keys = block("standin_keys");
    let push = block("message_push");
    Account {
        brand_id: Uuid::nil(),
        slug: "vectors".into(),
        appid: text(&push, "/appid").into(),
        app_secret: "app-secret".into(),
        mchid: text(&keys, "/mchid").into(),
        merchant_serial: text(&keys, "/merchant/serial").into(),
        merchant_key_pem: private_pem(&keys, "/merchant/private_key_pem_testing").into(),
        api_v3_key: text(&keys, "/api_v3_key").into(),
        platform_key_id: text(&keys, "/platform/serial").into(),
        platform_public_key_pem: text(&keys, "/platform/public_key_pem").into(),
        push_token: text(&push, "/token").into(),
        push_aes_key: Some(text(&push, "/encoding_aes_key").into()),
    }
}
