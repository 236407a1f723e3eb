//! Money: whole minor units (fen) and a currency. Never a float.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value};

/// A 64-bit integer. JavaScript reads it exactly up to 2^53.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Long(pub i64);

/// A 64-bit integer. JavaScript reads it exactly up to 2^53.
#[Scalar(specified_by_url = "https://ibm.github.io/graphql-specs/custom-scalars/long.html")]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => number.as_i64().map(Long).ok_or_else(|| InputValueError::expected_type(value)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
}

/// ISO 4217, three capital letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrencyCode(pub String);

/// ISO 4217, three capital letters: `CNY`.
#[Scalar(specified_by_url = "https://www.iso.org/iso-4217-currency-codes.html")]
impl ScalarType for CurrencyCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(code) if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) => {
                Ok(CurrencyCode(code))
            }
            value => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// An amount in whole minor units of a currency (fen for CNY).
#[derive(SimpleObject, Clone, Debug, PartialEq, Eq)]
#[graphql(serial)]
pub struct Money {
    /// Minor units: fen for CNY, never a fraction.
    pub minor_units: Long,
    /// What the units are of.
    pub currency: CurrencyCode,
    /// For showing to people: `¥199.00`.
    pub formatted: String,
}

impl Money {
    pub fn new(minor_units: i64, currency: &str) -> Self {
        let sign = if minor_units < 0 { "-" } else { "" };
        let (whole, part) = (minor_units.unsigned_abs() / 100, minor_units.unsigned_abs() % 100);
        let symbol = if currency == "CNY" { "¥".to_owned() } else { format!("{currency} ") };
        Money {
            minor_units: Long(minor_units),
            currency: CurrencyCode(currency.to_owned()),
            formatted: format!("{sign}{symbol}{whole}.{part:02}"),
        }
    }
}
