//! Refunds: accepted as PROCESSING, finished later.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::notice::Notice;
use super::{Answer, Order, Refused, china_time};
use crate::wechat::pay::{RefundStatus, TradeState};
use crate::wechat::standin::model::{StandinBrand, field};
use crate::wechat::standin::outbox::{Job, Task};
use crate::wechat::standin::state::{Shared, State};

const MAX_PER_ORDER: usize = 50;
const MAX_AGE: Duration = Duration::days(365);

/// A refund as the platform keeps it.
#[derive(Clone, Debug)]
pub(in crate::wechat::standin) struct RefundEntry {
    request: Value,
    appid: String,
    pub mchid: String,
    transaction_id: String,
    pub out_trade_no: String,
    pub out_refund_no: String,
    pub refund_id: String,
    pub amount_fen: i64,
    total_fen: i64,
    notify_url: String,
    created_at: DateTime<Utc>,
    pub status: RefundStatus,
    success_time: Option<DateTime<Utc>>,
}

impl RefundEntry {
    /// As answers show it; notifications say `refund_status` and add the merchant account.
    fn to_json(&self, status_field: &str) -> Value {
        let mut value = json!({
            "refund_id": self.refund_id,
            "out_refund_no": self.out_refund_no,
            "transaction_id": self.transaction_id,
            "out_trade_no": self.out_trade_no,
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": china_time(self.created_at),
            "funds_account": "AVAILABLE",
            "amount": {
                "total": self.total_fen,
                "refund": self.amount_fen,
                "payer_total": self.total_fen,
                "payer_refund": self.amount_fen,
                "currency": "CNY",
            },
        });
        value[status_field] = json!(self.status);
        if let Some(at) = self.success_time {
            value["success_time"] = json!(china_time(at));
        }
        value
    }
}

impl State {
    pub(super) fn refund(&mut self, now: DateTime<Utc>, brand: &StandinBrand, request: &Value) -> Answer {
        let number = field(request, "out_refund_no");
        if number.is_empty() || number.len() > 64 {
            return Err(Refused(400, "PARAM_ERROR", "out_refund_no错误"));
        }
        let key = (brand.mchid.clone(), number.to_owned());
        if let Some(known) = self.refunds.get(&key) {
            if known.request != *request {
                return Err(Refused(400, "PARAM_ERROR", "请求参数与之前请求不一致"));
            }
            return Ok((200, known.to_json("status")));
        }
        let order = self.refundable(now, brand, request)?;
        let entry = RefundEntry {
            request: request.clone(),
            appid: order.appid.clone(),
            mchid: order.mchid.clone(),
            transaction_id: order.transaction_id.clone(),
            out_trade_no: order.out_trade_no.clone(),
            out_refund_no: number.to_owned(),
            refund_id: format!("50{:027}", self.next_id()),
            amount_fen: request["amount"]["refund"].as_i64().unwrap_or_default(),
            total_fen: order.amount_fen,
            notify_url: field(request, "notify_url").to_owned(),
            created_at: now,
            status: RefundStatus::Processing,
            success_time: None,
        };
        let answer = entry.to_json("status");
        let task = Task::FinishRefund { mchid: key.0.clone(), out_refund_no: key.1.clone() };
        let due = now + Duration::seconds(self.switches.refund_seconds);
        self.jobs.push(Job { due, tries: 0, task });
        if let Some(order) = self.orders.get_mut(&(entry.mchid.clone(), entry.out_trade_no.clone())) {
            order.state = TradeState::Refund;
        }
        self.refunds.insert(key, entry);
        Ok((200, answer))
    }

    /// The order a refund is about, if that much can be taken from it.
    fn refundable(&self, now: DateTime<Utc>, brand: &StandinBrand, request: &Value) -> Result<Order, Refused> {
        let (number, id) = (field(request, "out_trade_no"), field(request, "transaction_id"));
        let is_meant = |order: &&Order| {
            order.mchid == brand.mchid
                && (if id.is_empty() { order.out_trade_no == number } else { order.transaction_id == id })
        };
        let order = self.orders.values().find(is_meant);
        let order = order.ok_or(Refused(404, "RESOURCE_NOT_EXISTS", "订单不存在"))?;
        if !order.state.is_paid() {
            return Err(Refused(400, "INVALID_REQUEST", "订单未支付，不可退款"));
        }
        let amount = |name: &str| request["amount"][name].as_i64().unwrap_or_default();
        if amount("total") != order.amount_fen || amount("refund") < 1 {
            return Err(Refused(400, "PARAM_ERROR", "订单金额或退款金额错误"));
        }
        let earlier = self.refunds.values().filter(|refund| {
            refund.mchid == order.mchid
                && refund.out_trade_no == order.out_trade_no
                && refund.status != RefundStatus::Closed
        });
        let (count, sum) = earlier.fold((0, 0), |(count, sum), refund| (count + 1, sum + refund.amount_fen));
        if sum + amount("refund") > order.amount_fen {
            return Err(Refused(400, "INVALID_REQUEST", "订单已全额退款或退款金额超过可退金额"));
        }
        if count >= MAX_PER_ORDER || order.paid_before(now - MAX_AGE) {
            return Err(Refused(403, "RULE_LIMIT", "退款次数或期限超过限制"));
        }
        Ok(order.clone())
    }

    pub(super) fn query_refund(&self, brand: &StandinBrand, number: &str) -> Answer {
        match self.refunds.get(&(brand.mchid.clone(), number.to_owned())) {
            Some(refund) => Ok((200, refund.to_json("status"))),
            None => Err(Refused(404, "RESOURCE_NOT_EXISTS", "退款单不存在")),
        }
    }
}

/// Brings a refund to the end the switches ask for, and reports it.
pub(in crate::wechat::standin) fn finish_refund(shared: &Shared, mchid: &str, out_refund_no: &str) {
    let now = shared.now();
    let mut state = shared.lock();
    let status = state.switches.refund_result;
    let Some(refund) = state.refunds.get_mut(&(mchid.to_owned(), out_refund_no.to_owned())) else { return };
    refund.status = status;
    refund.success_time = (status == RefundStatus::Success).then_some(now);
    let refund = refund.clone();
    let event_type = match status {
        RefundStatus::Closed => "REFUND.CLOSED",
        RefundStatus::Abnormal => "REFUND.ABNORMAL",
        RefundStatus::Success | RefundStatus::Processing | RefundStatus::Unknown => "REFUND.SUCCESS",
    };
    if refund.notify_url.is_empty() {
        return;
    }
    let mut plain = refund.to_json("refund_status");
    plain["mchid"] = json!(refund.mchid);
    if let Some(notice) =
        Notice::seal(&mut state, now, &refund.appid, refund.notify_url.clone(), event_type, "refund", &plain)
    {
        state.queue_callback(now, Task::Notice(notice.into()));
    }
}
