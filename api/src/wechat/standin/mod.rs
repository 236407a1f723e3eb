//! WeChat on loopback: the same protocols, with fake users and money and faults on demand.
//!
//! It keeps everything in memory and judges time by the clock it was given, so a fake clock makes weeks pass at
//! once: move the clock, call [`Standin::tick`], await [`Standin::settle`]. The controls also listen under
//! `POST /_standin/<name>`.
mod app;
mod control;
mod control_money;
mod drive;
mod faults;
mod keys;
mod model;
mod money;
mod outbox;
mod pay;
mod push;
mod server;
mod state;
mod switches;

use std::sync::Arc;

use actix_web::dev::ServerHandle;

pub use keys::{certificate_account, test_account};
pub use model::{
    BillTrick, BookedRefund, BookedTransaction, BookedTransfer, Books, CallbackFault, Chaos, Fault, FaultKind, KeyMode,
    PayFailure, PushMode, ScriptedRefusal, SentMessage, StandinBrand, Switches, TransferFailure,
};

use super::Suggest;
use super::pay::PayParams;
use crate::base::clock::Clock;
use state::Shared;

/// A running stand-in; the last handle's end stops it.
#[derive(Clone)]
pub struct Standin {
    shared: Arc<Shared>,
    server: Arc<Server>,
}

struct Server {
    handle: ServerHandle,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        // The command is sent at once; the future would only wait for the end.
        drop(self.handle.stop(false));
    }
}

impl Standin {
    /// Listens on 127.0.0.1, `port` 0 for any free one. Works inside and outside of any runtime.
    pub fn start(clock: Clock, port: u16) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared::new(clock));
        let (handle, port) = server::start(shared.clone(), port)?;
        Ok(Self { shared, server: Arc::new(Server { handle, port }) })
    }

    /// What `api_base` and `pay_base` are set to.
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port)
    }

    /// Stops accepting and cuts what is open.
    pub async fn stop(&self) {
        self.server.handle.stop(false).await;
    }

    /// Makes a brand known, or replaces what was known of its appid.
    pub fn register(&self, brand: StandinBrand) {
        self.shared.register(brand);
    }

    /// What `wx.login` would give this user now.
    pub fn login_code(&self, appid: &str, openid: &str) -> String {
        self.shared.login_code(appid, openid)
    }

    /// What the `getPhoneNumber` button would give; `phone` is a mainland number.
    pub fn phone_code(&self, appid: &str, openid: &str, phone: &str) -> String {
        self.shared.phone_code(appid, openid, phone)
    }

    /// The user accepts one message of the template; the brand's callback hears of it.
    pub fn accept_subscribe(&self, appid: &str, openid: &str, template_id: &str) {
        self.shared.accept_subscribe(appid, openid, template_id);
    }

    /// The user confirms the payment in WeChat; returns the transaction id. The notification goes out by itself.
    pub fn pay(&self, params: &PayParams, openid: &str) -> Result<String, PayFailure> {
        self.shared.pay(params, openid)
    }

    /// Delivers whatever has become due by the clock, in the background.
    pub fn tick(&self) {
        self.shared.wake.notify_one();
    }

    /// Waits until nothing is due and no callback is on its way.
    pub async fn settle(&self) {
        outbox::settle(&self.shared).await;
    }

    /// The subscribe messages that reached users of the app, oldest first.
    pub fn sent_messages(&self, appid: &str) -> Vec<SentMessage> {
        self.shared.sent_messages(appid)
    }

    /// Every order and refund of the merchant account, by number.
    pub fn books(&self, mchid: &str) -> Books {
        self.shared.books(mchid)
    }

    /// Makes the next calls of paths that start with `path` go wrong. Several faults are taken in order.
    pub fn set_fault(&self, path: &str, fault: Fault) {
        self.shared.set_fault(path, fault);
    }

    /// Decides how callbacks travel and how refunds end from now on.
    pub fn set_switches(&self, switches: Switches) {
        self.shared.lock().switches = switches;
    }

    /// Texts and media addresses that contain `part` get this advice; the worst match counts.
    pub fn set_verdict(&self, part: &str, suggest: Suggest) {
        self.shared.set_verdict(part, suggest);
    }

    /// The advice on media that match no part; `Pass` unless told.
    pub fn set_media_verdict(&self, suggest: Suggest) {
        self.shared.lock().media_verdict = suggest;
    }

    /// Forgets the app's access tokens, as when a secret was reset.
    pub fn revoke_tokens(&self, appid: &str) {
        self.shared.lock().tokens.remove(appid);
    }

    /// How often exactly this path was called.
    pub fn calls(&self, path: &str) -> u32 {
        self.shared.lock().calls.get(path).copied().unwrap_or_default()
    }
}
