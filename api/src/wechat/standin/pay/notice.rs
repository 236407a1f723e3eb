//! Notifications: sealed once, signed anew for every try.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::answer::signature_headers;
use super::china_time;
use crate::wechat::standin::keys::seal_gcm;
use crate::wechat::standin::state::{Shared, State};

/// What the first try of a notification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FirstTry {
    Real,
    /// Carries a probe instead of a signature.
    Probe,
    /// Its body differs from what was signed.
    Tampered,
}

/// A notification on its way.
#[derive(Debug)]
pub(in crate::wechat::standin) struct Notice {
    url: String,
    body: String,
    first: FirstTry,
}

impl Notice {
    /// Encrypts `plain` with the key of the brand of `appid`; `None` if that key is not 32 bytes.
    pub(super) fn seal(
        state: &mut State,
        now: DateTime<Utc>,
        appid: &str,
        url: String,
        event_type: &str,
        original_type: &str,
        plain: &Value,
    ) -> Option<Self> {
        let id = state.next_id();
        let nonce = format!("{id:012}");
        let key = &state.brands.get(appid)?.api_v3_key;
        let ciphertext = seal_gcm(key, &nonce, original_type, &plain.to_string())?;
        let body = json!({
            "id": format!("EV-{id:032}"),
            "create_time": china_time(now),
            "resource_type": "encrypt-resource",
            "event_type": event_type,
            "summary": "stand-in",
            "resource": {
                "original_type": original_type,
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": ciphertext,
                "associated_data": original_type,
                "nonce": nonce,
            },
        });
        let first = match &state.switches {
            switches if switches.probe_first => FirstTry::Probe,
            switches if switches.tamper_first => FirstTry::Tampered,
            _ => FirstTry::Real,
        };
        Some(Self { url, body: body.to_string(), first })
    }

    /// Whether this try must be refused by whoever checks signatures.
    pub fn is_decoy(&self, tries: usize) -> bool {
        tries == 0 && self.first != FirstTry::Real
    }

    /// The request of the try after `tries` others.
    pub fn request(&self, shared: &Shared, http: &reqwest::Client, tries: usize) -> reqwest::RequestBuilder {
        let id = shared.lock().next_id();
        let probe = self.is_decoy(tries) && self.first == FirstTry::Probe;
        let mut request = http.post(&self.url).header("Content-Type", "application/json");
        for (name, value) in signature_headers(shared.now(), id, &self.body, probe) {
            request = request.header(name, value);
        }
        let mut body = self.body.clone();
        if self.is_decoy(tries) && self.first == FirstTry::Tampered {
            body = body.replace("stand-in", "stand-in ");
        }
        request.body(body)
    }
}
