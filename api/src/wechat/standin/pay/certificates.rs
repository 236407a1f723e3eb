//! Which keys the platform uses for a merchant, and the list of certificates.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{Answer, Refused, china_time};
use crate::wechat::standin::keys::{Signer, certificates, public_key, seal_gcm};
use crate::wechat::standin::model::{KeyMode, StandinBrand};
use crate::wechat::standin::state::State;

/// How long a certificate holds in the list.
const HALF_LIFE: Duration = Duration::days(900);

/// How far a merchant's certificates have followed each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::wechat::standin) struct Rotation {
    /// The second certificate is there and signs.
    pub rotated: bool,
    /// The first one is gone.
    pub retired: bool,
}

impl State {
    /// The merchant's certificates, the one that signs last.
    fn certificates_of(&self, mchid: &str) -> Vec<&'static Signer> {
        let [first, second] = certificates();
        let rotation = self.rotations.get(mchid).copied().unwrap_or_default();
        match (rotation.rotated, rotation.retired) {
            (false, _) => vec![first],
            (true, false) => vec![first, second],
            (true, true) => vec![second],
        }
    }

    fn mode_of(&self, mchid: &str) -> KeyMode {
        self.brands.values().find(|brand| brand.mchid == mchid).map_or(KeyMode::PublicKey, |brand| brand.key_mode)
    }

    /// All keys that are good for the merchant.
    pub fn signers(&self, mchid: &str) -> Vec<&'static Signer> {
        match self.mode_of(mchid) {
            KeyMode::PublicKey => vec![public_key()],
            KeyMode::Certificate => self.certificates_of(mchid),
            KeyMode::Switching => [public_key()].into_iter().chain(self.certificates_of(mchid)).collect(),
        }
    }

    /// Who signs: whom the request asks for, else the newest; while switching, the kinds take turns by the `turn`.
    pub fn signer(&self, mchid: &str, asked: Option<&str>, turn: u64) -> &'static Signer {
        let signers = self.signers(mchid);
        if let Some(signer) = signers.iter().find(|signer| Some(signer.serial.as_str()) == asked) {
            return signer;
        }
        let is_public_keys_turn = self.mode_of(mchid) == KeyMode::Switching && turn.is_multiple_of(2);
        if is_public_keys_turn { public_key() } else { signers.last().copied().unwrap_or(public_key()) }
    }

    pub(super) fn list_certificates(&mut self, now: DateTime<Utc>, brand: &StandinBrand) -> Answer {
        if brand.key_mode == KeyMode::PublicKey {
            return Err(Refused(
                404,
                "RESOURCE_NOT_EXISTS",
                "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥",
            ));
        }
        let signers = self.certificates_of(&brand.mchid);
        let items = signers.into_iter().map(|signer| self.item(now, brand, signer)).collect::<Option<Vec<Value>>>();
        let items = items.ok_or(Refused(500, "SYSTEM_ERROR", "系统异常，请稍后重试"))?;
        Ok((200, json!({ "data": items })))
    }

    fn item(&mut self, now: DateTime<Utc>, brand: &StandinBrand, signer: &Signer) -> Option<Value> {
        let nonce = format!("{:012}", self.next_id());
        let ciphertext = seal_gcm(&brand.api_v3_key, &nonce, "certificate", &signer.certificate_pem)?;
        let is_second = signer.serial == certificates()[1].serial;
        let effective = now - if is_second { Duration::days(1) } else { HALF_LIFE };
        Some(json!({
            "serial_no": signer.serial,
            "effective_time": china_time(effective),
            "expire_time": china_time(now + HALF_LIFE),
            "encrypt_certificate": {
                "algorithm": "AEAD_AES_256_GCM",
                "nonce": nonce,
                "associated_data": "certificate",
                "ciphertext": ciphertext,
            },
        }))
    }
}
