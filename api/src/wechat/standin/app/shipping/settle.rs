//! From complete shipping to settled money.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::super::{Answer, refused};
use crate::wechat::standin::model::field;
use crate::wechat::standin::outbox::{Job, Task};
use crate::wechat::standin::pay::Order;
use crate::wechat::standin::state::State;

const SETTLEMENT: &str = "trade_manage_order_settlement";

impl State {
    /// Starts the wait for the receipt and says when the money may be expected.
    pub(super) fn complete_shipping(&mut self, now: DateTime<Utc>, order: &Order) {
        let Some(entry) = self.shipments.get_mut(&order.transaction_id) else { return };
        entry.completions += 1;
        entry.shipped_at = Some(now);
        let due = now + entry.wait();
        let mut fields = Self::trade_fields(order);
        fields["shipped_time"] = json!(now.timestamp());
        fields["estimated_settlement_time"] = json!(due.timestamp());
        self.jobs.push(Job { due, tries: 0, task: Task::Settle { transaction_id: order.transaction_id.clone() } });
        self.push_event(now, &order.appid, None, SETTLEMENT, fields);
    }

    /// The time is up. A dispute, or a later correction, keeps the money.
    pub fn settle_by_time(&mut self, now: DateTime<Utc>, transaction_id: &str) {
        let Some(entry) = self.shipments.get(transaction_id) else { return };
        if entry.shipped_at.is_some_and(|at| at + entry.wait() <= now) {
            self.settle_payment(now, transaction_id, 2);
        }
    }

    /// The buyer confirms the receipt in WeChat; false if there is nothing to confirm.
    pub fn confirm_receipt(&mut self, now: DateTime<Utc>, transaction_id: &str) -> bool {
        self.settle_payment(now, transaction_id, 1)
    }

    /// The buyer opens or withdraws a complaint. What waited for its end settles with it.
    pub fn complain(&mut self, now: DateTime<Utc>, transaction_id: &str, open: bool) {
        let entry = self.shipments.entry(transaction_id.to_owned()).or_default();
        entry.in_complaint = open;
        if !open {
            self.settle_by_time(now, transaction_id);
        }
    }

    fn settle_payment(&mut self, now: DateTime<Utc>, transaction_id: &str, method: i64) -> bool {
        let Some(order) = self.orders.values().find(|order| order.transaction_id == transaction_id).cloned() else {
            return false;
        };
        if self.is_refunded(&order) {
            return false;
        }
        let Some(entry) = self.shipments.get_mut(transaction_id) else { return false };
        let Some(shipped_at) = entry.shipped_at.filter(|_| entry.settled_at.is_none() && !entry.in_complaint) else {
            return false;
        };
        entry.confirmed_at = Some(now);
        entry.settled_at = Some(now);
        let mut fields = Self::trade_fields(&order);
        fields["shipped_time"] = json!(shipped_at.timestamp());
        fields["confirm_receive_method"] = json!(method);
        fields["confirm_receive_time"] = json!(now.timestamp());
        fields["settlement_time"] = json!(now.timestamp());
        self.push_event(now, &order.appid, None, SETTLEMENT, fields);
        true
    }

    /// Looks after a new payment if the switches say so.
    pub(in crate::wechat::standin) fn remind_shipping(&mut self, now: DateTime<Utc>, order: &Order) {
        let hours = self.switches.remind_shipping_hours;
        if hours > 0 {
            let task = Task::RemindShipping { transaction_id: order.transaction_id.clone() };
            self.jobs.push(Job { due: now + Duration::hours(hours), tries: 0, task });
        }
    }

    /// Tells of a payment that is neither shipped nor refunded nor declared for later.
    pub fn push_shipping_reminder(&mut self, now: DateTime<Utc>, transaction_id: &str) {
        let Some(order) = self.orders.values().find(|order| order.transaction_id == transaction_id).cloned() else {
            return;
        };
        let is_shipped = self.shipments.get(transaction_id).is_some_and(|entry| entry.shipped_at.is_some());
        if is_shipped || self.is_refunded(&order) || self.declared.get(transaction_id).is_some_and(|to| now < *to) {
            return;
        }
        let mut fields = Self::trade_fields(&order);
        fields["msg"] = json!("订单支付已超过48小时，请尽快发货");
        self.push_event(now, &order.appid, None, "trade_manage_remind_shipping", fields);
    }
}

/// `opspecialorder`: the goods come later.
pub(in super::super) fn declare(state: &mut State, now: DateTime<Utc>, appid: &str, body: &Value) -> Answer {
    let id = field(body, "order_id");
    let is_meant = |order: &&Order| order.appid == appid && (order.transaction_id == id || order.out_trade_no == id);
    let lag = Duration::seconds(state.switches.shipping_lag_seconds);
    let order = state.orders.values().find(is_meant).filter(|order| order.state.is_paid());
    let paid = order.and_then(|order| Some((order.transaction_id.clone(), order.success_time?)));
    let paid = paid.filter(|(_, at)| *at + lag <= now);
    let (transaction_id, paid_at) = paid.ok_or(refused(268546002, "order not exist"))?;
    if !matches!(body["type"].as_i64(), Some(1 | 2)) {
        return Err(refused(268546000, "invalid type"));
    }
    let delay_to = body["delay_to"].as_i64().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let fits = |to: &DateTime<Utc>| *to - paid_at > Duration::days(15) && *to - paid_at <= Duration::days(330);
    let delay_to = delay_to.filter(fits).ok_or(refused(268546001, "invalid delay_to"))?;
    state.declared.insert(transaction_id, delay_to);
    Ok(json!({}))
}

/// `notify_confirm_receive`: once, express only, after shipping.
pub(in super::super) fn remind_receipt(state: &mut State, now: DateTime<Utc>, appid: &str, body: &Value) -> Answer {
    let order = state.traded(now, appid, body)?;
    let received = body["received_time"].as_i64().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let entry = state.shipments.get_mut(&order.transaction_id).filter(|entry| entry.logistics_type == 1);
    let entry = entry.ok_or(refused(10060004, "支付单未发货或非快递"))?;
    let shipped_at = entry.shipped_at.ok_or(refused(10060004, "支付单未发货"))?;
    if entry.reminded {
        return Err(refused(10060025, "该支付单已提醒过"));
    }
    if received.is_none_or(|at| at <= shipped_at) {
        return Err(refused(10060026, "received_time须大于发货时间"));
    }
    entry.reminded = true;
    Ok(json!({}))
}
