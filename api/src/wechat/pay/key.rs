//! RSA keys from PEM, and AES-256-GCM with the merchant's APIv3 key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};

use crate::wechat::crypto::{from_base64, to_base64};

/// The bytes between the lines of the PEM block named `label`.
pub(in crate::wechat) fn pem_bytes(pem: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    from_base64(&body.split_whitespace().collect::<String>())
}

/// A PKCS#8 key as WeChat Pay's tool writes it (`apiclient_key.pem`).
pub(in crate::wechat) fn private_key(pem: &str) -> Option<KeyPair> {
    KeyPair::from_pkcs8(&pem_bytes(pem, "PRIVATE KEY")?).ok()
}

/// SHA-256 with RSA PKCS#1 v1.5, base64.
pub(in crate::wechat) fn sign(key: &KeyPair, message: &[u8]) -> Option<String> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
    Some(to_base64(&signature))
}

/// Whether `signature` (base64) is the signature of `message` by the key behind `public_pem`.
pub(in crate::wechat) fn verifies(public_pem: &str, message: &[u8], signature: &str) -> bool {
    let Some((key, signature)) = pem_bytes(public_pem, "PUBLIC KEY").zip(from_base64(signature)) else {
        return false;
    };
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(message, &signature).is_ok()
}

/// Opens `data ‖ tag` (base64). The nonce and the associated data are taken as their UTF-8 bytes.
pub(in crate::wechat) fn open_gcm(key: &str, nonce: &str, associated: &str, ciphertext: &str) -> Option<Vec<u8>> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_bytes()).ok()?);
    let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).ok()?;
    let mut data = from_base64(ciphertext)?;
    let length = key.open_in_place(nonce, Aad::from(associated.as_bytes()), &mut data).ok()?.len();
    data.truncate(length);
    Some(data)
}
