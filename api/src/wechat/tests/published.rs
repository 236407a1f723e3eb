//! Published vectors that no single function of ours answers to, and the list of where each block is checked.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::hmac;
use serde_json::Value;

use super::vectors::{account, block, private_pem, text};
use crate::wechat::crypto::{from_base64, open_cbc, sorted_sha1};
use crate::wechat::open_user_data;
use crate::wechat::pay::open_oaep;
use crate::wechat::push::{PushQuery, open_push};
use crate::wechat::{Error, Refusal};

/// Block to the test modules that check it. A new block fails here until somebody says where it is checked.
const CHECKED: &[(&str, &str)] = &[
    ("_readme", "words"),
    ("group_info_computed", "user_data, published"),
    ("message_push", "push, published"),
    ("pay_java_sdk", "sign, notification, certificate, published"),
    ("pay_paysign", "jsapi"),
    ("pay_request_signing", "sign, published"),
    ("pay_response_verify", "verify, published"),
    ("pay_standin_computed", "sign, verify, notification, published"),
    ("payload_samples", "push, shipping"),
    ("server_api_encryption", "published"),
    ("session_hmac", "published"),
    ("standin_keys", "certificate"),
    ("user_data", "user_data, published"),
];

#[test]
fn every_block_is_checked_somewhere() {
    let all: Value = serde_json::from_str(include_str!("../vectors.json")).expect("valid JSON");
    let names: Vec<&str> = all.as_object().expect("blocks").keys().map(String::as_str).collect();
    for name in &names {
        assert!(CHECKED.iter().any(|(checked, _)| checked == name), "{name} is checked nowhere");
    }
    assert_eq!(names.len(), CHECKED.len());
}

/// AES-256-CBC with the push key, padded to 32: random ‖ length ‖ message ‖ appid.
fn unsealed(encrypted: &str) -> Vec<u8> {
    let push = block("message_push");
    let key = from_base64(&format!("{}=", text(&push, "/encoding_aes_key"))).expect("a key");
    open_cbc(&key, &key[..16], &from_base64(encrypted).expect("base64"), 32).expect("opens")
}

#[test]
fn pushes_are_laid_out_as_published() {
    let push = block("message_push");
    for (part, sealed) in [("secure_mode", "body_encrypt"), ("reply", "encrypt")] {
        let case = &push[part];
        let plain = unsealed(text(case, &format!("/{sealed}")));
        let message = text(case, "/msg").as_bytes();
        let length = u32::try_from(message.len()).expect("short").to_be_bytes();
        assert_eq!(case["msg_len"].as_u64(), Some(message.len() as u64));
        let random = text(case, "/random16").as_bytes();
        let expected = [random, &length, message, text(&push, "/appid").as_bytes()].concat();
        assert_eq!(plain, expected, "{part}");
    }
    let secure = &push["secure_mode"];
    let padded = secure["padded_len"].as_u64().expect("a length");
    assert_eq!(unsealed(text(secure, "/body_encrypt")).len() as u64 + secure["pad"].as_u64().expect("a pad"), padded);
    let reply = &push["reply"];
    let parts = ["timestamp", "nonce", "encrypt"]
        .map(|name| reply[name].as_str().map_or_else(|| reply[name].to_string(), str::to_owned));
    let signature = sorted_sha1(&mut [text(&push, "/token"), &parts[0], &parts[1], &parts[2]]);
    assert_eq!(signature, text(reply, "/msg_signature"));
}

#[test]
fn the_published_negatives_of_pushes_are_refused() {
    let push = block("message_push");
    let secure = &push["secure_mode"];
    let body = serde_json::json!({ "Encrypt": secure["body_encrypt"] }).to_string();
    let negatives = push["negative"].as_array().expect("cases");
    assert_eq!(negatives.len(), 2);
    for case in negatives {
        let mut account = account();
        let mut query: PushQuery = serde_json::from_value(secure["query"].clone()).expect("a query");
        let expected = if let Some(signature) = case["msg_signature"].as_str() {
            query.msg_signature = signature.to_owned();
            Refusal::Signature
        } else {
            account.appid = text(case, "/configured_appid").to_owned();
            Refusal::OtherApp
        };
        assert_eq!(open_push(&account, &query, body.as_bytes()), Err(Error::Unverified(expected)), "{case}");
    }
}

#[test]
fn raw_data_is_signed_with_the_session_key() {
    let case = &block("user_data")["raw_data_signature"];
    let signed = [text(case, "/raw_data"), text(case, "/session_key")].concat();
    let signature = hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, signed.as_bytes()));
    assert_eq!(signature, text(case, "/signature_sha1"));
}

#[test]
fn the_older_group_payload_opens_too() {
    let case = block("group_info_computed");
    let mut account = account();
    account.appid = "wx4f4bc4dec97d474b".into();
    let key = text(&case, "/session_key").into();
    for name in ["get_group_enter_info", "get_share_info_old"] {
        let encrypted = text(&case[name], "/encrypted_data");
        let value = open_user_data(&account, &key, text(&case, "/iv"), encrypted).expect("opens");
        let expected: Value = serde_json::from_str(text(&case[name], "/plaintext")).expect("JSON");
        assert_eq!(value, expected, "{name}");
    }
}

#[test]
fn sessions_are_signed_with_the_key_as_text() {
    let vectors = block("session_hmac");
    let key = hmac::Key::new(hmac::HMAC_SHA256, text(&vectors, "/session_key").as_bytes());
    let cases = vectors["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 2);
    for case in cases {
        let signature = hex::encode(hmac::sign(&key, text(case, "/body").as_bytes()));
        assert_eq!(signature, text(case, "/signature"));
    }
}

#[test]
fn encrypted_api_calls_open() {
    let case = block("server_api_encryption");
    let part = |name: &str| from_base64(text(&case, &format!("/{name}"))).expect("base64");
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &part("sym_key_b64")).expect("a key"));
    let nonce = Nonce::try_assume_unique_for_key(&part("iv")).expect("a nonce");
    let mut data = [part("data"), part("authtag")].concat();
    let plain = key.open_in_place(nonce, Aad::from(text(&case, "/aad").as_bytes()), &mut data).expect("opens");
    assert_eq!(plain, text(&case, "/plaintext").as_bytes());
}

#[test]
fn signed_messages_are_the_published_lines() {
    let joined = |parts: &[&str]| parts.iter().flat_map(|part| [*part, "\n"]).collect::<String>();
    let signing = block("pay_request_signing");
    let computed = block("pay_standin_computed");
    let requests = signing["cases"].as_array().expect("cases").iter().chain([&computed["request_utf8_body"]]);
    for case in requests {
        let parts = ["/method", "/url", "/timestamp", "/nonce_str", "/body"].map(|at| text(case, at));
        assert_eq!(joined(&parts), text(case, "/message"));
        assert!(text(case, "/authorization").contains(text(case, "/signature")));
        if let Some(prefix) = case["published_prefix"].as_str() {
            assert!(text(case, "/signature").starts_with(prefix));
        }
    }
    let answer = block("pay_response_verify");
    for case in [&answer, &computed["response_prepay"], &computed["response_204_empty"]] {
        assert_eq!(joined(&["/timestamp", "/nonce", "/body"].map(|at| text(case, at))), text(case, "/message"));
    }
}

#[test]
fn the_java_sdks_sealed_field_opens() {
    let case = &block("pay_java_sdk")["oaep_sha1_mgf1sha1"];
    let key = private_pem(&block("standin_keys"), "/merchant/private_key_pem_testing");
    assert_eq!(open_oaep(&key, text(case, "/ciphertext")).as_deref(), Some(text(case, "/plaintext")));
    let platform = private_pem(&block("standin_keys"), "/platform/private_key_pem_testing");
    assert_eq!(open_oaep(&platform, text(case, "/ciphertext")), None);
}
