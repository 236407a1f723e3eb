//! Push messages as typed events, each with the identity that makes repetitions recognisable.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::body::{list, number, text};
use super::{Push, PushEvent, SettlementMoment, SubscribeItem, TradeOrder};
use crate::wechat::{Account, Error, Refusal, Result, Suggest};

/// Fields that tell two events of the same sender and second apart.
const DISTINGUISHING: [&str; 5] = ["trace_id", "transaction_id", "settlement_time", "OpenID", "RevokeInfo"];

/// Reads an opened message. The app it names, if any, must be the account's.
pub(super) fn read(account: &Account, message: &Value) -> Result<Vec<Push>> {
    for field in ["appid", "AppID"] {
        let appid = text(message, field);
        if !appid.is_empty() && appid != account.appid {
            return Err(Error::Unverified(Refusal::OtherApp));
        }
    }
    let kind = match text(message, "Event") {
        event if event.is_empty() => text(message, "MsgType"),
        event => event,
    };
    let created_at = number(message, "CreateTime").and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let push = |event, extra: &str| Push { identity: identity(message, &kind, extra), created_at, event };
    let openid = text(message, "FromUserName");
    Ok(match kind.as_str() {
        "subscribe_msg_popup_event" => {
            let items = items(list(message, "SubscribeMsgPopupEvent"));
            let extra = joined(&items);
            vec![push(PushEvent::SubscribePopup { openid, items }, &extra)]
        }
        "subscribe_msg_change_event" => {
            let items = items(list(message, "SubscribeMsgChangeEvent"));
            let extra = joined(&items);
            vec![push(PushEvent::SubscribeChange { openid, items }, &extra)]
        }
        "subscribe_msg_sent_event" => list(message, "SubscribeMsgSentEvent")
            .iter()
            .map(|item| push(sent(&openid, item), &text(item, "MsgID")))
            .collect(),
        _ => vec![push(single(&kind, message), "")],
    })
}

/// Events that stand alone in their message.
fn single(kind: &str, message: &Value) -> PushEvent {
    let openid = text(message, "OpenID");
    match kind {
        "wxa_media_check" => media_verdict(message),
        "user_info_modified" => PushEvent::UserInfoModified { openid },
        "user_authorization_revoke" => PushEvent::AuthorizationRevoke { openid, revoked: text(message, "RevokeInfo") },
        "user_authorization_cancellation" => PushEvent::AuthorizationCancellation { openid },
        "trade_manage_remind_shipping" => PushEvent::ShippingReminder(trade_order(message)),
        "trade_manage_order_settlement" => settlement(message),
        "wxa_trade_controlled" => PushEvent::TradeControlled { msg: text(message, "msg") },
        _ if kind.starts_with("trade_manage_") => {
            PushEvent::TradeManage { kind: kind.to_owned(), raw: message.clone() }
        }
        _ => PushEvent::Other { kind: kind.to_owned() },
    }
}

fn trade_order(message: &Value) -> TradeOrder {
    TradeOrder {
        transaction_id: text(message, "transaction_id"),
        mchid: text(message, "merchant_id"),
        out_trade_no: text(message, "merchant_trade_no"),
        paid_at: instant(message, "pay_time"),
    }
}

/// One event name for two moments: the second brings the time of settlement.
fn settlement(message: &Value) -> PushEvent {
    let order = trade_order(message);
    let moment = match (instant(message, "settlement_time"), instant(message, "shipped_time")) {
        (Some(settled_at), _) => SettlementMoment::Settled {
            confirmed_at: instant(message, "confirm_receive_time"),
            automatic: number(message, "confirm_receive_method") == Some(2),
            settled_at,
        },
        (None, Some(shipped_at)) => {
            SettlementMoment::Shipped { shipped_at, estimated_at: instant(message, "estimated_settlement_time") }
        }
        (None, None) => {
            return PushEvent::TradeManage { kind: text(message, "Event"), raw: message.clone() };
        }
    };
    PushEvent::Settlement { order, moment }
}

/// Seconds since the epoch; an absent time may also come as 0.
fn instant(message: &Value, field: &str) -> Option<DateTime<Utc>> {
    number(message, field).filter(|seconds| *seconds > 0).and_then(|seconds| DateTime::from_timestamp(seconds, 0))
}

fn media_verdict(message: &Value) -> PushEvent {
    let errcode = number(message, "errcode").unwrap_or(0);
    let result = message.get("result").filter(|_| errcode == 0);
    let suggest = result.map(|result| text(result, "suggest")).filter(|word| !word.is_empty());
    let label = result.and_then(|result| number(result, "label")).and_then(|label| i32::try_from(label).ok());
    PushEvent::MediaVerdict {
        trace_id: text(message, "trace_id"),
        errcode,
        suggest: suggest.map(|word| Suggest::from_word(&word)),
        label: label.unwrap_or(0),
    }
}

fn sent(openid: &str, item: &Value) -> PushEvent {
    PushEvent::SubscribeSent {
        openid: openid.to_owned(),
        template_id: text(item, "TemplateId"),
        msgid: text(item, "MsgID"),
        // A code that cannot be read is not a success.
        error_code: number(item, "ErrorCode").unwrap_or(-1),
    }
}

fn items(list: &[Value]) -> Vec<SubscribeItem> {
    list.iter()
        .map(|item| SubscribeItem {
            template_id: text(item, "TemplateId"),
            // `acceptWithAudio` and `acceptWithAlert` are acceptances too.
            accepted: text(item, "SubscribeStatusString").starts_with("accept"),
        })
        .collect()
}

fn joined(items: &[SubscribeItem]) -> String {
    items.iter().map(|item| item.template_id.as_str()).collect::<Vec<_>>().join(",")
}

/// WeChat's `MsgId` where there is one, otherwise sender, second, kind and whatever else tells events apart.
fn identity(message: &Value, kind: &str, extra: &str) -> String {
    let id = text(message, "MsgId");
    if !id.is_empty() {
        return format!("{kind}|{id}|{extra}");
    }
    let mut identity = format!("{kind}|{}|{}", text(message, "FromUserName"), text(message, "CreateTime"));
    for part in DISTINGUISHING.map(|field| text(message, field)).iter().map(String::as_str).chain([extra]) {
        if !part.is_empty() {
            identity.push('|');
            identity.push_str(part);
        }
    }
    identity
}
