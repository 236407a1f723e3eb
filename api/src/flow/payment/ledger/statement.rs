//! What happened on an account, by day in the brand's time zone.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use entity::journal_line::LedgerAccount;
use sea_orm::{ActiveEnum, ConnectionTrait, Statement as Sql, Value};
use uuid::Uuid;

use super::query;
use crate::error::{Refusal, Result};

/// Days of one statement by day; the CSV has no such limit.
pub const MAX_DAYS: i64 = 366;

/// Days from `from` to `to`, both included, as they begin and end in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: NaiveDate,
    pub to: NaiveDate,
    zone: Tz,
}

impl Span {
    /// Refused when it ends before it begins, or in a year no book is kept for.
    pub fn new(from: NaiveDate, to: NaiveDate, zone: Tz) -> Result<Self, Refusal> {
        let (first, last) = (NaiveDate::from_ymd_opt(2000, 1, 1), NaiveDate::from_ymd_opt(2999, 12, 31));
        if from > to || Some(from) < first || Some(to) > last {
            return Err(Refusal::invalid(
                "to",
                "A statement runs from a day of the years 2000 to 2999 to the same or a later one; swap or correct the dates.",
                "对账单的起止日期须在 2000 至 2999 年之间，且结束日期不得早于开始日期，请更正日期。",
            ));
        }
        Ok(Span { from, to, zone })
    }

    /// At most [`MAX_DAYS`] of them.
    pub fn by_day(self) -> Result<Self, Refusal> {
        if (self.to - self.from).num_days() < MAX_DAYS {
            return Ok(self);
        }
        Err(Refusal::invalid(
            "to",
            format!("A statement by day spans at most {MAX_DAYS} days; ask for less, or take the CSV."),
            format!("按日对账单最多 {MAX_DAYS} 天，请缩小范围，或下载 CSV。"),
        ))
    }

    /// When it begins.
    pub fn starts(&self) -> DateTime<Utc> {
        start_of(self.zone, self.from)
    }

    /// The first instant after it.
    pub fn ends(&self) -> DateTime<Utc> {
        start_of(self.zone, self.to + Duration::days(1))
    }

    pub fn zone(&self) -> Tz {
        self.zone
    }

    fn days(&self) -> impl Iterator<Item = (NaiveDate, DateTime<Utc>, DateTime<Utc>)> + '_ {
        let days = self.from.iter_days().take_while(|day| *day <= self.to);
        days.map(|day| (day, start_of(self.zone, day), start_of(self.zone, day + Duration::days(1))))
    }
}

/// Midnight, or when a zone leaves it out, the first hour there is.
pub fn start_of(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let there = (0..4).find_map(|hours| zone.from_local_datetime(&(midnight + Duration::hours(hours))).earliest());
    there.map_or(midnight.and_utc(), |at| at.with_timezone(&Utc))
}

/// Fen, debits positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    pub date: NaiveDate,
    pub debit: i64,
    /// Positive.
    pub credit: i64,
    /// What stood there when the day was over.
    pub closing: i64,
}

/// An account over a span of days.
#[derive(Clone, Debug)]
pub struct Statement {
    pub account: LedgerAccount,
    pub currency: String,
    pub span: Span,
    /// What stood there before the first day.
    pub opening: i64,
    /// Days on which something happened.
    pub days: Vec<Day>,
}

impl Statement {
    pub fn closing(&self) -> i64 {
        self.days.last().map_or(self.opening, |day| day.closing)
    }
}

/// Three statements, however long the span.
pub async fn read(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    account: LedgerAccount,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Statement> {
    let (currency, zone) = query::brand(db, brand_id).await?;
    let span = Span::new(from, to, zone)?.by_day()?;
    let opening = query::balance_before(db, brand_id, account, &currency, span.starts()).await?;
    let days = days(db, brand_id, account, &currency, &span, opening).await?;
    Ok(Statement { account, currency, span, opening, days })
}

async fn days(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    account: LedgerAccount,
    currency: &str,
    span: &Span,
    opening: i64,
) -> Result<Vec<Day>> {
    let mut values: Vec<Value> = vec![brand_id.into(), account.to_value().into(), currency.into()];
    let mut places = Vec::new();
    for (date, starts, ends) in span.days() {
        let place = values.len();
        places.push(format!("(${}, ${}, ${})", place + 1, place + 2, place + 3));
        values.extend([date.to_string().into(), starts.into(), ends.into()]);
    }
    let text = format!(
        "with v (day, starts, ends) as (values {}) select v.day, \
         cast(sum(case when l.amount > 0 then l.amount else 0 end) as bigint) as debit, \
         cast(sum(case when l.amount < 0 then -l.amount else 0 end) as bigint) as credit \
         from v join journal_line l on l.brand_id = $1 and l.account = $2 and l.currency = $3 \
         and l.posted_at >= v.starts and l.posted_at < v.ends group by v.day order by v.day",
        places.join(", ")
    );
    let mut closing = opening;
    let mut days = Vec::new();
    for row in db.query_all_raw(Sql::from_sql_and_values(db.get_database_backend(), text, values)).await? {
        let (debit, credit): (i64, i64) = (row.try_get("", "debit")?, row.try_get("", "credit")?);
        let date: String = row.try_get("", "day")?;
        closing += debit - credit;
        days.push(Day { date: date.parse().map_err(anyhow::Error::from)?, debit, credit, closing });
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn span(from: &str, to: &str, zone: Tz) -> Result<Span, Refusal> {
        Span::new(day(from), day(to), zone)
    }

    #[test]
    fn a_day_is_one_of_the_brands_wall() {
        let span = span("2026-03-02", "2026-03-03", Tz::Asia__Shanghai).unwrap();
        assert_eq!(span.starts().to_rfc3339(), "2026-03-01T16:00:00+00:00");
        assert_eq!(span.ends().to_rfc3339(), "2026-03-03T16:00:00+00:00");
        let days: Vec<_> = span.days().collect();
        assert_eq!(days.len(), 2);
        assert_eq!(days[0].2, days[1].1, "no instant between them");
    }

    #[test]
    fn a_day_without_a_midnight_begins_an_hour_later() {
        // Clocks in Santiago went from 24:00 to 01:00 on this day.
        let span = span("2024-09-08", "2024-09-08", Tz::America__Santiago).unwrap();
        assert_eq!(span.ends() - span.starts(), Duration::hours(23));
    }

    #[test]
    fn what_is_no_span_is_refused() {
        let zone = Tz::Asia__Shanghai;
        assert!(span("2026-03-02", "2026-03-01", zone).is_err());
        assert!(span("1999-12-31", "2026-03-01", zone).is_err());
        assert!(span("2026-03-01", "3000-01-01", zone).is_err());
        assert!(span("2025-01-01", "2026-01-01", zone).unwrap().by_day().is_ok());
        assert!(span("2025-01-01", "2026-01-02", zone).unwrap().by_day().is_err());
    }
}
