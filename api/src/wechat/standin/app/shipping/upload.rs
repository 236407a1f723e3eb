//! Taking shipping information.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::{Answer, Refused, refused};
use super::ShippingEntry;
use crate::wechat::pay::RefundStatus;
use crate::wechat::standin::model::field;
use crate::wechat::standin::pay::Order;
use crate::wechat::standin::state::State;

/// A sound upload.
struct Upload {
    delivery_mode: i64,
    logistics_type: i64,
    is_complete: bool,
    parcels: Vec<Value>,
    upload_time: DateTime<Utc>,
    content: Value,
}

pub(in super::super) fn upload(state: &mut State, now: DateTime<Utc>, appid: &str, body: &Value) -> Answer {
    let order = state.traded(now, appid, &body["order_key"])?;
    if field(&body["payer"], "openid") != order.openid {
        return Err(refused(10060031, "用户openid与支付单不符"));
    }
    if state.is_refunded(&order) {
        return Err(refused(10060004, "支付单不可发货"));
    }
    let upload = read(body)?;
    let known = state.shipments.get(&order.transaction_id).cloned();
    let mut entry = match known {
        Some(known) => accept_update(known, &upload)?,
        None => ShippingEntry::default(),
    };
    entry.delivery_mode = upload.delivery_mode;
    entry.logistics_type = upload.logistics_type;
    entry.parcels = upload.parcels;
    entry.upload_time = upload.upload_time;
    entry.content = upload.content;
    let completes = upload.is_complete;
    state.shipments.insert(order.transaction_id.clone(), entry);
    if completes {
        state.complete_shipping(now, &order);
    }
    Ok(json!({}))
}

/// Whether the entry may be changed once more: content and time must move on, and after completion, or for another
/// mode, there is one chance.
fn accept_update(mut entry: ShippingEntry, upload: &Upload) -> Result<ShippingEntry, Refused> {
    if entry.content == upload.content {
        return Err(refused(10060023, "发货信息未更新"));
    }
    if upload.upload_time <= entry.upload_time {
        return Err(refused(10060026, "upload_time须大于上次上传时间"));
    }
    if entry.settled_at.is_some() {
        return Err(refused(10060002, "支付单已完成发货，无法继续发货"));
    }
    if entry.completions >= 2 {
        return Err(refused(10060003, "支付单已使用重新发货机会"));
    }
    let changes_mode = entry.completions == 0
        && (entry.delivery_mode, entry.logistics_type) != (upload.delivery_mode, upload.logistics_type);
    if changes_mode {
        // Counts as the one chance, although nothing was complete.
        entry.completions = 1;
    }
    if entry.completions >= 1 && !upload.is_complete {
        return Err(refused(10060002, "支付单已完成发货，无法继续发货"));
    }
    Ok(entry)
}

fn read(body: &Value) -> Result<Upload, Refused> {
    let number = |name: &str| body[name].as_i64().unwrap_or_default();
    let (delivery_mode, logistics_type) = (number("delivery_mode"), number("logistics_type"));
    if !(1..=4).contains(&logistics_type) {
        return Err(refused(10060006, "物流模式错误"));
    }
    if !(1..=2).contains(&delivery_mode) || (delivery_mode == 2 && logistics_type != 1) {
        return Err(refused(10060005, "发货模式错误"));
    }
    let list = body["shipping_list"].as_array().cloned().unwrap_or_default();
    let most = if delivery_mode == 2 { 15 } else { 1 };
    if list.is_empty() || list.len() > most {
        return Err(refused(10060007, "物流信息数量错误"));
    }
    let is_complete = delivery_mode == 1 || body["is_all_delivered"].as_bool() == Some(true);
    if delivery_mode == 2 && body["is_all_delivered"].as_bool().is_none() {
        return Err(refused(268485203, "is_all_delivered缺失"));
    }
    list.iter().try_for_each(|parcel| check_parcel(logistics_type == 1, parcel))?;
    let upload_time = DateTime::parse_from_rfc3339(field(body, "upload_time"));
    let upload_time = upload_time.map_err(|_| refused(268485197, "upload_time格式错误"))?.to_utc();
    let stamped = |parcel: &Value| {
        let mut parcel = parcel.clone();
        parcel["upload_time"] = json!(upload_time.timestamp());
        parcel
    };
    let parcels = list.iter().map(stamped).collect();
    let mut content = body.clone();
    if let Some(content) = content.as_object_mut() {
        content.remove("upload_time");
    }
    Ok(Upload { delivery_mode, logistics_type, is_complete, parcels, upload_time, content })
}

fn check_parcel(is_express: bool, parcel: &Value) -> Result<(), Refused> {
    let text = |name| field(parcel, name);
    if !(1..=120).contains(&text("item_desc").len()) {
        return Err(refused(10060009, "商品信息错误"));
    }
    if !is_express {
        return Ok(());
    }
    let fits = |text: &str| (1..=128).contains(&text.len());
    if !fits(text("tracking_no")) || !fits(text("express_company")) {
        return Err(refused(10060008, "物流单号或物流公司错误"));
    }
    let contact = &parcel["contact"];
    let phone = [field(contact, "consignor_contact"), field(contact, "receiver_contact")].concat();
    if text("express_company") == "SF" && phone.is_empty() {
        return Err(refused(10060020, "顺丰须填写联系方式"));
    }
    let shown = phone.rsplit('*').next().unwrap_or_default();
    if !phone.is_empty() && (shown.len() != 4 || !phone.contains('*')) {
        return Err(refused(10060024, "联系方式格式错误"));
    }
    Ok(())
}

impl State {
    pub(super) fn is_refunded(&self, order: &Order) -> bool {
        let refunds = self.refunds.values().filter(|refund| {
            refund.mchid == order.mchid
                && refund.out_trade_no == order.out_trade_no
                && refund.status != RefundStatus::Closed
        });
        refunds.map(|refund| refund.amount_fen).sum::<i64>() >= order.amount_fen
    }
}
