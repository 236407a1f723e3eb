//! Push messages as typed events, each with the identity that makes repetitions recognisable.

use chrono::DateTime;
use serde_json::Value;

use super::body::{list, number, text};
use super::{Push, PushEvent, SubscribeItem};
use crate::wechat::{Account, Error, Refusal, Result, Suggest};

/// Fields that tell two events of the same sender and second apart.
const DISTINGUISHING: [&str; 4] = ["trace_id", "transaction_id", "OpenID", "RevokeInfo"];

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
        _ if kind.starts_with("trade_manage_") || kind == "wxa_trade_controlled" => {
            PushEvent::TradeManage { kind: kind.to_owned(), raw: message.clone() }
        }
        _ => PushEvent::Other { kind: kind.to_owned() },
    }
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
