//! Showing what shipping knows.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::Answer;
use crate::wechat::standin::model::field;
use crate::wechat::standin::pay::Order;
use crate::wechat::standin::state::State;

impl State {
    fn order_state(&self, order: &Order) -> i64 {
        let entry = self.shipments.get(&order.transaction_id);
        match entry {
            _ if self.is_refunded(order) => 5,
            Some(entry) if entry.settled_at.is_some() => 4,
            Some(entry) if entry.confirmed_at.is_some() => 3,
            Some(entry) if entry.shipped_at.is_some() => 2,
            _ => 1,
        }
    }

    fn show(&self, order: &Order) -> Value {
        let entry = self.shipments.get(&order.transaction_id);
        let uploaded = entry.filter(|entry| !entry.parcels.is_empty());
        let shipping = uploaded.map(|entry| {
            json!({
                "delivery_mode": entry.delivery_mode,
                "logistics_type": entry.logistics_type,
                "finish_shipping": entry.shipped_at.is_some(),
                "finish_shipping_count": entry.completions,
                "shipping_list": entry.parcels,
            })
        });
        json!({
            "transaction_id": order.transaction_id,
            "merchant_trade_no": order.out_trade_no,
            "merchant_id": order.mchid,
            "sub_merchant_id": "",
            "description": order.texts().0,
            "paid_amount": order.amount_fen,
            "openid": order.openid,
            "trade_create_time": order.success_time.map(|at| at.timestamp()),
            "pay_time": order.success_time.map(|at| at.timestamp()),
            "order_state": self.order_state(order),
            "in_complaint": entry.is_some_and(|entry| entry.in_complaint),
            "shipping": shipping.unwrap_or(json!({})),
        })
    }
}

pub(in super::super) fn get_order(state: &mut State, now: DateTime<Utc>, appid: &str, body: &Value) -> Answer {
    let order = state.traded(now, appid, body)?;
    Ok(json!({ "order": state.show(&order) }))
}

pub(in super::super) fn get_order_list(state: &mut State, _: DateTime<Utc>, appid: &str, body: &Value) -> Answer {
    let (range, openid, after) = (&body["pay_time_range"], field(body, "openid"), field(body, "last_index"));
    let wanted = body["order_state"].as_i64();
    let size = body["page_size"].as_u64().unwrap_or(100).clamp(1, 100);
    let is_wanted = |order: &&Order| {
        let paid = order.success_time.map(|at| at.timestamp());
        order.appid == appid
            && order.state.is_paid()
            && range["begin_time"].as_i64().is_none_or(|from| paid >= Some(from))
            && range["end_time"].as_i64().is_none_or(|to| paid <= Some(to))
            && (openid.is_empty() || order.openid == openid)
            && wanted.is_none_or(|wanted| state.order_state(order) == wanted)
            && order.transaction_id.as_str() > after
    };
    let mut orders: Vec<&Order> = state.orders.values().filter(is_wanted).collect();
    orders.sort_by(|a, b| a.transaction_id.cmp(&b.transaction_id));
    let size = usize::try_from(size).unwrap_or(100);
    let has_more = orders.len() > size;
    orders.truncate(size);
    let last_index = orders.last().map_or("", |order| order.transaction_id.as_str());
    let list: Vec<Value> = orders.iter().map(|order| state.show(order)).collect();
    Ok(json!({ "order_list": list, "last_index": last_index, "has_more": has_more }))
}
