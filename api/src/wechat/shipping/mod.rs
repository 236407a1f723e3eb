//! Shipping information, which WeChat wants for every payment of physical goods before it settles the money
//! (WeChat docs: order shipping management).
//!
//! After payment the money is frozen. Once shipping is complete the buyer confirms, or ten days (express) or two days
//! (anything else) pass, and it settles; both moments come as pushes. A payment is one shipping record: a deposit and
//! its balance are two. A promise of more than fifteen days is declared right after payment.
mod declare;
mod query;
mod receipt;
mod upload;

pub use declare::DeclareOutcome;
pub use query::{Carrier, OrderList, OrderQuery, OrderState, ShippedParcel, ShippingRecord, TradeOrderState};
pub use receipt::ReceiptOutcome;
pub use upload::{Contact, Parcel, Shipment, ShipmentKind, ShipmentOutcome, mask_contact};

use serde_json::{Value, json};

use super::Account;

/// Which payment is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderKey {
    /// Our number, under the account's merchant account.
    OutTradeNo(String),
    /// WeChat Pay's number.
    TransactionId(String),
}

impl OrderKey {
    /// As uploads name it.
    fn order_key(&self, account: &Account) -> Value {
        match self {
            OrderKey::OutTradeNo(number) => {
                json!({ "order_number_type": 1, "mchid": account.mchid, "out_trade_no": number })
            }
            OrderKey::TransactionId(id) => json!({ "order_number_type": 2, "transaction_id": id }),
        }
    }

    /// As every other call names it.
    fn fields(&self, account: &Account) -> Value {
        match self {
            OrderKey::OutTradeNo(number) => json!({ "merchant_id": account.mchid, "merchant_trade_no": number }),
            OrderKey::TransactionId(id) => json!({ "transaction_id": id }),
        }
    }
}

#[cfg(test)]
mod tests;
