//! What a data set holds: brands with their people, down to every id and token, computed from a few
//! numbers. Who seeds, who loads and the SQL of the yardsticks agree without passing lists around.

use smallbatch::base::crypto::sha256;
use uuid::Uuid;

use crate::zipf::Zipf;

/// Designs on a slate.
pub const SLATE: u64 = 20;
/// SKUs of a presale.
pub const SKUS: u64 = 12;
/// Pieces of the flash presale over all its SKUs.
pub const FLASH_PIECES: u64 = 500;
/// Fen a piece.
pub const PRICE: i64 = 19_900;
pub const PROMISE: &str = "2027-12-01";
pub const TERMS: &str = "2026-01";
/// Members of a community.
pub const COMMUNITY: u64 = 300;
/// Orders of each member who has any.
pub const ORDERS: u64 = 10;
/// Try-on posts of a brand.
pub const POSTS: u64 = 10;
/// Pictures of a design.
pub const PICTURES: u64 = 3;
/// `SMALLBATCH_ENCRYPTION_KEYS` that the addresses are sealed with. Known to everyone: for throw-away data.
pub const KEYS: &str = "load:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The kinds of rows with an id of their own; the value is part of the id.
#[derive(Clone, Copy)]
#[repr(u16)]
pub enum Kind {
    Brand = 1,
    Staff,
    Member,
    Session,
    Address,
    Community,
    Design,
    Version,
    Media,
    Round,
    Entry,
    Presale,
    Sku,
    Order,
    Line,
    Leg,
    Consent,
    Sample,
    Tryon,
    Publication,
    Factory,
    FactoryKey,
    /// Rows that a yardstick writes.
    Yardstick,
}

/// The id of the `index`-th row of a kind in a brand: a valid UUIDv7 of 1 January 2026. Its last ten
/// hexadecimal digits are the index, which is how the yardsticks' SQL makes ids.
pub fn id(kind: Kind, brand: usize, index: u64) -> Uuid {
    const MILLIS: u128 = 1_767_225_600_000;
    let (kind, brand, index) = (kind as u128, brand as u128, u128::from(index));
    debug_assert!(brand < 1 << 22 && index < 1 << 40);
    Uuid::from_u128(MILLIS << 80 | 7 << 76 | kind << 64 | 2 << 62 | brand << 40 | index)
}

pub fn brand_id(brand: usize) -> Uuid {
    id(Kind::Brand, brand, 0)
}

/// A member's access token: as long and shaped as the server's own, but computed.
pub fn member_token(brand: usize, member: u64) -> String {
    format!("sbs.{}.{}", brand_id(brand).simple(), secret(id(Kind::Session, brand, member)))
}

/// A factory's API key.
pub fn factory_token(factory: usize) -> String {
    let (factory_id, key_id) = (id(Kind::Factory, factory, 0), id(Kind::FactoryKey, factory, 0));
    format!("sbf.{}.{}.{}", factory_id.simple(), key_id.simple(), secret(key_id))
}

fn secret(of: Uuid) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha256(of.as_bytes()))
}

/// The two rounds of a brand: an open one with the whole slate, and the closed one behind its presales.
pub const OPEN_ROUND: u64 = 0;
pub const CLOSED_ROUND: u64 = 1;
/// The presales: a large one in each brand and, in the first brand, the flash sale.
pub const PRESALE: u64 = 0;
pub const FLASH: u64 = 1;

/// The size of a data set.
#[derive(Clone, Copy, Debug, PartialEq, clap::Args, serde::Serialize)]
pub struct Size {
    /// Brands; their sizes and traffic follow Zipf's law.
    #[arg(long, default_value_t = 10)]
    pub brands: usize,
    /// Members over all brands; each brand has at least two.
    #[arg(long, default_value_t = 20_000)]
    pub members: u64,
    /// Members of the first brand at least: who may buy in the flash sale.
    #[arg(long, default_value_t = 0)]
    pub first: u64,
    /// Exponent of Zipf's law for sizes and traffic; 0 makes all brands equal.
    #[arg(long, default_value_t = 1.0)]
    pub skew: f64,
}

/// A data set.
pub struct Plan {
    pub size: Size,
    /// Members of each brand.
    pub members: Vec<u64>,
    pub traffic: Zipf,
}

impl Plan {
    pub fn new(size: Size) -> Self {
        let traffic = Zipf::new(size.brands, size.skew);
        let members = (0..size.brands.max(1)).map(|brand| {
            let share = (traffic.share(brand) * size.members as f64) as u64;
            share.max(if brand == 0 { size.first.max(2) } else { 2 })
        });
        Plan { size, members: members.collect(), traffic }
    }

    pub fn brands(&self) -> usize {
        self.members.len()
    }

    /// Factories that serve all brands.
    pub fn factories(&self) -> usize {
        (self.brands() / 20).clamp(4, 200)
    }

    /// Members of a brand with [`ORDERS`] orders behind them: its first ones.
    pub fn buyers(&self, brand: usize) -> u64 {
        (self.members[brand] / 10).clamp(1, 1_000)
    }

    pub fn communities(&self, brand: usize) -> u64 {
        self.members[brand].div_ceil(COMMUNITY)
    }
}

/// The cap of a SKU: plenty, or a share of the flash sale's pieces.
pub fn cap(presale: u64, sku: u64) -> i32 {
    match presale {
        FLASH => (FLASH_PIECES / SKUS + u64::from(sku < FLASH_PIECES % SKUS)) as i32,
        _ => 1_000_000_000,
    }
}

/// SKU ids: those of a presale in a row.
pub fn sku_id(brand: usize, presale: u64, sku: u64) -> Uuid {
    id(Kind::Sku, brand, presale * SKUS + sku)
}

#[cfg(test)]
mod tests {
    use super::*;
    use smallbatch::people::token::{Token, read};

    #[test]
    fn ids_are_of_version_7_and_end_in_their_index() {
        let id = id(Kind::Member, 9_999, 0xabc);
        assert_eq!(id.get_version_num(), 7);
        assert!(id.to_string().ends_with("0000000abc"), "{id}");
        assert_ne!(super::id(Kind::Member, 1, 0), super::id(Kind::Session, 1, 0));
    }

    #[test]
    fn tokens_read_as_the_servers_own() {
        let Some(Token::Session { brand_id, .. }) = read(&member_token(3, 17)) else { panic!("not a session") };
        assert_eq!(brand_id, super::brand_id(3));
        assert!(matches!(read(&factory_token(2)), Some(Token::Factory { .. })));
    }

    #[test]
    fn the_flash_sale_has_its_pieces() {
        assert_eq!((0..SKUS).map(|sku| cap(FLASH, sku) as u64).sum::<u64>(), FLASH_PIECES);
    }

    #[test]
    fn every_brand_has_people() {
        let plan = Plan::new(Size { brands: 1_000, members: 5_000, first: 3_000, skew: 1.0 });
        assert_eq!(plan.members[0], 3_000);
        assert!(plan.members.iter().all(|members| *members >= 2));
    }
}
