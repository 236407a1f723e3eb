//! Ids: UUIDv7 inside, TypeIDs (`order_01h2xcej…`) outside.
//!
//! The prefix makes a mixed-up id a clear refusal before any query. Format:
//! <https://github.com/jetify-com/typeid>, version 0.3.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, ID, InputType, InputValueError, InputValueResult};
use async_graphql::{OutputType, Positioned, ServerResult, Value};
use aws_lc_rs::rand;
use serde::{Serialize, Serializer};
use type_safe_id::{DynamicType, StaticType, TypeSafeId};
use uuid::Uuid;

use super::clock::Clock;
use crate::error::{Error, Fault};

/// Makes UUIDv7: the app clock's milliseconds, a counter so that ids of one process rise, random bits.
#[derive(Clone)]
pub struct Ids {
    clock: Clock,
    last: Arc<AtomicU64>,
}

impl Ids {
    pub fn new(clock: Clock) -> Self {
        Ids { clock, last: Arc::new(AtomicU64::new(0)) }
    }

    pub fn next(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0);
        let floor = millis << 12;
        let ticket = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(floor.max(last + 1)))
            .map_or(floor, |last| floor.max(last + 1));
        let mut random = [0u8; 10];
        random_bytes(&mut random);
        random[0] = (ticket >> 8) as u8 & 0x0f;
        random[1] = ticket as u8;
        uuid::Builder::from_unix_timestamp_millis(ticket >> 12, &random).into_uuid()
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}

/// Fills from the operating system's generator.
pub fn random_bytes(buffer: &mut [u8]) {
    rand::fill(buffer).expect("the operating system gives randomness");
}

/// A kind of thing that has a public id.
pub trait Kind: Send + Sync + 'static {
    /// Lower-case prefix of its TypeIDs.
    const PREFIX: &'static str;
}

macro_rules! kinds {
    ($($name:ident / $alias:ident = $prefix:literal),* $(,)?) => {
        /// Markers for [`Id`]: one per kind of thing with a public id.
        pub mod kind {
            $(pub struct $name; impl super::Kind for $name { const PREFIX: &'static str = $prefix; })*
        }
        $(pub type $alias = Id<kind::$name>;)*
    };
}

kinds! {
    Brand / BrandId = "brand",
    Staff / StaffId = "staff",
    Member / MemberId = "member",
    Consent / ConsentId = "consent",
    Address / AddressId = "address",
    Message / MessageId = "msg",
    Factory / FactoryId = "factory",
    FactoryKey / FactoryKeyId = "fkey",
    Media / MediaId = "media",
    Community / CommunityId = "community",
    Design / DesignId = "design",
    Round / RoundId = "round",
    RoundEntry / RoundEntryId = "entry",
    Sample / SampleId = "sample",
    TryOn / TryOnId = "tryon",
    Presale / PresaleId = "presale",
    Sku / SkuId = "sku",
    Order / OrderId = "order",
    OrderLine / OrderLineId = "line",
    Refund / RefundId = "refund",
    AfterSales / AfterSalesId = "case",
    Batch / BatchId = "batch",
    Shipment / ShipmentId = "shipment",
    Parcel / ParcelId = "parcel",
    Unit / UnitId = "unit",
    PromiseChange / PromiseChangeId = "promise",
    PromiseQuestion / PromiseQuestionId = "question",
}

/// The public id of a `K`. In GraphQL it is an `ID`; a wrong prefix is refused when the argument is read.
pub struct Id<K: Kind>(pub Uuid, PhantomData<fn() -> K>);

struct Prefix<K>(PhantomData<K>);

impl<K> Default for Prefix<K> {
    fn default() -> Self {
        Prefix(PhantomData)
    }
}

impl<K: Kind> StaticType for Prefix<K> {
    const TYPE: &'static str = K::PREFIX;
}

impl<K: Kind> Id<K> {
    pub fn new(uuid: Uuid) -> Self {
        Id(uuid, PhantomData)
    }

    /// Reads `prefix_base32`; errors name the prefix that was expected.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Fault::BadId(format!("“{}” is not an id of a {}", shorten(text), K::PREFIX));
        let id: TypeSafeId<Prefix<K>> = text.parse().map_err(|_| wrong())?;
        Ok(Id::new(id.uuid()))
    }
}

/// Reads an id of whatever kind: its prefix and the UUID.
pub fn any(text: &str) -> Result<(String, Uuid), Error> {
    let id: TypeSafeId<DynamicType> =
        text.parse().map_err(|_| Fault::BadId(format!("“{}” is not an id", shorten(text))))?;
    Ok((id.type_prefix().to_owned(), id.uuid()))
}

/// Refuses an id whose prefix nothing in the API has.
pub fn unknown_kind(text: &str) -> Error {
    Fault::BadId(format!("“{}” is not an id of anything in this API", shorten(text))).into()
}

fn shorten(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

impl<K: Kind> std::fmt::Display for Id<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        TypeSafeId::<Prefix<K>>::from_uuid(self.0).fmt(f)
    }
}

impl<K: Kind> std::fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl<K: Kind> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K: Kind> Copy for Id<K> {}
impl<K: Kind> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K: Kind> Eq for Id<K> {}
impl<K: Kind> From<Uuid> for Id<K> {
    fn from(uuid: Uuid) -> Self {
        Id::new(uuid)
    }
}

impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<K: Kind> InputType for Id<K> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <ID as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let text = <ID as InputType>::parse(value).map_err(InputValueError::propagate)?;
        Id::parse(&text).map_err(|error| InputValueError::custom(error).with_extension("code", "BAD_ID"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }
}

impl<K: Kind> OutputType for Id<K> {
    fn type_name() -> Cow<'static, str> {
        <ID as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as OutputType>::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::String(self.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn a_typeid_reads_back_and_a_wrong_prefix_is_refused() {
        let ids = Ids::new(Clock::fake(DateTime::from_timestamp(1_700_000_000, 0).unwrap()));
        let order = OrderId::new(ids.next());
        assert_eq!(OrderId::parse(&order.to_string()).unwrap(), order);
        assert!(matches!(RoundId::parse(&order.to_string()), Err(Error::Fault(Fault::BadId(_)))));
        assert!(OrderId::parse("order_").is_err());
    }

    #[test]
    fn ids_of_one_process_rise_even_when_the_clock_stands() {
        let ids = Ids::new(Clock::fake(DateTime::from_timestamp(1_700_000_000, 0).unwrap()));
        let many: Vec<Uuid> = (0..10_000).map(|_| ids.next()).collect();
        assert!(many.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
