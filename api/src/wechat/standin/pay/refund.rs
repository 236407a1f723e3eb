//! Refunds: accepted as PROCESSING, finished later.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::notice::Report;
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
    pub success_time: Option<DateTime<Utc>>,
    funds_account: String,
    channel: &'static str,
    account: &'static str,
}

impl RefundEntry {
    /// As answers show it; notifications say `refund_status` and add the merchant account.
    fn to_json(&self, status_field: &str) -> Value {
        let mut value = json!({
            "refund_id": self.refund_id,
            "out_refund_no": self.out_refund_no,
            "transaction_id": self.transaction_id,
            "out_trade_no": self.out_trade_no,
            "channel": self.channel,
            "user_received_account": self.account,
            "create_time": china_time(self.created_at),
            "funds_account": self.funds_account,
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
        let from = field(request, "funds_account");
        if !matches!(from, "" | "AVAILABLE" | "UNSETTLED") {
            return Err(Refused(400, "PARAM_ERROR", "funds_account错误"));
        }
        let order = self.refundable(now, brand, request)?;
        let amount = request["amount"]["refund"].as_i64().unwrap_or_default();
        if self.available(&brand.mchid).is_some_and(|available| available < amount) {
            return Err(Refused(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起"));
        }
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
            funds_account: if from.is_empty() { "UNSETTLED".to_owned() } else { from.to_owned() },
            channel: "ORIGINAL",
            account: "支付用户零钱",
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

    /// Sends an abnormal refund to another card of the buyer or to the merchant.
    pub(super) fn apply_abnormal(
        &mut self,
        now: DateTime<Utc>,
        brand: &StandinBrand,
        serial: Option<&str>,
        refund_id: &str,
        request: &Value,
    ) -> Answer {
        let signers = self.signers(&brand.mchid);
        let signer = signers.iter().find(|signer| Some(signer.serial.as_str()) == serial);
        let opens = |name| signer.and_then(|signer| signer.open(field(request, name))).is_some_and(|it| !it.is_empty());
        let (channel, account) = match field(request, "type") {
            "MERCHANT_BANK_CARD" => ("OTHER_BALANCE", "商户基本账户"),
            "USER_BANK_CARD"
                if field(request, "bank_type").is_empty() || !opens("bank_account") || !opens("real_name") =>
            {
                return Err(Refused(400, "PARAM_ERROR", "银行卡信息错误或敏感字段解密失败"));
            }
            "USER_BANK_CARD" => ("OTHER_BANKCARD", "退回银行卡"),
            _ => return Err(Refused(400, "PARAM_ERROR", "type错误")),
        };
        let due = now + Duration::seconds(self.switches.refund_seconds);
        let key = (brand.mchid.clone(), field(request, "out_refund_no").to_owned());
        let refund = self.refunds.get_mut(&key).filter(|refund| refund.refund_id == refund_id);
        let refund = refund.ok_or(Refused(404, "RESOURCE_NOT_EXISTS", "退款单不存在"))?;
        if refund.status != RefundStatus::Abnormal {
            return Err(Refused(400, "INVALID_REQUEST", "退款单状态不是异常"));
        }
        refund.status = RefundStatus::Processing;
        (refund.channel, refund.account) = (channel, account);
        let answer = refund.to_json("status");
        let task = Task::FinishRefund { mchid: key.0, out_refund_no: key.1 };
        self.jobs.push(Job { due, tries: 0, task });
        Ok((200, answer))
    }

    /// What the merchant account holds, if that is counted: what it began with and what came and went since.
    pub(super) fn available(&self, mchid: &str) -> Option<i64> {
        let start = *self.balances.get(mchid)?;
        let paid = self.orders.values().filter(|order| order.mchid == mchid && order.state.is_paid());
        let refunds = self.refunds.values().filter(|it| it.mchid == mchid && it.status != RefundStatus::Closed);
        let transfers = self.transfers.values().filter(|it| it.mchid == mchid && !it.state.is_undone());
        let came: i64 = paid.map(|order| order.amount_fen).sum();
        let drawn = self.withdrawals.iter().filter(|it| it.mchid == mchid).map(|it| it.amount_fen);
        let went: i64 = refunds.map(|it| it.amount_fen).chain(transfers.map(|it| it.amount_fen)).chain(drawn).sum();
        Some(start + came - went)
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
    let mut plain = refund.to_json("refund_status");
    plain["mchid"] = json!(refund.mchid);
    let report = Report { event_type, original_type: "refund", plain: &plain };
    state.notify(now, &refund.appid, &refund.notify_url, &report);
}
