//! Orders: none → NOTPAY → SUCCESS → REFUND, or CLOSED.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::notice::Report;
use super::{Answer, Refused, china_time};
use crate::wechat::pay::{PayParams, TradeState};
use crate::wechat::standin::keys::signed_by;
use crate::wechat::standin::model::{PayFailure, StandinBrand, field};
use crate::wechat::standin::state::State;

const PREPAY_LIFE: Duration = Duration::hours(2);
/// An order without an expiry can be paid for this long.
const DEFAULT_LIFE: Duration = Duration::days(7);

const REENTRY: Refused = Refused(400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致");
const PAID: Refused = Refused(400, "ORDERPAID", "该订单已支付");
const BAD_PARAMETER: Refused = Refused(400, "PARAM_ERROR", "参数错误");

/// An order as the platform keeps it.
#[derive(Clone, Debug)]
pub(in crate::wechat::standin) struct Order {
    /// The first call's body; later ones must repeat it.
    request: Value,
    pub appid: String,
    pub mchid: String,
    pub out_trade_no: String,
    pub amount_fen: i64,
    pub openid: String,
    pub notify_url: String,
    expires_at: DateTime<Utc>,
    prepay_id: String,
    prepaid_at: DateTime<Utc>,
    pub state: TradeState,
    /// Empty while unpaid.
    pub transaction_id: String,
    pub success_time: Option<DateTime<Utc>>,
}

impl Order {
    /// As queries and notifications show it.
    fn to_json(&self) -> Value {
        let mut value = json!({
            "appid": self.appid,
            "mchid": self.mchid,
            "out_trade_no": self.out_trade_no,
            "trade_state": self.state,
            "trade_state_desc": "stand-in",
            "amount": { "total": self.amount_fen, "currency": "CNY" },
        });
        if let Some(attach) = self.request.get("attach") {
            value["attach"] = attach.clone();
        }
        if let Some(at) = self.success_time {
            value["transaction_id"] = json!(self.transaction_id);
            value["trade_type"] = json!("JSAPI");
            value["bank_type"] = json!("OTHERS");
            value["success_time"] = json!(china_time(at));
            value["payer"] = json!({ "openid": self.openid });
            value["amount"]["payer_total"] = json!(self.amount_fen);
            value["amount"]["payer_currency"] = json!("CNY");
        }
        value
    }

    /// What the buyer saw, and what the order call passed along.
    pub fn texts(&self) -> (&str, &str) {
        (field(&self.request, "description"), field(&self.request, "attach"))
    }

    /// Whether the money arrived before `limit`.
    pub(super) fn paid_before(&self, limit: DateTime<Utc>) -> bool {
        self.success_time.is_some_and(|at| at < limit)
    }

    fn read(now: DateTime<Utc>, request: &Value) -> Result<Self, Refused> {
        let number = field(request, "out_trade_no");
        let alphabet = |c: char| c.is_ascii_alphanumeric() || "_-|*".contains(c);
        let notify_url = field(request, "notify_url");
        let description = field(request, "description");
        let openid = field(&request["payer"], "openid");
        let amount_fen = request["amount"]["total"].as_i64().unwrap_or_default();
        let sound = (6..=32).contains(&number.len())
            && number.chars().all(alphabet)
            && amount_fen >= 1
            && !openid.is_empty()
            && (1..=127).contains(&description.chars().count())
            && notify_url.starts_with("http")
            && !notify_url.contains('?');
        if !sound {
            return Err(BAD_PARAMETER);
        }
        let expires_at = match request.get("time_expire").and_then(Value::as_str) {
            None => now + DEFAULT_LIFE,
            Some(text) => DateTime::parse_from_rfc3339(text).map_err(|_| BAD_PARAMETER)?.to_utc(),
        };
        Ok(Self {
            request: request.clone(),
            appid: field(request, "appid").to_owned(),
            mchid: field(request, "mchid").to_owned(),
            out_trade_no: number.to_owned(),
            amount_fen,
            openid: openid.to_owned(),
            notify_url: notify_url.to_owned(),
            expires_at,
            prepay_id: String::new(),
            prepaid_at: now,
            state: TradeState::NotPay,
            transaction_id: String::new(),
            success_time: None,
        })
    }
}

impl State {
    pub(super) fn prepay(&mut self, now: DateTime<Utc>, brand: &StandinBrand, request: &Value) -> Answer {
        let bound = self.brands.get(field(request, "appid")).is_some_and(|other| other.mchid == brand.mchid);
        if !bound {
            return Err(Refused(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配，请检查后再试"));
        }
        let mut order = Order::read(now, request)?;
        let key = (order.mchid.clone(), order.out_trade_no.clone());
        if self.spoiled.contains(&key) {
            return Err(REENTRY);
        }
        if let Some(known) = self.orders.get(&key) {
            match known.state {
                TradeState::NotPay => {}
                TradeState::Closed => return Err(Refused(400, "ORDER_CLOSED", "该订单已关闭，请重新下单")),
                _ => return Err(PAID),
            }
            if known.request != order.request {
                return Err(Refused(403, "OUT_TRADE_NO_USED", "商户订单号重复"));
            }
            if now - known.prepaid_at < PREPAY_LIFE {
                return Ok((200, json!({ "prepay_id": known.prepay_id })));
            }
        } else if order.expires_at - now < Duration::minutes(1) {
            return Err(Refused(400, "PARAM_ERROR", "time_expire距当前时间不足1分钟"));
        }
        order.prepay_id = format!("wx{:034}", self.next_id());
        let answer = json!({ "prepay_id": order.prepay_id });
        self.orders.insert(key, order);
        Ok((200, answer))
    }

    pub(super) fn query_order(&self, brand: &StandinBrand, number: &str) -> Answer {
        let order = self.orders.get(&(brand.mchid.clone(), number.to_owned()));
        found(order)
    }

    pub(super) fn query_transaction(&self, brand: &StandinBrand, id: &str) -> Answer {
        found(self.orders.values().find(|order| order.mchid == brand.mchid && order.transaction_id == id))
    }

    pub(super) fn close_order(&mut self, brand: &StandinBrand, number: &str) -> Answer {
        let key = (brand.mchid.clone(), number.to_owned());
        match self.orders.get_mut(&key) {
            Some(order) if order.state.is_paid() => return Err(PAID),
            Some(order) => order.state = TradeState::Closed,
            None => {
                self.spoiled.insert(key);
            }
        }
        Ok((204, Value::Null))
    }

    /// The user pays in WeChat; returns the transaction id.
    pub fn pay(&mut self, now: DateTime<Utc>, params: &PayParams, openid: &str) -> Result<String, PayFailure> {
        let prepay_id = params.package.strip_prefix("prepay_id=").unwrap_or_default();
        let order = self.orders.values().find(|order| order.prepay_id == prepay_id);
        let order = order.filter(|_| !prepay_id.is_empty()).ok_or(PayFailure::UnknownPrepay)?.clone();
        let brand = self.brands.get(&order.appid).ok_or(PayFailure::UnknownPrepay)?;
        let PayParams { time_stamp, nonce_str, package, .. } = params;
        let message = format!("{}\n{time_stamp}\n{nonce_str}\n{package}\n", order.appid);
        if params.sign_type != "RSA" || !signed_by(&brand.merchant_public_key_pem, message.as_bytes(), &params.pay_sign)
        {
            return Err(PayFailure::BadSignature);
        }
        match order.state {
            TradeState::NotPay => {}
            TradeState::Closed => return Err(PayFailure::Closed),
            _ => return Err(PayFailure::AlreadyPaid),
        }
        if order.openid != openid {
            return Err(PayFailure::OtherUser);
        }
        if order.expires_at <= now {
            return Err(PayFailure::OrderExpired);
        }
        if now - order.prepaid_at >= PREPAY_LIFE {
            return Err(PayFailure::PrepayExpired);
        }
        Ok(self.mark_paid(now, order))
    }

    fn mark_paid(&mut self, now: DateTime<Utc>, mut order: Order) -> String {
        let transaction_id = format!("42{:026}", self.next_id());
        order.state = TradeState::Success;
        order.transaction_id = transaction_id.clone();
        order.success_time = Some(now);
        let plain = order.to_json();
        let report = Report { event_type: "TRANSACTION.SUCCESS", original_type: "transaction", plain: &plain };
        self.notify(now, &order.appid, &order.notify_url, &report);
        self.remind_shipping(now, &order);
        self.orders.insert((order.mchid.clone(), order.out_trade_no.clone()), order);
        transaction_id
    }
}

fn found(order: Option<&Order>) -> Answer {
    match order {
        Some(order) => Ok((200, order.to_json())),
        None => Err(Refused(404, "ORDER_NOT_EXIST", "订单不存在")),
    }
}
