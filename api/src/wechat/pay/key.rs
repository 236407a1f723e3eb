//! RSA keys from PEM, and AES-256-GCM with the merchant's APIv3 key.
//!
//! A public key is handled as its X.509 SubjectPublicKeyInfo, DER.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey};
#[cfg(any(test, feature = "standin"))]
use aws_lc_rs::rsa::{OaepPrivateDecryptingKey, PrivateDecryptingKey};
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

/// Whether `signature` (base64) is the signature of `message` by the public key `spki`.
pub(in crate::wechat) fn verifies(spki: &[u8], message: &[u8], signature: &str) -> bool {
    let Some(signature) = from_base64(signature) else { return false };
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki).verify(message, &signature).is_ok()
}

/// Encrypts a sensitive field for whoever holds the private half of `spki`: RSA-OAEP with SHA-1, which is what
/// WeChat Pay's SDKs use; base64. At most 214 bytes for a key of 2048 bits.
pub(in crate::wechat) fn seal_oaep(spki: &[u8], plain: &str) -> Option<String> {
    let key = OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(spki).ok()?).ok()?;
    let mut sealed = vec![0; key.ciphertext_size()];
    let length = key.encrypt(&OAEP_SHA1_MGF1SHA1, plain.as_bytes(), &mut sealed, None).ok()?.len();
    Some(to_base64(&sealed[..length]))
}

/// Opens what [`seal_oaep`] made, with a PKCS#8 PEM key.
#[cfg(any(test, feature = "standin"))]
pub(in crate::wechat) fn open_oaep(private_pem: &str, sealed: &str) -> Option<String> {
    let key = PrivateDecryptingKey::from_pkcs8(&pem_bytes(private_pem, "PRIVATE KEY")?).ok()?;
    let key = OaepPrivateDecryptingKey::new(key).ok()?;
    let mut plain = vec![0; key.min_output_size()];
    let length = key.decrypt(&OAEP_SHA1_MGF1SHA1, &from_base64(sealed)?, &mut plain, None).ok()?.len();
    plain.truncate(length);
    String::from_utf8(plain).ok()
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
