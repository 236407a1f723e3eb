//! Asking WeChat what it knows of shipping.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::OrderKey;
use crate::wechat::http::WhenBusy;
use crate::wechat::{Account, Error, Result, Wechat};

const UNKNOWN_ORDER: i64 = 10060001;

/// Where a payment stands in trade management.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradeOrderState {
    ToShip,
    Shipped,
    /// The buyer confirmed the receipt.
    Received,
    Done,
    Refunded,
    /// Received, not settled yet.
    AwaitingSettlement,
    /// A number this version does not know.
    Unknown,
}

impl TradeOrderState {
    fn from_number(number: i64) -> Self {
        match number {
            1 => TradeOrderState::ToShip,
            2 => TradeOrderState::Shipped,
            3 => TradeOrderState::Received,
            4 => TradeOrderState::Done,
            5 => TradeOrderState::Refunded,
            6 => TradeOrderState::AwaitingSettlement,
            _ => TradeOrderState::Unknown,
        }
    }

    fn number(self) -> Option<i64> {
        (1..=6).find(|number| Self::from_number(*number) == self)
    }
}

/// A payment as trade management sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderState {
    pub transaction_id: String,
    /// Our `out_trade_no`.
    pub out_trade_no: String,
    pub mchid: String,
    pub openid: String,
    pub state: TradeOrderState,
    /// An open dispute keeps the money from settling.
    pub in_complaint: bool,
    pub paid_fen: i64,
    pub paid_at: Option<DateTime<Utc>>,
    /// `None` until something was uploaded.
    pub shipping: Option<ShippingRecord>,
}

/// What was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShippingRecord {
    pub is_split: bool,
    /// 1 express, 2 city, 3 virtual, 4 pickup.
    pub logistics_type: i64,
    pub is_complete: bool,
    /// How often it was completed; more than once means that the one correction is used.
    pub completions: i64,
    pub parcels: Vec<ShippedParcel>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShippedParcel {
    pub tracking_no: String,
    pub carrier: String,
    pub uploaded_at: Option<DateTime<Utc>>,
}

/// Which payments are listed; everything `None` lists all.
#[derive(Clone, Debug, Default)]
pub struct OrderQuery {
    /// Paid at or after.
    pub from: Option<DateTime<Utc>>,
    /// Paid at or before.
    pub to: Option<DateTime<Utc>>,
    pub state: Option<TradeOrderState>,
    pub openid: Option<String>,
    /// [`OrderList::last_index`] of the page before.
    pub after: Option<String>,
    /// 1 to 100.
    pub page_size: Option<u8>,
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderList {
    pub orders: Vec<OrderState>,
    pub last_index: String,
    pub has_more: bool,
}

/// A carrier as uploads name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carrier {
    #[serde(rename = "delivery_id")]
    pub code: String,
    #[serde(rename = "delivery_name")]
    pub name: String,
}

#[derive(Deserialize)]
struct Order {
    #[serde(default)]
    transaction_id: String,
    #[serde(default)]
    merchant_trade_no: String,
    #[serde(default)]
    merchant_id: String,
    #[serde(default)]
    openid: String,
    #[serde(default)]
    order_state: i64,
    #[serde(default)]
    in_complaint: bool,
    #[serde(default)]
    paid_amount: i64,
    pay_time: Option<i64>,
    #[serde(default, deserialize_with = "filled")]
    shipping: Option<Shipping>,
}

#[derive(Deserialize)]
struct Shipping {
    delivery_mode: i64,
    #[serde(default)]
    logistics_type: i64,
    #[serde(default)]
    finish_shipping: bool,
    #[serde(default)]
    finish_shipping_count: i64,
    #[serde(default)]
    shipping_list: Vec<Uploaded>,
}

#[derive(Deserialize)]
struct Uploaded {
    #[serde(default)]
    tracking_no: String,
    #[serde(default)]
    express_company: String,
    upload_time: Option<i64>,
}

/// Nothing uploaded yet comes as an empty object.
fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Shipping>, D::Error> {
    let value = Option::<Value>::deserialize(deserializer)?;
    let value = value.filter(|value| value.as_object().is_some_and(|fields| !fields.is_empty()));
    value.map(|value| serde_json::from_value(value).map_err(serde::de::Error::custom)).transpose()
}

fn instant(seconds: Option<i64>) -> Option<DateTime<Utc>> {
    seconds.filter(|seconds| *seconds > 0).and_then(|seconds| DateTime::from_timestamp(seconds, 0))
}

impl From<Order> for OrderState {
    fn from(order: Order) -> Self {
        let parcel = |parcel: Uploaded| ShippedParcel {
            tracking_no: parcel.tracking_no,
            carrier: parcel.express_company,
            uploaded_at: instant(parcel.upload_time),
        };
        let record = |shipping: Shipping| ShippingRecord {
            is_split: shipping.delivery_mode == 2,
            logistics_type: shipping.logistics_type,
            is_complete: shipping.finish_shipping,
            completions: shipping.finish_shipping_count,
            parcels: shipping.shipping_list.into_iter().map(parcel).collect(),
        };
        Self {
            transaction_id: order.transaction_id,
            out_trade_no: order.merchant_trade_no,
            mchid: order.merchant_id,
            openid: order.openid,
            state: TradeOrderState::from_number(order.order_state),
            in_complaint: order.in_complaint,
            paid_fen: order.paid_amount,
            paid_at: instant(order.pay_time),
            shipping: order.shipping.map(record),
        }
    }
}

#[derive(Deserialize)]
struct OneAnswer {
    order: Order,
}

#[derive(Deserialize)]
struct ListAnswer {
    #[serde(default)]
    order_list: Vec<Order>,
    #[serde(default)]
    last_index: String,
    #[serde(default)]
    has_more: bool,
}

#[derive(Deserialize)]
struct ManagedAnswer {
    is_trade_managed: bool,
}

#[derive(Deserialize)]
struct CarriersAnswer {
    delivery_list: Vec<Carrier>,
}

impl Wechat {
    /// What trade management knows of a payment; `None` while it does not know it, as for minutes after paying.
    pub async fn shipping_record(&self, account: &Account, order: &OrderKey) -> Result<Option<OrderState>> {
        let body = order.fields(account);
        match self.api_post::<OneAnswer>(account, "/wxa/sec/order/get_order", &body, WhenBusy::Thrice).await {
            Ok(answer) => Ok(Some(answer.order.into())),
            Err(Error::Api { code: UNKNOWN_ORDER, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A page of payments, for finding what was never uploaded.
    pub async fn shipping_records(&self, account: &Account, query: &OrderQuery) -> Result<OrderList> {
        let page_size = query.page_size.unwrap_or(100);
        if !(1..=100).contains(&page_size) {
            return Err(Error::Invalid("a page has 1 to 100 payments"));
        }
        let mut body = json!({ "page_size": page_size });
        if query.from.is_some() || query.to.is_some() {
            let mut range = json!({});
            for (name, at) in [("begin_time", query.from), ("end_time", query.to)] {
                if let Some(at) = at {
                    range[name] = json!(at.timestamp());
                }
            }
            body["pay_time_range"] = range;
        }
        if let Some(state) = query.state.and_then(TradeOrderState::number) {
            body["order_state"] = json!(state);
        }
        for (name, text) in [("openid", &query.openid), ("last_index", &query.after)] {
            if let Some(text) = text {
                body[name] = json!(text);
            }
        }
        let path = "/wxa/sec/order/get_order_list";
        let answer: ListAnswer = self.api_post(account, path, &body, WhenBusy::Thrice).await?;
        let orders = answer.order_list.into_iter().map(Into::into).collect();
        Ok(OrderList { orders, last_index: answer.last_index, has_more: answer.has_more })
    }

    /// Whether WeChat holds this mini-program's money until shipping; asked at start.
    pub async fn is_trade_managed(&self, account: &Account) -> Result<bool> {
        let body = json!({ "appid": account.appid });
        let path = "/wxa/sec/order/is_trade_managed";
        let answer: ManagedAnswer = self.api_post(account, path, &body, WhenBusy::Thrice).await?;
        Ok(answer.is_trade_managed)
    }

    /// The carriers WeChat knows; worth keeping for a day.
    pub async fn carriers(&self, account: &Account) -> Result<Vec<Carrier>> {
        let path = "/cgi-bin/express/delivery/open_msg/get_delivery_list";
        let answer: CarriersAnswer = self.api_post(account, path, &json!({}), WhenBusy::Thrice).await?;
        Ok(answer.delivery_list)
    }
}

/// Reads `get_order`'s answer as published.
#[cfg(test)]
pub(super) fn read(answer: &Value) -> OrderState {
    serde_json::from_value::<OneAnswer>(answer.clone()).expect("an order").order.into()
}
