//! Key material: published test keys, good for nothing but tests (wechatpay-java test data, Apache-2.0).

use std::sync::OnceLock;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::KeyPair as _;
use serde_json::Value;
use uuid::Uuid;

use crate::wechat::Account;
use crate::wechat::crypto::to_base64;
use crate::wechat::pay::private_key;

/// The name under which answers and notifications are signed.
pub(super) const PLATFORM_KEY_ID: &str = "PUB_KEY_ID_0000000000000024101100397200000006";

struct Published {
    merchant_serial: String,
    merchant_key_pem: String,
    platform_public_key_pem: String,
    platform_key: KeyPair,
}

fn published() -> &'static Published {
    static KEYS: OnceLock<Published> = OnceLock::new();
    KEYS.get_or_init(|| {
        let all: Value = serde_json::from_str(include_str!("../vectors.json")).expect("the file is JSON");
        let text = |pointer: &str| {
            let pointer = format!("/standin_keys/{pointer}");
            all.pointer(&pointer).and_then(Value::as_str).expect("the file has keys").to_owned()
        };
        let private = |pointer| text(pointer).replace("TESTING KEY", "PRIVATE KEY");
        let platform = private("platform/private_key_pem_testing");
        Published {
            merchant_serial: text("merchant/serial"),
            merchant_key_pem: private("merchant/private_key_pem_testing"),
            platform_public_key_pem: text("platform/public_key_pem"),
            platform_key: private_key(&platform).expect("the published key is PKCS#8"),
        }
    })
}

/// The key that signs as the platform.
pub(super) fn platform_key() -> &'static KeyPair {
    &published().platform_key
}

/// Consistent credentials for the `n`-th brand: its own app and merchant account, published keys. Register it
/// with [`super::StandinBrand::of`].
pub fn test_account(brand_id: Uuid, slug: &str, n: u32) -> Account {
    let keys = published();
    Account {
        brand_id,
        slug: slug.to_owned(),
        appid: format!("wx{n:016x}"),
        app_secret: format!("{n:032x}").into(),
        mchid: format!("{}", 1_900_000_000 + u64::from(n)),
        merchant_serial: keys.merchant_serial.clone(),
        merchant_key_pem: keys.merchant_key_pem.clone().into(),
        api_v3_key: format!("standin-api-v3-key-{n:013}").into(),
        platform_key_id: PLATFORM_KEY_ID.to_owned(),
        platform_public_key_pem: keys.platform_public_key_pem.clone(),
        push_token: format!("token{n:010}").into(),
        push_aes_key: Some(format!("{n:043}").into()),
    }
}

/// The public half of a PKCS#8 PEM key, as X.509 PEM.
pub(super) fn public_pem(private_pem: &str) -> Option<String> {
    let key = private_key(private_pem)?;
    let der = key.public_key().as_der().ok()?;
    Some(format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", to_base64(der.as_ref())))
}

/// AES-256-GCM of `plain`, base64 with the tag at the end.
pub(super) fn seal_gcm(key: &str, nonce: &str, associated: &str, plain: &str) -> Option<String> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_bytes()).ok()?);
    let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).ok()?;
    let mut data = plain.as_bytes().to_vec();
    key.seal_in_place_append_tag(nonce, Aad::from(associated.as_bytes()), &mut data).ok()?;
    Some(to_base64(&data))
}
