//! Notifications: sealed once, signed anew for every try.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::answer::{Signature, signature_headers};
use super::china_time;
use crate::wechat::standin::keys::seal_gcm;
use crate::wechat::standin::model::CallbackFault;
use crate::wechat::standin::outbox::Task;
use crate::wechat::standin::state::{Shared, State};

/// What the first try of a notification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FirstTry {
    Signed(Signature),
    /// Its body differs from what was signed.
    Tampered,
}

const REAL: FirstTry = FirstTry::Signed(Signature::Real);

/// A notification on its way.
#[derive(Debug)]
pub(in crate::wechat::standin) struct Notice {
    url: String,
    mchid: String,
    body: String,
    first: FirstTry,
}

/// What a notification is about: its event type, its original type and its content.
pub(super) struct Report<'a> {
    pub event_type: &'static str,
    pub original_type: &'static str,
    pub plain: &'a Value,
}

impl State {
    /// Seals a report with the key of the brand of `appid` and queues it. Nothing happens without an address.
    pub(super) fn notify(&mut self, now: DateTime<Utc>, appid: &str, url: &str, report: &Report<'_>) {
        let event_type = report.event_type;
        if url.is_empty() {
            return;
        }
        if let Some(notice) = Notice::seal(self, now, appid, url, report) {
            self.queue_callback(now, event_type, Task::Notice(notice.into()));
        }
    }
}

impl Notice {
    /// `None` if the brand's key is not 32 bytes.
    fn seal(state: &mut State, now: DateTime<Utc>, appid: &str, url: &str, report: &Report<'_>) -> Option<Self> {
        let Report { event_type, original_type, plain } = report;
        let id = state.next_id();
        let nonce = format!("{id:012}");
        let brand = state.brands.get(appid)?;
        let mchid = brand.mchid.clone();
        let ciphertext = seal_gcm(&brand.api_v3_key, &nonce, original_type, &plain.to_string())?;
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
        let first = match state.take_callback_fault(event_type, CallbackFault::is_of_signature) {
            Some(CallbackFault::Probe) => FirstTry::Signed(Signature::Probe),
            Some(CallbackFault::WrongKey) => FirstTry::Signed(Signature::WrongKey),
            Some(_) => FirstTry::Tampered,
            None if state.switches.probe_first => FirstTry::Signed(Signature::Probe),
            None if state.switches.tamper_first => FirstTry::Tampered,
            None => REAL,
        };
        Some(Self { url: url.to_owned(), mchid, body: body.to_string(), first })
    }

    /// Whether this try must be refused by whoever checks signatures.
    pub fn is_decoy(&self, tries: usize) -> bool {
        tries == 0 && self.first != REAL
    }

    /// The request of the try after `tries` others.
    pub fn request(&self, shared: &Shared, http: &reqwest::Client, tries: usize) -> reqwest::RequestBuilder {
        let mut state = shared.lock();
        let id = state.next_id();
        state.notices += 1;
        let signer = state.signer(&self.mchid, None, state.notices);
        drop(state);
        let how = match self.first {
            FirstTry::Signed(how) if tries == 0 => how,
            _ => Signature::Real,
        };
        let mut request = http.post(&self.url).header("Content-Type", "application/json");
        for (name, value) in signature_headers(signer, shared.now(), id, &self.body, how) {
            request = request.header(name, value);
        }
        let mut body = self.body.clone();
        if tries == 0 && self.first == FirstTry::Tampered {
            body = body.replace("stand-in", "stand-in ");
        }
        request.body(body)
    }
}
