//! Reading fields of push messages, whose types depend on the account's format.

use serde_json::Value;

use super::xml;
use crate::wechat::{Error, Result};

/// Deep enough for every event; serde_json itself stops at 128.
pub(super) fn parse(body: &[u8]) -> Result<Value> {
    let text = std::str::from_utf8(body).map_err(|_| Error::Malformed("the message is not UTF-8"))?;
    let value = if text.trim_start().starts_with('<') { xml::parse(text) } else { serde_json::from_str(text).ok() };
    value.filter(Value::is_object).ok_or(Error::Malformed("the message is neither JSON nor XML"))
}

/// A field that may be a string or a number; empty if absent.
pub(super) fn text(value: &Value, field: &str) -> String {
    match value.get(field) {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// The same for a field that counts.
pub(super) fn number(value: &Value, field: &str) -> Option<i64> {
    match value.get(field)? {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_i64(),
    }
}

/// An object that stands for a list of one, or a list; in XML it lies inside an element named `wrapper`.
pub(super) fn list<'a>(value: &'a Value, wrapper: &str) -> &'a [Value] {
    let holder = value.get(wrapper).unwrap_or(value);
    match holder.get("List") {
        Some(Value::Array(items)) => items,
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => &[],
    }
}
