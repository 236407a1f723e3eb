//! Message push as WeChat sends it: plain or encrypted JSON with a signed query.

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::model::{PushMode, StandinBrand};
use super::outbox::Task;
use super::state::State;
use crate::wechat::crypto::{from_base64, sorted_sha1, to_base64};

/// Who sends events that no user causes.
const PLATFORM_SENDER: &str = "o_platform_sender";

/// A push ready to be posted; repetitions post the very same.
#[derive(Debug)]
pub(in crate::wechat::standin) struct Envelope {
    url: String,
    query: Vec<(&'static str, String)>,
    body: String,
}

impl Envelope {
    pub fn request(&self, http: &reqwest::Client) -> reqwest::RequestBuilder {
        http.post(&self.url).query(&self.query).header("Content-Type", "application/json").body(self.body.clone())
    }
}

impl State {
    /// Queues the event `kind` for the brand's callback, with `fields` beside the usual head.
    pub fn push_event(&mut self, now: DateTime<Utc>, appid: &str, sender: Option<&str>, kind: &str, fields: Value) {
        let nonce = self.next_id().to_string();
        let Some(brand) = self.brands.get(appid) else { return };
        let Some(url) = brand.push_url.clone() else { return };
        let mut message = json!({
            "ToUserName": format!("gh_{}", appid.trim_start_matches("wx")),
            "FromUserName": sender.unwrap_or(PLATFORM_SENDER),
            "CreateTime": now.timestamp(),
            "MsgType": "event",
            "Event": kind,
        });
        if let (Some(message), Value::Object(fields)) = (message.as_object_mut(), fields) {
            message.extend(fields);
        }
        let timestamp = now.timestamp().to_string();
        let signature = sorted_sha1(&mut [&brand.push_token, &timestamp, &nonce]);
        let mut query = vec![("signature", signature)];
        let body = match brand.push_mode {
            PushMode::Plain => message.to_string(),
            PushMode::Secure => {
                let Some(encrypted) = encrypt(brand, &message.to_string(), &nonce) else { return };
                let signature = sorted_sha1(&mut [&brand.push_token, &timestamp, &nonce, &encrypted]);
                query.extend([("encrypt_type", "aes".to_owned()), ("msg_signature", signature)]);
                json!({ "ToUserName": message["ToUserName"], "Encrypt": encrypted }).to_string()
            }
        };
        query.extend([("timestamp", timestamp), ("nonce", nonce)]);
        self.queue_callback(now, kind, Task::Push(Envelope { url, query, body }.into()));
    }
}

/// AES-256-CBC of 16 salt bytes ‖ length ‖ message ‖ appid, padded to 32.
fn encrypt(brand: &StandinBrand, message: &str, salt: &str) -> Option<String> {
    let key = from_base64(&format!("{}=", brand.push_aes_key)).filter(|key| key.len() == 32)?;
    let length = u32::try_from(message.len()).ok()?.to_be_bytes();
    let salt = format!("{salt:0>16}");
    let mut plain = [&salt.as_bytes()[salt.len() - 16..], &length, message.as_bytes(), brand.appid.as_bytes()].concat();
    let pad = 32 - plain.len() % 32;
    plain.resize(plain.len() + pad, pad as u8);
    let cipher = cbc::Encryptor::<aes::Aes256>::new_from_slices(&key, &key[..16]).ok()?;
    Some(to_base64(&cipher.encrypt_padded_vec::<NoPadding>(&plain)))
}
