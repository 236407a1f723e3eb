//! Cursors of a factory's lists: opaque, and good for that factory's list only.

use async_graphql::connection::CursorType;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::error::{Error, Fault, Result};

/// Which of a factory's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FactoryList {
    Feed = 1,
    Batches = 2,
}

/// A place in one of a factory's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactoryCursor {
    list: u8,
    factory_id: Uuid,
    place: u128,
}

impl FactoryCursor {
    pub fn new(list: FactoryList, factory_id: Uuid, place: u128) -> Self {
        FactoryCursor { list: list as u8, factory_id, place }
    }

    /// The place in `text`; `BAD_CURSOR` for a cursor of another factory or list.
    pub fn open(list: FactoryList, factory_id: Uuid, text: Option<&str>) -> Result<Option<u128>> {
        let Some(text) = text else { return Ok(None) };
        let cursor = FactoryCursor::decode_cursor(text)?;
        if cursor.list == list as u8 && cursor.factory_id == factory_id {
            return Ok(Some(cursor.place));
        }
        Err(Fault::BadCursor.into())
    }
}

impl CursorType for FactoryCursor {
    type Error = Error;

    fn decode_cursor(text: &str) -> Result<Self> {
        let read = || {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            let (list, rest) = bytes.split_first()?;
            let (factory, place) = rest.split_at_checked(16)?;
            Some(FactoryCursor {
                list: *list,
                factory_id: Uuid::from_slice(factory).ok()?,
                place: u128::from_be_bytes(place.try_into().ok()?),
            })
        };
        read().ok_or(Fault::BadCursor.into())
    }

    fn encode_cursor(&self) -> String {
        URL_SAFE_NO_PAD.encode([&[self.list][..], self.factory_id.as_bytes(), &self.place.to_be_bytes()].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_in_the_list_and_for_the_factory_it_came_from() {
        let (me, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let text = FactoryCursor::new(FactoryList::Feed, me, 42).encode_cursor();
        assert_eq!(FactoryCursor::open(FactoryList::Feed, me, Some(&text)).unwrap(), Some(42));
        assert!(FactoryCursor::open(FactoryList::Feed, other, Some(&text)).is_err());
        assert!(FactoryCursor::open(FactoryList::Batches, me, Some(&text)).is_err());
        assert!(FactoryCursor::open(FactoryList::Feed, me, Some("AAAA")).is_err());
        assert_eq!(FactoryCursor::open(FactoryList::Feed, me, None).unwrap(), None);
    }
}
