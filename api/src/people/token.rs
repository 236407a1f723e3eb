//! Bearer tokens: opaque, random, stored hashed. They name the brand (or factory), so that the look-up
//! is led by it, and nothing else.

use uuid::Uuid;

use crate::base::crypto::{random_token, sha256};

const SESSION: &str = "sbs";
const REFRESH: &str = "sbr";
const FACTORY: &str = "sbf";

/// A token read from a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Token {
    /// A member's or staff's access token.
    Session {
        brand_id: Uuid,
        hash: Vec<u8>,
    },
    Factory {
        factory_id: Uuid,
        key_id: Uuid,
        hash: Vec<u8>,
    },
}

/// A fresh access token (`sbs.…`) of a session and its hash.
pub fn new_session(brand_id: Uuid) -> (String, Vec<u8>) {
    new(format!("{SESSION}.{}", brand_id.simple()))
}

/// A fresh refresh token (`sbr.…`) and its hash.
pub fn new_refresh(brand_id: Uuid) -> (String, Vec<u8>) {
    new(format!("{REFRESH}.{}", brand_id.simple()))
}

/// A fresh factory API key (`sbf.…`) and its hash.
pub fn new_factory_key(factory_id: Uuid, key_id: Uuid) -> (String, Vec<u8>) {
    new(format!("{FACTORY}.{}.{}", factory_id.simple(), key_id.simple()))
}

fn new(head: String) -> (String, Vec<u8>) {
    let token = format!("{head}.{}", random_token());
    let hash = sha256(token.as_bytes());
    (token, hash)
}

/// Reads the token of an `Authorization: Bearer` header; `None` when it has none of the shapes.
pub fn read(text: &str) -> Option<Token> {
    if text.len() > 200 {
        return None;
    }
    let hash = sha256(text.as_bytes());
    let parts: Vec<&str> = text.split('.').collect();
    match parts.as_slice() {
        [SESSION, brand, _] => Some(Token::Session { brand_id: brand.parse().ok()?, hash }),
        [FACTORY, factory, key, _] => {
            Some(Token::Factory { factory_id: factory.parse().ok()?, key_id: key.parse().ok()?, hash })
        }
        _ => None,
    }
}

/// The brand that an access token of a session names; whether it opens anything is not looked at.
pub fn brand(text: &str) -> Option<Uuid> {
    let (brand, _) = text.strip_prefix(SESSION)?.strip_prefix('.')?.split_once('.')?;
    brand.parse().ok()
}

/// Reads a refresh token: its brand and hash.
pub fn read_refresh(text: &str) -> Option<(Uuid, Vec<u8>)> {
    match text.split('.').collect::<Vec<_>>().as_slice() {
        [REFRESH, brand, _] if text.len() <= 200 => Some((brand.parse().ok()?, sha256(text.as_bytes()))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_kinds_do_not_mix() {
        let brand_id = Uuid::from_u128(5);
        let (token, hash) = new_session(brand_id);
        assert_eq!(read(&token), Some(Token::Session { brand_id, hash }));
        assert_eq!((brand(&token), brand("sbs.x.y"), brand("sbf.x.y")), (Some(brand_id), None, None));
        let (refresh, _) = new_refresh(brand_id);
        assert_eq!(read(&refresh), None);
        assert!(read_refresh(&refresh).is_some() && read_refresh(&token).is_none());
        assert_eq!(read("sbs.x.y"), None);
    }
}
