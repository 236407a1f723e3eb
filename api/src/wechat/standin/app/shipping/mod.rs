//! Shipping: payments wait for their parcels, then for the receipt, then they settle.
mod read;
mod settle;
mod upload;

pub(super) use read::{get_order, get_order_list};
pub(super) use settle::{declare, remind_receipt};
pub(super) use upload::upload;

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{Answer, Refused, refused};
use crate::wechat::standin::model::field;
use crate::wechat::standin::pay::Order;
use crate::wechat::standin::state::State;

const UNKNOWN_ORDER: Refused = refused(10060001, "支付单不存在");

/// What trade management keeps of a payment.
#[derive(Clone, Debug, Default)]
pub(in crate::wechat::standin) struct ShippingEntry {
    pub delivery_mode: i64,
    pub logistics_type: i64,
    /// As uploaded, with `upload_time` in seconds.
    pub parcels: Vec<Value>,
    pub upload_time: DateTime<Utc>,
    /// The last upload as it came, without its time.
    pub content: Value,
    pub completions: i64,
    pub shipped_at: Option<DateTime<Utc>>,
    pub reminded: bool,
    pub in_complaint: bool,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub settled_at: Option<DateTime<Utc>>,
}

impl ShippingEntry {
    /// Express settles after ten days, everything else after two.
    fn wait(&self) -> Duration {
        Duration::days(if self.logistics_type == 1 { 10 } else { 2 })
    }
}

impl State {
    /// The payment a body is about, in either way of naming it, once shipping knows it.
    fn traded(&self, now: DateTime<Utc>, appid: &str, body: &Value) -> Result<Order, Refused> {
        let id = field(body, "transaction_id");
        let number = [field(body, "out_trade_no"), field(body, "merchant_trade_no")].concat();
        let mchid = [field(body, "mchid"), field(body, "merchant_id")].concat();
        let is_meant = |order: &&Order| {
            order.appid == appid
                && (if id.is_empty() {
                    order.mchid == mchid && order.out_trade_no == number
                } else {
                    order.transaction_id == id
                })
        };
        let lag = Duration::seconds(self.switches.shipping_lag_seconds);
        let order = self.orders.values().find(is_meant).filter(|order| order.state.is_paid());
        order.filter(|order| order.success_time.is_some_and(|at| at + lag <= now)).cloned().ok_or(UNKNOWN_ORDER)
    }

    /// The head of every push about a payment.
    fn trade_fields(order: &Order) -> Value {
        json!({
            "transaction_id": order.transaction_id,
            "merchant_id": order.mchid,
            "sub_merchant_id": "",
            "merchant_trade_no": order.out_trade_no,
            "pay_time": order.success_time.map(|at| at.timestamp()),
        })
    }
}

pub(super) fn is_trade_managed(_: &mut State, _: DateTime<Utc>, appid: &str, body: &Value) -> Answer {
    if field(body, "appid") == appid {
        Ok(json!({ "is_trade_managed": true }))
    } else {
        Err(refused(40013, "invalid appid"))
    }
}

pub(super) fn carriers(_: &mut State, _: DateTime<Utc>, _: &str, _: &Value) -> Answer {
    let list = [("SF", "顺丰速运"), ("JTSD", "极兔速递"), ("YTO", "圆通速递"), ("ZTO", "中通快递")];
    let list = list.map(|(id, name)| json!({ "delivery_id": id, "delivery_name": name }));
    Ok(json!({ "count": list.len(), "delivery_list": list }))
}
