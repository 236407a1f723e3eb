//! Secrets at rest: AES-256-GCM under keys of the settings, each named by an id so that keys rotate.
//!
//! A member's personal data is sealed with a data key of her own, and only that key is wrapped by
//! a key of the settings: rotating rewraps 32 bytes a member, and dropping the data key shreds all
//! that was sealed with it, in backups too.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::id::random_bytes;
use crate::error::{Error, Result};

pub const KEY_LEN: usize = 32;

/// SHA-256, for tokens and input hashes.
pub fn sha256(data: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, data).as_ref().to_vec()
}

/// A random token: 256 bits as 43 characters of base64url.
pub fn random_token() -> String {
    use base64::Engine;
    let mut bytes = [0u8; 32];
    random_bytes(&mut bytes);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// One symmetric key.
pub struct Key(RandomizedNonceKey);

impl Key {
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        RandomizedNonceKey::new(&AES_256_GCM, bytes)
            .map(Key)
            .map_err(|_| anyhow::anyhow!("a key must be {KEY_LEN} bytes long").into())
    }

    /// Nonce, ciphertext and tag in one. `place` binds the result to where it is stored, so that a
    /// sealed value copied to another row does not open there.
    pub fn seal(&self, place: &Place, plain: &[u8]) -> Vec<u8> {
        let mut data = plain.to_vec();
        let nonce = self.0.seal_in_place_append_tag(place.aad(), &mut data).expect("under 64 GiB");
        [nonce.as_ref().as_slice(), &data].concat()
    }

    pub fn open(&self, place: &Place, sealed: &[u8]) -> Result<Vec<u8>> {
        let broken = || -> Error { anyhow::anyhow!("a sealed value of {} does not open", place.what).into() };
        let (nonce, data) = sealed.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let mut data = data.to_vec();
        let plain = self.0.open_in_place(nonce, place.aad(), &mut data).map_err(|_| broken())?;
        Ok(plain.to_vec())
    }

    pub fn seal_json(&self, place: &Place, value: &impl Serialize) -> Vec<u8> {
        self.seal(place, &serde_json::to_vec(value).expect("plain data serialises"))
    }

    pub fn open_json<T: DeserializeOwned>(&self, place: &Place, sealed: &[u8]) -> Result<T> {
        let plain = self.open(place, sealed)?;
        serde_json::from_slice(&plain)
            .map_err(|_| anyhow::anyhow!("a sealed value of {} has an unknown shape", place.what).into())
    }
}

/// Where a sealed value lives: what it is and whose.
pub struct Place {
    what: &'static str,
    owner: Uuid,
}

impl Place {
    pub fn new(what: &'static str, owner: Uuid) -> Self {
        Place { what, owner }
    }

    fn aad(&self) -> Aad<Vec<u8>> {
        Aad::from([self.what.as_bytes(), b"/", self.owner.as_bytes()].concat())
    }
}

/// The keys of the settings. New values are sealed with the current one.
#[derive(Clone)]
pub struct Keyring {
    current: String,
    keys: Arc<BTreeMap<String, Key>>,
}

impl Keyring {
    /// `keys` maps key ids to 32 bytes; `current` must be one of them.
    pub fn new(current: &str, keys: &BTreeMap<String, Vec<u8>>) -> Result<Self> {
        if !keys.contains_key(current) {
            return Err(anyhow::anyhow!("the current encryption key “{current}” is not among the keys").into());
        }
        let keys = keys.iter().map(|(id, bytes)| Ok((id.clone(), Key::from_bytes(bytes)?))).collect::<Result<_>>()?;
        Ok(Keyring { current: current.to_owned(), keys: Arc::new(keys) })
    }

    pub fn current_id(&self) -> &str {
        &self.current
    }

    pub fn current(&self) -> &Key {
        &self.keys[&self.current]
    }

    pub fn get(&self, id: &str) -> Result<&Key> {
        self.keys.get(id).ok_or_else(|| anyhow::anyhow!("encryption key “{id}” is not in the settings").into())
    }

    /// A new data key for `member`: the key itself and its wrapped form for the database.
    pub fn new_data_key(&self, member: Uuid) -> (Key, Vec<u8>) {
        let mut bytes = [0u8; KEY_LEN];
        random_bytes(&mut bytes);
        let wrapped = self.current().seal(&Place::new("data_key", member), &bytes);
        (Key::from_bytes(&bytes).expect("right length"), wrapped)
    }

    pub fn open_data_key(&self, member: Uuid, key_id: &str, wrapped: &[u8]) -> Result<Key> {
        Key::from_bytes(&self.get(key_id)?.open(&Place::new("data_key", member), wrapped)?)
    }

    /// The same data key wrapped by the current key of the settings.
    pub fn rewrap_data_key(&self, member: Uuid, key_id: &str, wrapped: &[u8]) -> Result<Vec<u8>> {
        let place = Place::new("data_key", member);
        Ok(self.current().seal(&place, &self.get(key_id)?.open(&place, wrapped)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(current: &str) -> Keyring {
        let keys = BTreeMap::from([("a".to_owned(), vec![1; 32]), ("b".to_owned(), vec![2; 32])]);
        Keyring::new(current, &keys).unwrap()
    }

    #[test]
    fn a_sealed_value_opens_only_where_it_was_sealed() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (key, _) = ring("a").new_data_key(one);
        let sealed = key.seal(&Place::new("phone", one), b"13800000000");
        assert_eq!(key.open(&Place::new("phone", one), &sealed).unwrap(), b"13800000000");
        assert!(key.open(&Place::new("phone", two), &sealed).is_err());
        assert!(key.open(&Place::new("address", one), &sealed).is_err());
        assert!(key.open(&Place::new("phone", one), &sealed[..20]).is_err());
    }

    #[test]
    fn rotation_rewraps_the_data_key_and_keeps_what_it_sealed() {
        let member = Uuid::from_u128(7);
        let (key, wrapped) = ring("a").new_data_key(member);
        let sealed = key.seal(&Place::new("phone", member), b"x");
        let rewrapped = ring("b").rewrap_data_key(member, "a", &wrapped).unwrap();
        let key = ring("b").open_data_key(member, "b", &rewrapped).unwrap();
        assert_eq!(key.open(&Place::new("phone", member), &sealed).unwrap(), b"x");
        assert!(ring("b").open_data_key(member, "a", &rewrapped).is_err());
    }
}
