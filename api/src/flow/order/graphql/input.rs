//! What members send.

use async_graphql::InputObject;
use chrono::NaiveDate;

use crate::base::id::{AddressId, OrderId, OrderLineId, PresaleId, SkuId};
use crate::base::money::Long;
use crate::flow::order::rules::Wanted;
use crate::flow::order::service;

/// Pieces of one SKU.
#[derive(InputObject)]
pub struct PlaceOrderLineInput {
    /// A SKU of the presale; each SKU in one line only.
    pub sku_id: SkuId,
    /// 1 to 99.
    pub quantity: i32,
}

/// An order to place.
#[derive(InputObject)]
pub struct PlaceOrderInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// An open presale.
    pub presale_id: PresaleId,
    /// 1 to 20 lines.
    pub lines: Vec<PlaceOrderLineInput>,
    /// An entry of my address book; it is copied into the order.
    pub address_id: AddressId,
    /// The whole amount in fen that I was shown, also when only a part of it is paid now; another one is refused with `PriceChanged`.
    pub expected_amount: Long,
    /// The promise date that I was shown; another one is refused.
    pub expected_promise_date: NaiveDate,
    /// Version of the purchase terms that I was shown, up to 40 characters.
    pub terms_version: String,
    /// The code of the KOC who recommended it, when I have one; case, spaces and dashes do not matter. Without it the
    /// KOC of my community counts. It cannot be changed later.
    pub koc_code: Option<String>,
}

impl From<PlaceOrderInput> for service::Place {
    fn from(input: PlaceOrderInput) -> Self {
        let wanted = |line: PlaceOrderLineInput| Wanted { sku_id: line.sku_id.0, quantity: line.quantity };
        service::Place {
            presale_id: input.presale_id.0,
            lines: input.lines.into_iter().map(wanted).collect(),
            address_id: input.address_id.0,
            expected_amount: input.expected_amount.0,
            expected_promise_date: input.expected_promise_date,
            terms_version: input.terms_version,
            koc_code: input.koc_code,
        }
    }
}

/// A line that gets another SKU.
#[derive(InputObject)]
pub struct ChangeOrderLineInput {
    /// A line of the order.
    pub line_id: OrderLineId,
    /// The SKU it shall have, of the same presale.
    pub sku_id: SkuId,
}

/// A change of an order.
#[derive(InputObject)]
pub struct ChangeOrderInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// My order, unpaid or paid but not in a batch yet.
    pub order_id: OrderId,
    /// The version I was shown; when the order has changed since, the change is refused.
    pub version: i32,
    /// Lines that get another SKU; others stay.
    #[graphql(default)]
    pub lines: Vec<ChangeOrderLineInput>,
    /// Another entry of my address book; missing or null leaves the address as it is.
    pub address_id: Option<AddressId>,
}

impl From<ChangeOrderInput> for service::Change {
    fn from(input: ChangeOrderInput) -> Self {
        service::Change {
            order_id: input.order_id.0,
            version: input.version,
            lines: input.lines.into_iter().map(|line| (line.line_id.0, line.sku_id.0)).collect(),
            address_id: input.address_id.map(|id| id.0),
        }
    }
}
