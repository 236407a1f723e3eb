//! Platform certificates (WeChat Pay v3 docs: "Download platform certificates").

use chrono::{DateTime, Utc};
use rustls_pki_types::CertificateDer;
use secrecy::ExposeSecret;
use serde::Deserialize;
use webpki::EndEntityCert;

use super::key;
use crate::wechat::{Account, Error, Refusal, Result};

/// A key of WeChat Pay: whose signatures are believed, and for whom sensitive fields are encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlatformKey {
    /// `PUB_KEY_ID_…`, or a certificate's serial in upper-case hex.
    pub serial: String,
    /// X.509 SubjectPublicKeyInfo, DER.
    pub spki: Vec<u8>,
    pub effective_time: DateTime<Utc>,
    pub expire_time: DateTime<Utc>,
}

#[derive(Deserialize)]
struct List {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    serial_no: String,
    effective_time: DateTime<Utc>,
    expire_time: DateTime<Utc>,
    encrypt_certificate: Sealed,
}

#[derive(Deserialize)]
struct Sealed {
    algorithm: String,
    nonce: String,
    #[serde(default)]
    associated_data: String,
    ciphertext: String,
}

/// Opens the answer of `/v3/certificates`. What the APIv3 key opens comes from WeChat Pay, so the list can be read
/// before its signature is checked, which takes one of these very keys.
pub(super) fn open_list(account: &Account, body: &[u8]) -> Result<Vec<PlatformKey>> {
    let list: List =
        serde_json::from_slice(body).map_err(|_| Error::Malformed("the list of certificates lacks a field"))?;
    list.data.into_iter().map(|item| open_item(account, item)).collect()
}

fn open_item(account: &Account, item: Item) -> Result<PlatformKey> {
    let Sealed { algorithm, nonce, associated_data, ciphertext } = item.encrypt_certificate;
    if algorithm != "AEAD_AES_256_GCM" {
        return Err(Error::Malformed("a certificate is sealed with another cipher"));
    }
    let pem = key::open_gcm(account.api_v3_key.expose_secret(), &nonce, &associated_data, &ciphertext)
        .ok_or(Error::Unverified(Refusal::Decrypt))?;
    let (serial, spki) = std::str::from_utf8(&pem)
        .ok()
        .and_then(read_certificate)
        .ok_or(Error::Malformed("a certificate is not X.509 PEM"))?;
    if serial != item.serial_no {
        return Err(Error::Malformed("a certificate has another serial than its entry"));
    }
    Ok(PlatformKey { serial, spki, effective_time: item.effective_time, expire_time: item.expire_time })
}

/// The serial (upper-case hex) and the public key of a certificate. Its dates are not looked at: WeChat Pay's list
/// says from when to when it holds.
pub(super) fn read_certificate(pem: &str) -> Option<(String, Vec<u8>)> {
    let der = CertificateDer::from(key::pem_bytes(pem, "CERTIFICATE")?);
    let certificate = EndEntityCert::try_from(&der).ok()?;
    let serial = hex::encode_upper(certificate.serial());
    // A serial whose first bit is set is written with a zero byte in front.
    let serial = serial.strip_prefix("00").map_or(serial.clone(), str::to_owned);
    Some((serial, certificate.subject_public_key_info().as_ref().to_vec()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wechat::tests::vectors::{self, text};

    #[test]
    fn the_published_item_opens_to_the_published_certificate() {
        let case = &vectors::block("pay_java_sdk")["certificates_response_item"];
        let sealed = &case["encrypt_certificate"];
        let field = |name: &str| sealed[name].as_str().expect("a field");
        let account = vectors::account();
        let plain = key::open_gcm(
            account.api_v3_key.expose_secret(),
            field("nonce"),
            field("associated_data"),
            field("ciphertext"),
        );
        assert_eq!(plain.as_deref(), Some(text(case, "/plaintext_pem").as_bytes()));
        let mut item = case.clone();
        item["effective_time"] = json!("2018-03-26T11:39:50+08:00");
        item["expire_time"] = json!("2023-03-25T11:39:50+08:00");
        let body = json!({ "data": [item] }).to_string();
        let keys = open_list(&account, body.as_bytes()).expect("opens");
        assert_eq!(keys[0].serial, text(case, "/serial_no"));
        let mut other = account.clone();
        other.api_v3_key = "another-key-another-key-another-".into();
        assert_eq!(open_list(&other, body.as_bytes()), Err(Error::Unverified(Refusal::Decrypt)));
    }

    #[test]
    fn an_entry_that_names_another_certificate_is_refused() {
        let mut item = vectors::block("pay_java_sdk")["certificates_response_item"].clone();
        item["effective_time"] = json!("2018-03-26T11:39:50+08:00");
        item["expire_time"] = json!("2023-03-25T11:39:50+08:00");
        item["serial_no"] = json!("440024045C4A427599D09BB4E3DE0279F2E813FD");
        let body = json!({ "data": [item] }).to_string();
        assert!(matches!(open_list(&vectors::account(), body.as_bytes()), Err(Error::Malformed(_))));
    }

    #[test]
    fn the_published_certificates_hold_the_published_keys() {
        let keys = vectors::block("standin_keys");
        let (serial, spki) = read_certificate(text(&keys, "/platform/certificate_pem")).expect("a certificate");
        assert_eq!(serial, text(&keys, "/platform/serial"));
        assert_eq!(Some(spki), key::pem_bytes(text(&keys, "/platform/public_key_pem"), "PUBLIC KEY"));
        let (serial, spki) = read_certificate(text(&keys, "/merchant/certificate_pem")).expect("a certificate");
        assert_eq!(serial, text(&keys, "/merchant/serial"));
        let private = vectors::private_pem(&keys, "/merchant/private_key_pem_testing");
        let signature = key::sign(&key::private_key(&private).expect("a key"), b"x").expect("signed");
        assert!(key::verifies(&spki, b"x", &signature));
        let platform = vectors::private_pem(&keys, "/platform/private_key_pem_testing");
        let signature = key::sign(&key::private_key(&platform).expect("a key"), b"x").expect("signed");
        assert!(!key::verifies(&spki, b"x", &signature));
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        for pem in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "-----BEGIN CERTIFICATE-----"] {
            assert_eq!(read_certificate(pem), None, "{pem}");
        }
    }
}
