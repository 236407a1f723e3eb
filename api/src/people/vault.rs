//! A member's personal data at rest: everything is sealed with a data key of her own, made at her
//! first sign-in. Dropping that key makes all of it unreadable at once, copies in orders included.

use entity::{address, member};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::mask;
use crate::app::App;
use crate::base::crypto::{Key, Keyring, Place};
use crate::error::{Error, Result};

/// The data key of a member. `NOT_FOUND` for an unknown member and for one whose key is shredded.
pub async fn data_key(app: &App, db: &impl ConnectionTrait, brand_id: Uuid, member_id: Uuid) -> Result<Key> {
    type Wrapped = (Option<Vec<u8>>, Option<String>);
    let found: Option<Wrapped> = member::Entity::find_by_id((brand_id, member_id))
        .select_only()
        .columns([member::Column::DataKey, member::Column::KeyId])
        .into_tuple()
        .one(db)
        .await?;
    match found {
        Some((Some(wrapped), Some(key_id))) => app.keyring.open_data_key(member_id, &key_id, &wrapped),
        _ => Err(Error::not_found("member")),
    }
}

/// The data key in a member's row that is already loaded.
pub fn data_key_of(keyring: &Keyring, member: &member::Model) -> Result<Key> {
    match (&member.data_key, &member.key_id) {
        (Some(wrapped), Some(key_id)) => keyring.open_data_key(member.id, key_id, wrapped),
        _ => Err(Error::not_found("member")),
    }
}

pub(super) fn session_key_place(member_id: Uuid) -> Place {
    Place::new("member.session_key", member_id)
}

pub(super) fn phone_place(member_id: Uuid) -> Place {
    Place::new("member.phone", member_id)
}

pub(super) fn profile_place(member_id: Uuid) -> Place {
    Place::new("need_profile", member_id)
}

/// A postal address in full. No `Debug`: it must not reach a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostalAddress {
    pub recipient: String,
    /// Eleven digits for mainland China, `+` and the country code elsewhere.
    pub phone: String,
    pub province: String,
    pub city: String,
    pub district: String,
    pub street: String,
}

impl PostalAddress {
    pub fn recipient_masked(&self) -> String {
        mask::name(&self.recipient)
    }

    pub fn phone_masked(&self) -> String {
        mask::phone(&self.phone)
    }

    /// Province, city and district; a city that is its own province is not said twice.
    pub fn region(&self) -> String {
        let mut parts = vec![&*self.province, &*self.city, &*self.district];
        parts.dedup();
        parts.retain(|part| !part.is_empty());
        parts.join(" ")
    }
}

/// Where a sealed address is stored; it opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressIn {
    /// An entry of the address book, by its id.
    Book(Uuid),
    /// An order, by its id.
    Order(Uuid),
}

impl AddressIn {
    fn place(self) -> Place {
        match self {
            AddressIn::Book(id) => Place::new("address", id),
            AddressIn::Order(id) => Place::new("order.address", id),
        }
    }
}

/// An address as a row keeps it: sealed, with what may be shown of it.
#[derive(Clone, Debug)]
pub struct SealedAddress {
    pub sealed: Vec<u8>,
    pub recipient_masked: String,
    pub phone_masked: String,
    pub region: String,
}

pub fn seal_address(key: &Key, at: AddressIn, address: &PostalAddress) -> SealedAddress {
    SealedAddress {
        sealed: key.seal_json(&at.place(), address),
        recipient_masked: address.recipient_masked(),
        phone_masked: address.phone_masked(),
        region: address.region(),
    }
}

pub fn open_address(key: &Key, at: AddressIn, sealed: &[u8]) -> Result<PostalAddress> {
    key.open_json(&at.place(), sealed)
}

/// Copies an entry of the member's own address book for storing in `to`. `NOT_FOUND` for an entry of
/// anyone else, a removed one and an unknown one alike. Two statements.
pub async fn copy_address(
    app: &App,
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    member_id: Uuid,
    address_id: Uuid,
    to: AddressIn,
) -> Result<SealedAddress> {
    let entry = address::Entity::find_by_id((brand_id, address_id))
        .filter(address::Column::MemberId.eq(member_id))
        .filter(address::Column::DeletedAt.is_null())
        .one(db)
        .await?
        .ok_or_else(|| Error::not_found("address"))?;
    let key = data_key(app, db, brand_id, member_id).await?;
    reseal_address(&key, AddressIn::Book(address_id), &entry.sealed, to)
}

/// Seals an address anew for storing in `to`.
pub fn reseal_address(key: &Key, from: AddressIn, sealed: &[u8], to: AddressIn) -> Result<SealedAddress> {
    Ok(seal_address(key, to, &open_address(key, from, sealed)?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn home() -> PostalAddress {
        PostalAddress {
            recipient: "王小花".into(),
            phone: "13812345678".into(),
            province: "上海市".into(),
            city: "上海市".into(),
            district: "徐汇区".into(),
            street: "漕溪北路 1 号".into(),
        }
    }

    #[test]
    fn a_sealed_address_shows_only_masks_and_opens_only_where_it_is_stored() {
        let ring = Keyring::new("a", &BTreeMap::from([("a".to_owned(), vec![7; 32])])).unwrap();
        let (key, _) = ring.new_data_key(Uuid::from_u128(1));
        let book = AddressIn::Book(Uuid::from_u128(2));
        let sealed = seal_address(&key, book, &home());
        assert_eq!((&*sealed.recipient_masked, &*sealed.phone_masked), ("王*花", "138******78"));
        assert_eq!(sealed.region, "上海市 徐汇区");
        assert!(open_address(&key, book, &sealed.sealed).unwrap() == home());
        assert!(open_address(&key, AddressIn::Order(Uuid::from_u128(2)), &sealed.sealed).is_err());
        assert!(open_address(&key, AddressIn::Book(Uuid::from_u128(3)), &sealed.sealed).is_err());
    }
}
