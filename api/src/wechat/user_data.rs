//! Data the client received encrypted with the session key, such as which group a visitor came from.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::crypto::{from_base64, open_cbc};
use super::{Account, Error, Refusal, Result};

/// Opens `encryptedData` with its `iv`, both base64 as the client got them, and checks the watermark's app
/// (WeChat docs: verifying and decrypting open data; AES-128-CBC). [`Refusal::Decrypt`] usually means that
/// the session key was replaced in between: the client has to log in again.
pub fn open_user_data(account: &Account, session_key: &SecretString, iv: &str, encrypted: &str) -> Result<Value> {
    let plain = from_base64(session_key.expose_secret())
        .zip(from_base64(iv))
        .zip(from_base64(encrypted))
        .and_then(|((key, iv), data)| open_cbc(&key, &iv, &data, 16))
        .ok_or(Error::Unverified(Refusal::Decrypt))?;
    let value: Value = serde_json::from_slice(&plain).map_err(|_| Error::Unverified(Refusal::Decrypt))?;
    match value.pointer("/watermark/appid") {
        Some(appid) if appid != account.appid.as_str() => Err(Error::Unverified(Refusal::OtherApp)),
        _ => Ok(value),
    }
}
