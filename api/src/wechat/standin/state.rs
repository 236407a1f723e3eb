//! Everything the stand-in remembers, behind one lock.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use super::app::{Code, ShippingEntry, Token};
use super::faults::Dice;
use super::model::{CallbackFault, Fault, ScriptedRefusal, SentMessage, StandinBrand, Switches, Trigger};
use super::outbox::Job;
use super::pay::{Download, Order, RefundEntry, Rotation, TransferEntry, Withdrawal};
use crate::base::clock::Clock;
use crate::wechat::Suggest;

/// What server, dispatcher and handles share.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    pub clock: Clock,
    /// Something may be due.
    pub wake: Notify,
    /// A delivery has ended.
    pub done: Notify,
}

impl Shared {
    pub fn new(clock: Clock) -> Self {
        Self { state: Mutex::new(State::new()), clock, wake: Notify::new(), done: Notify::new() }
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

/// Two-part keys are (appid or mchid, openid or number).
#[derive(Debug)]
pub(super) struct State {
    pub brands: BTreeMap<String, StandinBrand>,
    pub codes: HashMap<String, Code>,
    pub tokens: HashMap<String, Vec<Token>>,
    /// When the user last logged in.
    pub logins: HashMap<(String, String), DateTime<Utc>>,
    pub users: BTreeSet<(String, String)>,
    /// (appid, openid, template id) to messages the user still accepts.
    pub grants: HashMap<(String, String, String), u32>,
    pub sent: Vec<SentMessage>,
    pub triggers: Vec<Trigger>,
    pub media_verdict: Suggest,
    pub orders: BTreeMap<(String, String), Order>,
    /// Numbers that were closed before they were ordered.
    pub spoiled: BTreeSet<(String, String)>,
    pub refunds: BTreeMap<(String, String), RefundEntry>,
    pub transfers: BTreeMap<(String, String), TransferEntry>,
    /// What shipping knows, by transaction id.
    pub shipments: BTreeMap<String, ShippingEntry>,
    /// Dates declared for payments, by transaction id.
    pub declared: BTreeMap<String, DateTime<Utc>>,
    /// What merchant accounts began with; the others' money is not counted.
    pub balances: BTreeMap<String, i64>,
    pub withdrawals: Vec<Withdrawal>,
    pub rotations: BTreeMap<String, Rotation>,
    pub downloads: HashMap<String, Download>,
    pub faults: Vec<(String, Fault)>,
    pub refusals: Vec<(String, ScriptedRefusal)>,
    pub chaos: Vec<(String, Dice, i64)>,
    /// Event prefix, what becomes of it, and how often still.
    pub callback_faults: Vec<(String, CallbackFault, u32)>,
    pub dice: Dice,
    /// Notifications sent so far.
    pub notices: u64,
    pub switches: Switches,
    /// Calls so far by path.
    pub calls: HashMap<String, u32>,
    pub jobs: Vec<Job>,
    /// Jobs taken out and not yet finished.
    pub in_flight: usize,
    last_id: u64,
}

impl State {
    fn new() -> Self {
        let trigger = |part: &str, suggest| Trigger { part: part.to_owned(), suggest };
        Self {
            brands: BTreeMap::new(),
            codes: HashMap::new(),
            tokens: HashMap::new(),
            logins: HashMap::new(),
            users: BTreeSet::new(),
            grants: HashMap::new(),
            sent: Vec::new(),
            triggers: vec![trigger("违规", Suggest::Risky), trigger("存疑", Suggest::Review)],
            media_verdict: Suggest::Pass,
            orders: BTreeMap::new(),
            spoiled: BTreeSet::new(),
            refunds: BTreeMap::new(),
            transfers: BTreeMap::new(),
            shipments: BTreeMap::new(),
            declared: BTreeMap::new(),
            balances: BTreeMap::new(),
            withdrawals: Vec::new(),
            rotations: BTreeMap::new(),
            downloads: HashMap::new(),
            faults: Vec::new(),
            refusals: Vec::new(),
            chaos: Vec::new(),
            callback_faults: Vec::new(),
            dice: Dice(1),
            notices: 0,
            switches: Switches::default(),
            calls: HashMap::new(),
            jobs: Vec::new(),
            in_flight: 0,
            last_id: 0,
        }
    }

    /// A number never given out before by this stand-in.
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The worst advice among the triggers found in `text`.
    pub fn advice(&self, text: &str) -> Option<Suggest> {
        self.triggers.iter().filter(|trigger| text.contains(&trigger.part)).map(|trigger| trigger.suggest).max()
    }
}
