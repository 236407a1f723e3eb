//! The shape all bills share: a line of names, rows, a line of names, totals.

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeZone, Utc};
use csv::{ReaderBuilder, StringRecord};

use super::yuan;
use crate::wechat::{Error, Result};

/// Stands before each value, so that spreadsheets leave numbers alone.
const MARK: char = '`';

/// A bill by its columns.
pub(super) struct Table {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
    total_names: Vec<String>,
    totals: Vec<String>,
}

/// Values of one line, found by the column's name.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    names: &'a [String],
    values: &'a [String],
}

impl Table {
    pub fn read(raw: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(raw).map_err(|_| Error::Malformed("a bill is not UTF-8"))?;
        let text = text.trim_start_matches('\u{feff}');
        // Values are not quoted: the mark is what tells where one begins.
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).quoting(false).from_reader(text.as_bytes());
        let mut table = Self { names: Vec::new(), rows: Vec::new(), total_names: Vec::new(), totals: Vec::new() };
        for record in reader.records() {
            table.take(&record.map_err(|_| Error::Malformed("a bill is not CSV"))?)?;
        }
        if table.totals.is_empty() {
            return Err(Error::Malformed("a bill ends before its totals"));
        }
        Ok(table)
    }

    fn take(&mut self, record: &StringRecord) -> Result<()> {
        let is_values = record.get(0).is_some_and(|first| first.starts_with(MARK));
        let names = || record.iter().map(|name| name.trim().to_owned()).collect();
        if !is_values {
            if self.names.is_empty() {
                self.names = names();
            } else if self.total_names.is_empty() {
                self.total_names = names();
            } else {
                return Err(Error::Malformed("a bill has more than two lines of names"));
            }
            return Ok(());
        }
        let values = values(record);
        let expected = if self.total_names.is_empty() { &self.names } else { &self.total_names };
        if values.len() != expected.len() {
            return Err(Error::Malformed("a bill's line has more or fewer values than names"));
        }
        if self.total_names.is_empty() {
            self.rows.push(values);
        } else if self.totals.is_empty() {
            self.totals = values;
        } else {
            return Err(Error::Malformed("a bill has more than one line of totals"));
        }
        Ok(())
    }

    pub fn rows(&self) -> impl Iterator<Item = Line<'_>> {
        self.rows.iter().map(|values| Line { names: &self.names, values })
    }

    pub fn totals(&self) -> Line<'_> {
        Line { names: &self.total_names, values: &self.totals }
    }
}

/// The values without their marks. What has none is the rest of a value that holds a comma.
fn values(record: &StringRecord) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for field in record {
        match (field.strip_prefix(MARK), values.last_mut()) {
            (Some(value), _) => values.push(value.to_owned()),
            (None, Some(last)) => {
                last.push(',');
                last.push_str(field);
            }
            (None, None) => {}
        }
    }
    values
}

impl<'a> Line<'a> {
    pub fn has(self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    pub fn text(self, name: &str) -> Result<&'a str> {
        let at = self.names.iter().position(|known| known == name);
        let value = at.and_then(|at| self.values.get(at));
        value.map(|value| value.trim()).ok_or(Error::Malformed("a bill lacks a column"))
    }

    /// An amount in yuan, in fen.
    pub fn fen(self, name: &str) -> Result<i64> {
        yuan::fen(self.text(name)?).ok_or(Error::Malformed("an amount of a bill is not yuan and fen"))
    }

    pub fn count(self, name: &str) -> Result<usize> {
        self.text(name)?.parse().map_err(|_| Error::Malformed("a bill's count is not a number"))
    }

    /// A time of Beijing.
    pub fn time(self, name: &str) -> Result<DateTime<Utc>> {
        let china = FixedOffset::east_opt(8 * 3600).expect("eight hours are within a day");
        NaiveDateTime::parse_from_str(self.text(name)?, "%Y-%m-%d %H:%M:%S")
            .ok()
            .and_then(|time| china.from_local_datetime(&time).single())
            .map(|time| time.to_utc())
            .ok_or(Error::Malformed("a bill's time cannot be read"))
    }
}

/// The sum, in fen, that a total has to be.
pub(super) fn sum(amounts: impl Iterator<Item = i64>) -> Result<i64> {
    let mut amounts = amounts;
    amounts.try_fold(0_i64, |sum, amount| sum.checked_add(amount)).ok_or(Error::Malformed("a bill's sum is too large"))
}

/// Refuses a bill whose totals are not those of its rows: a part of it is missing.
pub(super) fn agree<T: PartialEq>(stated: &T, found: &T) -> Result<()> {
    if stated == found { Ok(()) } else { Err(Error::Malformed("a bill's totals are not those of its rows")) }
}
