//! Checks every free text that comes in: length, control characters, emptiness.

use crate::error::{Refusal, Result};

/// Trims `value` and refuses it when empty, longer than `max` characters, or holding control
/// characters other than line breaks. `field` is the input path shown to the client.
pub fn required(field: &str, value: &str, max: usize) -> Result<String> {
    let value = value.trim();
    if value.is_empty() {
        return Err(
            Refusal::invalid(field, format!("“{field}” must not be empty."), format!("“{field}”不能为空。")).into()
        );
    }
    checked(field, value, max)
}

/// Like [`required`], but nothing and blanks are `None`.
pub fn optional(field: &str, value: Option<&str>, max: usize) -> Result<Option<String>> {
    match value.map(str::trim).filter(|value| !value.is_empty()) {
        Some(value) => checked(field, value, max).map(Some),
        None => Ok(None),
    }
}

/// A carrier's tracking number: spaces dropped, letters in capitals; 6 to 40 letters, digits and dashes.
pub fn tracking_no(field: &str, value: &str) -> Result<String> {
    let value: String = value.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
    let shaped = (6..=40).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if shaped {
        return Ok(value);
    }
    Err(Refusal::invalid(
        field,
        "A tracking number has 6 to 40 letters, digits and dashes; check it against the waybill.",
        "运单号须为 6 至 40 位字母、数字或短横线，请与面单核对。",
    )
    .into())
}

fn checked(field: &str, value: &str, max: usize) -> Result<String> {
    let length = value.chars().count();
    if length > max {
        return Err(Refusal::invalid(
            field,
            format!("“{field}” is {length} characters long; at most {max} fit."),
            format!("“{field}”长度为 {length} 个字符，最多 {max} 个。"),
        )
        .into());
    }
    // Direction overrides can make a name read as something else in an operator's list.
    let hostile =
        |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if value.chars().any(hostile) {
        return Err(Refusal::invalid(
            field,
            format!("“{field}” holds control characters; remove them."),
            format!("“{field}”含有控制字符，请删除。"),
        )
        .into());
    }
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracking_number_is_read_as_it_was_pasted() {
        assert_eq!(tracking_no("trackingNo", " sf 1234 567890\n").unwrap(), "SF1234567890");
        for wrong in ["", "12345", "SF123456'; --", "运单号一二三四五六", &"1".repeat(41)] {
            assert!(tracking_no("trackingNo", wrong).is_err(), "{wrong}");
        }
    }
}
