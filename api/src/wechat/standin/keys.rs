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
use crate::wechat::pay::{open_oaep, pem_bytes, private_key, rsa_sign, verifies};

/// The name of the WeChat Pay public key.
pub(super) const PLATFORM_KEY_ID: &str = "PUB_KEY_ID_0000000000000024101100397200000006";
/// The certificate that follows the published one on a rotation. Its key is the one of the documents' signing example.
const SECOND_CERTIFICATE: &str = include_str!("second_platform.pem");
const SECOND_SERIAL: &str = "3B5C1D2E4F60718293A4B5C6D7E8F90A1B2C3D4E";

/// A key the platform signs with.
#[derive(Debug)]
pub(super) struct Signer {
    pub serial: String,
    /// Empty for the public key.
    pub certificate_pem: String,
    private_pem: String,
    key: KeyPair,
}

impl Signer {
    fn new(serial: &str, certificate_pem: &str, private_pem: &str) -> Self {
        Self {
            serial: serial.to_owned(),
            certificate_pem: certificate_pem.to_owned(),
            private_pem: private_pem.to_owned(),
            key: private_key(private_pem).expect("the published key is PKCS#8"),
        }
    }

    /// Base64.
    pub fn sign(&self, message: &[u8]) -> String {
        rsa_sign(&self.key, message).expect("the published key signs")
    }

    /// A field the merchant encrypted for this key.
    pub fn open(&self, sealed: &str) -> Option<String> {
        open_oaep(&self.private_pem, sealed)
    }
}

struct Published {
    merchant_serial: String,
    merchant_key_pem: String,
    platform_public_key_pem: String,
    public_key: Signer,
    first: Signer,
    second: Signer,
}

fn published() -> &'static Published {
    static KEYS: OnceLock<Published> = OnceLock::new();
    KEYS.get_or_init(|| {
        let all: Value = serde_json::from_str(include_str!("../vectors.json")).expect("the file is JSON");
        let text = |pointer: &str| all.pointer(pointer).and_then(Value::as_str).expect("the file has keys").to_owned();
        let private = |pointer| text(pointer).replace("TESTING KEY", "PRIVATE KEY");
        let platform = private("/standin_keys/platform/private_key_pem_testing");
        let certificate = text("/standin_keys/platform/certificate_pem");
        let second = private("/pay_request_signing/private_key_pem_testing");
        Published {
            merchant_serial: text("/standin_keys/merchant/serial"),
            merchant_key_pem: private("/standin_keys/merchant/private_key_pem_testing"),
            platform_public_key_pem: text("/standin_keys/platform/public_key_pem"),
            public_key: Signer::new(PLATFORM_KEY_ID, "", &platform),
            first: Signer::new(&text("/standin_keys/platform/serial"), &certificate, &platform),
            second: Signer::new(SECOND_SERIAL, SECOND_CERTIFICATE, &second),
        }
    })
}

/// The WeChat Pay public key.
pub(super) fn public_key() -> &'static Signer {
    &published().public_key
}

/// The certificates in the order in which they follow each other.
pub(super) fn certificates() -> [&'static Signer; 2] {
    [&published().first, &published().second]
}

/// Whether the merchant behind `public_pem` signed `message`.
pub(super) fn signed_by(public_pem: &str, message: &[u8], signature: &str) -> bool {
    pem_bytes(public_pem, "PUBLIC KEY").is_some_and(|spki| verifies(&spki, message, signature))
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

/// The same for a merchant that has no public key yet: platform certificates alone.
pub fn certificate_account(brand_id: Uuid, slug: &str, n: u32) -> Account {
    let account = test_account(brand_id, slug, n);
    Account { platform_key_id: String::new(), platform_public_key_pem: String::new(), ..account }
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
