//! From an HTTP call that claims to be WeChat's to events that are.

use secrecy::ExposeSecret;

use super::{Push, PushEvent, PushQuery, body, event};
use crate::wechat::crypto::{from_base64, open_cbc, same, sorted_sha1};
use crate::wechat::{Account, Error, Refusal, Result};

/// Message push pads AES-CBC to this many bytes, twice the cipher's block.
const PAD_BLOCK: usize = 32;
/// Random bytes and the length before the message.
const HEAD: usize = 16 + 4;

/// Answers the check WeChat makes when the URL is saved: the text to send back, unchanged.
pub fn verify_url(account: &Account, query: &PushQuery) -> Result<String> {
    check_plain(account, query)?;
    Ok(query.echostr.clone())
}

/// Opens one delivery in plain or secure mode, JSON or XML, after checking that WeChat sent it and that it is for
/// this account's app. One message may hold several events.
pub fn open_push(account: &Account, query: &PushQuery, raw: &[u8]) -> Result<Vec<Push>> {
    let outer = body::parse(raw)?;
    let encrypted = body::text(&outer, "Encrypt");
    if encrypted.is_empty() {
        if account.push_aes_key.is_some() {
            return Err(Error::Unverified(Refusal::PlainMode));
        }
        check_plain(account, query)?;
        return event::read(account, &outer);
    }
    let token = account.push_token.expose_secret();
    let expected = sorted_sha1(&mut [token, &query.timestamp, &query.nonce, &encrypted]);
    if !same(&expected, &query.msg_signature) {
        return Err(Error::Unverified(Refusal::Signature));
    }
    let message = decrypt(account, &encrypted)?;
    event::read(account, &body::parse(&message)?)
}

fn check_plain(account: &Account, query: &PushQuery) -> Result<()> {
    let expected = sorted_sha1(&mut [account.push_token.expose_secret(), &query.timestamp, &query.nonce]);
    if same(&expected, &query.signature) { Ok(()) } else { Err(Error::Unverified(Refusal::Signature)) }
}

/// Whether an opened event may be acted on.
///
/// In plain mode WeChat signs the token, the time and the nonce but not the body (WeChat docs: message
/// push, verifying the sender), so whoever has seen one signed query can put any body under it until
/// it is stale. What takes a person's data away, passes content or frees money is therefore believed in secure mode
/// only, where the signature covers the body and the body is sealed.
pub fn is_credible(account: &Account, event: &PushEvent) -> bool {
    let is_secure = account.push_aes_key.is_some();
    match event {
        PushEvent::MediaVerdict { .. }
        | PushEvent::Settlement { .. }
        | PushEvent::UserInfoModified { .. }
        | PushEvent::AuthorizationRevoke { .. }
        | PushEvent::AuthorizationCancellation { .. } => is_secure,
        PushEvent::SubscribePopup { .. }
        | PushEvent::SubscribeChange { .. }
        | PushEvent::SubscribeSent { .. }
        | PushEvent::ShippingReminder(_)
        | PushEvent::TradeControlled { .. }
        | PushEvent::TradeManage { .. }
        | PushEvent::Other { .. } => true,
    }
}

/// AES-256-CBC of random(16) ‖ length (u32, big-endian) ‖ message ‖ appid.
fn decrypt(account: &Account, encrypted: &str) -> Result<Vec<u8>> {
    let key = account
        .push_aes_key
        .as_ref()
        .and_then(|key| from_base64(&format!("{}=", key.expose_secret())))
        .filter(|key| key.len() == 32)
        .ok_or(Error::Settings("the push AES key is missing or not 43 letters and digits"))?;
    let plain = from_base64(encrypted)
        .and_then(|data| open_cbc(&key, &key[..16], &data, PAD_BLOCK))
        .filter(|plain| plain.len() > HEAD)
        .ok_or(Error::Unverified(Refusal::Decrypt))?;
    let (head, rest) = plain.split_at(HEAD);
    let length = head[16..].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    let (message, appid) = rest.split_at_checked(length).ok_or(Error::Unverified(Refusal::Decrypt))?;
    if appid != account.appid.as_bytes() {
        return Err(Error::Unverified(Refusal::OtherApp));
    }
    Ok(message.to_vec())
}
