//! Subscribe messages: templates, grants, and the events around them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Answer, Refused, refused};
use crate::wechat::standin::model::{SentMessage, field};
use crate::wechat::standin::state::State;

impl State {
    /// The user taps "accept" on the sheet: one more message may be sent, and the app is told.
    pub fn accept_subscribe(&mut self, now: DateTime<Utc>, appid: &str, openid: &str, template_id: &str) {
        let user = (appid.to_owned(), openid.to_owned());
        let (appid_key, openid_key) = user.clone();
        self.users.insert(user);
        *self.grants.entry((appid_key, openid_key, template_id.to_owned())).or_default() += 1;
        let item = json!({ "TemplateId": template_id, "SubscribeStatusString": "accept", "PopupScene": "0" });
        self.push_event(now, appid, Some(openid), "subscribe_msg_popup_event", json!({ "List": item }));
    }
}

pub(super) fn send(state: &mut State, now: DateTime<Utc>, appid: &str, body: &Value) -> Answer {
    let (openid, template_id) = (field(body, "touser"), field(body, "template_id"));
    if !state.users.contains(&(appid.to_owned(), openid.to_owned())) {
        return Err(refused(40003, "invalid openid"));
    }
    let keywords = state.brands.get(appid).and_then(|brand| brand.templates.get(template_id));
    let data = read_data(keywords.ok_or(refused(40037, "invalid template_id"))?, &body["data"])?;
    let grant = (appid.to_owned(), openid.to_owned(), template_id.to_owned());
    match state.grants.get_mut(&grant) {
        Some(left) if *left > 0 => *left -= 1,
        _ => return Err(refused(43101, "user refuse to accept the msg")),
    }
    let msgid = format!("{:019}", state.next_id());
    state.sent.push(SentMessage {
        appid: appid.to_owned(),
        openid: openid.to_owned(),
        template_id: template_id.to_owned(),
        page: body.get("page").and_then(Value::as_str).map(str::to_owned),
        data,
        msgid: msgid.clone(),
    });
    let item = json!({ "TemplateId": template_id, "MsgID": msgid, "ErrorCode": "0", "ErrorStatus": "success" });
    state.push_event(now, appid, Some(openid), "subscribe_msg_sent_event", json!({ "List": item }));
    Ok(json!({ "msgid": msgid.parse::<u64>().unwrap_or_default() }))
}

/// Every keyword of the template with a value within its limits, and nothing else.
fn read_data(keywords: &[String], data: &Value) -> Result<BTreeMap<String, String>, Refused> {
    let invalid = |key: &str| Refused(47003, format!("argument invalid! data.{key}.value invalid").into());
    let mut values = BTreeMap::new();
    for key in keywords {
        let value = data.get(key).map(|keyword| field(keyword, "value")).unwrap_or_default();
        if value.is_empty() || !fits(key, value) {
            return Err(invalid(key));
        }
        values.insert(key.clone(), value.to_owned());
    }
    match data.as_object() {
        Some(given) if given.len() == values.len() => Ok(values),
        _ => Err(refused(47003, "argument invalid! data")),
    }
}

fn fits(key: &str, value: &str) -> bool {
    let length = value.chars().count();
    let digits = value.chars().filter(char::is_ascii_digit).count();
    !value.chars().any(char::is_control)
        && match key.trim_end_matches(|c: char| c.is_ascii_digit()) {
            "thing" => length <= 20,
            "number" => length <= 32 && value.parse::<f64>().is_ok(),
            "letter" => length <= 32 && value.chars().all(|c| c.is_ascii_alphabetic()),
            "symbol" => length <= 5,
            "character_string" => length <= 32 && value.is_ascii(),
            "time" | "date" => digits > 0,
            "amount" => (1..=12).contains(&digits),
            "phone_number" => length <= 17 && value.is_ascii(),
            "car_number" => length <= 8,
            "name" => length <= if value.is_ascii() { 20 } else { 10 },
            "phrase" => length <= 5 && !value.chars().any(|c| c.is_ascii()),
            _ => true,
        }
}
