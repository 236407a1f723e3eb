//! Which key a signature is checked with: serial → key, over both of WeChat Pay's kinds.
//!
//! The account names one key, as a rule the WeChat Pay public key (`PUB_KEY_ID_…`, which never expires). Everything
//! signed under a certificate's serial is checked with the list of `/v3/certificates`, which is kept for twelve hours
//! at most. While a merchant is moved from certificates to the public key both kinds arrive, so neither switches the
//! other off.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};

use super::certificate::{self, PlatformKey, read_certificate};
use super::key;
use super::sign::Signed;
use super::verify::{SignatureHeaders, check_moment, check_signature};
use crate::wechat::{Account, Error, Refusal, Result, Wechat};

pub(super) const PUBLIC_KEY_PREFIX: &str = "PUB_KEY_ID_";
/// WeChat Pay asks for a look at the list at least this often.
const KEPT_FOR: Duration = Duration::hours(12);
/// A serial that was not in the list is not asked for again for this long, and no more than [`MAX_MISSES`] of them
/// are asked for at all: anybody can send us a serial.
const MISS_KEPT_FOR: Duration = Duration::minutes(1);
const MAX_MISSES: usize = 5;

#[derive(Debug, Default)]
struct Certificates {
    /// The list and when it was read.
    list: Option<(DateTime<Utc>, Vec<PlatformKey>)>,
    /// Serials lately not found, and when.
    misses: HashMap<String, DateTime<Utc>>,
}

type Slot = Arc<tokio::sync::Mutex<Certificates>>;

/// The lists of this process by merchant account; holding a slot's lock is what makes a fetch single-flight.
#[derive(Default)]
pub(in crate::wechat) struct PlatformKeys {
    slots: Mutex<HashMap<String, Slot>>,
}

impl fmt::Debug for PlatformKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlatformKeys")
    }
}

impl PlatformKeys {
    fn slot(&self, mchid: &str) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(mchid.to_owned()).or_default().clone()
    }
}

impl Certificates {
    fn fresh(&self, now: DateTime<Utc>) -> Option<&[PlatformKey]> {
        self.list.as_ref().filter(|(at, _)| now - *at < KEPT_FOR).map(|(_, keys)| keys.as_slice())
    }

    fn find(&self, now: DateTime<Utc>, serial: &str) -> Option<Vec<u8>> {
        self.fresh(now)?.iter().find(|key| key.serial == serial).map(|key| key.spki.clone())
    }

    /// Whether asking for this serial was in vain a moment ago, or too much was asked for.
    fn is_hopeless(&mut self, now: DateTime<Utc>, serial: &str) -> bool {
        self.misses.retain(|_, at| now - *at < MISS_KEPT_FOR);
        self.misses.contains_key(serial) || self.misses.len() >= MAX_MISSES
    }
}

/// The key the account names itself; `None` if it names none or another one.
pub(super) fn configured(account: &Account, serial: &str) -> Option<Result<Vec<u8>>> {
    if account.platform_key_id.is_empty() || account.platform_key_id != serial {
        return None;
    }
    let pem = &account.platform_public_key_pem;
    let spki = key::pem_bytes(pem, "PUBLIC KEY").or_else(|| read_certificate(pem).map(|(_, spki)| spki));
    Some(spki.ok_or(Error::Settings("the platform's key is neither a public key nor a certificate in PEM")))
}

impl Wechat {
    /// The key behind a serial. A certificate that is not in the list makes the list be read anew once, so a new one
    /// is taken the moment it signs; what is unknown then is refused.
    pub(super) async fn platform_key(&self, account: &Account, serial: &str) -> Result<Vec<u8>> {
        if let Some(key) = configured(account, serial) {
            return key;
        }
        let unknown = Error::Unverified(Refusal::UnknownSerial);
        let is_certificate = (1..=40).contains(&serial.len()) && serial.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_certificate {
            return Err(unknown);
        }
        let slot = self.platform_keys.slot(&account.mchid);
        let mut known = slot.lock().await;
        let now = self.clock.now();
        if let Some(key) = known.find(now, serial) {
            return Ok(key);
        }
        if known.is_hopeless(now, serial) {
            return Err(unknown);
        }
        known.list = Some((now, self.certificates(account).await?));
        known.find(now, serial).ok_or_else(|| {
            known.misses.insert(serial.to_owned(), now);
            unknown
        })
    }

    /// For whom a sensitive field is encrypted, by serial: the public key where there is one, else the certificate
    /// that took effect last.
    pub(super) async fn encryption_key(&self, account: &Account) -> Result<(String, Vec<u8>)> {
        let id = &account.platform_key_id;
        if id.starts_with(PUBLIC_KEY_PREFIX)
            && let Some(key) = configured(account, id)
        {
            return Ok((id.clone(), key?));
        }
        let slot = self.platform_keys.slot(&account.mchid);
        let mut known = slot.lock().await;
        let now = self.clock.now();
        if known.fresh(now).is_none() {
            known.list = Some((now, self.certificates(account).await?));
        }
        let valid = known.fresh(now).unwrap_or_default().iter();
        let valid = valid.filter(|key| key.effective_time <= now && now < key.expire_time);
        let newest = valid.max_by_key(|key| key.effective_time);
        let newest = newest.ok_or(Error::Settings("WeChat Pay lists no certificate and the account has no public key"));
        newest.map(|key| (key.serial.clone(), key.spki.clone()))
    }

    /// Reads `/v3/certificates`; empty for a merchant that has only the public key. The answer is signed with one of
    /// the keys it brings, or with the account's.
    async fn certificates(&self, account: &Account) -> Result<Vec<PlatformKey>> {
        let request = Signed { method: "GET", target: "/v3/certificates", body: "" };
        let answer = self.pay_send(account, &request, None).await?;
        if answer.status == 404 {
            return Ok(Vec::new());
        }
        if answer.status != 200 {
            return Err(super::exchange::failure(&answer));
        }
        let keys = certificate::open_list(account, &answer.body)?;
        let headers = SignatureHeaders::read(|name| answer.header(name))?;
        check_moment(self.clock.now(), &headers)?;
        let listed = || keys.iter().find(|key| key.serial == headers.serial).map(|key| Ok(key.spki.clone()));
        let key = configured(account, &headers.serial).or_else(listed);
        check_signature(&key.unwrap_or(Err(Error::Unverified(Refusal::UnknownSerial)))?, &headers, &answer.body)?;
        Ok(keys)
    }
}
