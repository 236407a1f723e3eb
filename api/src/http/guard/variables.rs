//! Bounds for the JSON around a document.

use std::io;

use serde_json::Value;

use super::limits::Limits;
use super::measure::saturated;
use super::refusal::{LimitName, Refusal, short};

/// The envelope of a request and the array of a batch surround the variables.
const LEVELS_AROUND_VARIABLES: u32 = 2;

/// Checks a request body before a recursive JSON parser reads it: its size, and that arrays and objects are not nested
/// deeper than variables in a batch may be nor more than allowed. Says nothing about whether it is JSON. O(bytes), no allocation.
pub fn check_json_bytes(body: &[u8], limits: &Limits) -> Result<(), Refusal> {
    Refusal::unless_within(LimitName::BodyBytes, saturated(body.len()), limits.body_bytes)?;
    let max = limits.json_depth.saturating_add(LEVELS_AROUND_VARIABLES);
    let (deepest, values) = shape(body);
    Refusal::unless_within(LimitName::JsonDepth, deepest, max)?;
    Refusal::unless_within(LimitName::JsonValues, values, limits.json_values)
}

/// Brackets open at once, and commas and opening brackets together.
fn shape(body: &[u8]) -> (u32, u32) {
    let (mut open, mut deepest, mut values) = (0u32, 0u32, 0u32);
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                open = open.saturating_add(1);
                deepest = deepest.max(open);
                values = values.saturating_add(1);
            }
            b'}' | b']' => open = open.saturating_sub(1),
            b',' => values = values.saturating_add(1),
            b'"' => {
                while let Some(inner) = bytes.next() {
                    match inner {
                        b'"' => break,
                        b'\\' => _ = bytes.next(),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    (deepest, values)
}

/// Checks the `variables` of one request: an object or null, not too deep, not too large, and no string or key with
/// U+0000 in it.
pub fn check_variables(raw: &Value, limits: &Limits) -> Result<(), Refusal> {
    let variables = match raw {
        Value::Null => return Ok(()),
        Value::Object(variables) => variables,
        _ => return Err(Refusal::VariablesNotObject),
    };
    for (name, value) in variables {
        check_text(name, name)?;
        check_value(name, value, limits)?;
    }
    let mut size = Size(0);
    serde_json::to_writer(&mut size, raw).expect("JSON values serialise, and counting bytes cannot fail");
    Refusal::unless_within(LimitName::VariablesBytes, saturated(size.0), limits.variables_bytes)
}

fn check_value(name: &str, value: &Value, limits: &Limits) -> Result<(), Refusal> {
    // The second number is the depth an array or object has there; the variables object is 1.
    let mut rest = vec![(value, 2u32)];
    while let Some((value, depth)) = rest.pop() {
        match value {
            Value::String(text) => check_text(name, text)?,
            Value::Array(items) => {
                Refusal::unless_within(LimitName::JsonDepth, depth, limits.json_depth)?;
                rest.extend(items.iter().map(|item| (item, depth + 1)));
            }
            Value::Object(fields) => {
                Refusal::unless_within(LimitName::JsonDepth, depth, limits.json_depth)?;
                for (key, field) in fields {
                    check_text(name, key)?;
                    rest.push((field, depth + 1));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    Ok(())
}

fn check_text(variable: &str, text: &str) -> Result<(), Refusal> {
    if text.contains('\0') { Err(Refusal::NulCharacter { variable: Some(short(variable)) }) } else { Ok(()) }
}

/// Counts what is written to it.
struct Size(usize);

impl io::Write for Size {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
