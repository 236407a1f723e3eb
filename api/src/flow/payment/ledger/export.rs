//! An account's lines as CSV, page by page: a year of a large brand is never in memory.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use entity::journal::JournalKind;
use entity::journal_line::LedgerAccount;
use futures_util::Stream;
use sea_orm::{ActiveEnum, FromQueryResult};
use uuid::Uuid;

use super::statement::Span;
use super::{accounts, query, words};
use crate::app::App;
use crate::base::db::sql;
use crate::base::lang::Lang;
use crate::error::Result;

/// Lines read and sent at a time.
const PAGE: i64 = 1_000;
/// Tells spreadsheets that the text is UTF-8.
const BOM: &str = "\u{feff}";

const HEAD: [(&str, &str); 12] = [
    ("Date", "日期"),
    ("Time", "时间"),
    ("No.", "凭证号"),
    ("Event", "业务类型"),
    ("Order no.", "订单号"),
    ("Memo", "摘要"),
    ("Debit (yuan)", "借方（元）"),
    ("Credit (yuan)", "贷方（元）"),
    ("Balance (yuan)", "余额（元）"),
    ("Debit less credit (fen)", "借减贷（分）"),
    ("Balance (fen)", "余额（分）"),
    ("Currency", "币种"),
];

/// An account over a span of days. Amounts are plain numbers, a balance is positive on the account's normal
/// side; texts are [`harmless`].
pub struct Export {
    app: App,
    brand_id: Uuid,
    account: LedgerAccount,
    currency: String,
    span: Span,
    lang: Lang,
    balance: i64,
    at: Place,
}

/// How far it is.
#[derive(Clone, Copy)]
enum Place {
    Head,
    After(DateTime<Utc>, Uuid, i32),
    End,
}

#[derive(FromQueryResult)]
struct Row {
    posted_at: DateTime<Utc>,
    journal_id: Uuid,
    position: i32,
    amount: i64,
    seq: i64,
    kind: JournalKind,
    memo: Option<String>,
    order_no: Option<String>,
}

impl Export {
    /// Reads what stood on the account before the first day; what can be refused is refused here.
    pub async fn begin(
        app: &App,
        brand_id: Uuid,
        account: LedgerAccount,
        days: (chrono::NaiveDate, chrono::NaiveDate),
        lang: Lang,
    ) -> Result<Self> {
        let (currency, zone) = query::brand(app.db.read(), brand_id).await?;
        let span = Span::new(days.0, days.1, zone)?;
        let balance = query::balance_before(app.db.read(), brand_id, account, &currency, span.starts()).await?;
        Ok(Export { app: app.clone(), brand_id, account, currency, span, lang, balance, at: Place::Head })
    }

    /// The file in pieces.
    pub fn pieces(self) -> impl Stream<Item = Result<Bytes>> {
        futures_util::stream::try_unfold(self, |mut export| async move {
            Ok(export.next().await?.map(|piece| (piece, export)))
        })
    }

    async fn next(&mut self) -> Result<Option<Bytes>> {
        match self.at {
            Place::Head => {
                self.at = Place::After(self.span.starts(), Uuid::nil(), 0);
                let head = HEAD.map(|(en, zh)| self.lang.pick(en, zh).to_owned());
                let opening = self.total("Opening balance", "期初余额", self.span.from);
                Ok(Some([BOM.as_bytes(), &csv(&[head, opening])?].concat().into()))
            }
            Place::After(at, journal_id, position) => {
                let rows = self.page(at, journal_id, position).await?;
                let mut records: Vec<_> = rows.iter().map(|row| self.record(row)).collect();
                match rows.last() {
                    Some(last) if i64::try_from(rows.len()) == Ok(PAGE) => {
                        self.at = Place::After(last.posted_at, last.journal_id, last.position);
                    }
                    _ => {
                        self.at = Place::End;
                        records.push(self.total("Closing balance", "期末余额", self.span.to));
                    }
                }
                Ok(Some(csv(&records)?.into()))
            }
            Place::End => Ok(None),
        }
    }

    async fn page(&self, at: DateTime<Utc>, journal_id: Uuid, position: i32) -> Result<Vec<Row>> {
        let db = self.app.db.read();
        let statement = sql(
            db.get_database_backend(),
            "select l.posted_at, l.journal_id, l.position, l.amount, j.seq, j.kind, j.memo, o.order_no from journal_line l \
             join journal j on j.brand_id = l.brand_id and j.id = l.journal_id \
             left join orders o on o.brand_id = l.brand_id and o.id = l.order_id \
             where l.brand_id = $1 and l.account = $2 and l.currency = $3 and l.posted_at < $4 \
             and (l.posted_at, l.journal_id, l.position) > ($5, $6, $7) \
             order by l.posted_at, l.journal_id, l.position limit $8",
            [
                self.brand_id.into(),
                self.account.to_value().into(),
                self.currency.clone().into(),
                self.span.ends().into(),
                at.into(),
                journal_id.into(),
                position.into(),
                PAGE.into(),
            ],
        );
        Ok(Row::find_by_statement(statement).all(db).await?)
    }

    fn record(&mut self, row: &Row) -> [String; 12] {
        self.balance += row.amount;
        let local = row.posted_at.with_timezone(&self.span.zone());
        let (en, zh) = words::event(row.kind);
        let (debit, credit) = (row.amount.max(0), row.amount.min(0).saturating_neg());
        let or_empty = |fen: i64| if fen == 0 { String::new() } else { yuan(fen) };
        let shown = accounts::shown(self.account, self.balance);
        [
            local.format("%Y-%m-%d").to_string(),
            local.format("%H:%M:%S").to_string(),
            row.seq.to_string(),
            self.lang.pick(en, zh).to_owned(),
            harmless(row.order_no.as_deref().unwrap_or_default()),
            harmless(row.memo.as_deref().unwrap_or_default()),
            or_empty(debit),
            or_empty(credit),
            yuan(shown),
            row.amount.to_string(),
            shown.to_string(),
            self.currency.clone(),
        ]
    }

    fn total(&self, en: &str, zh: &str, day: chrono::NaiveDate) -> [String; 12] {
        let (name_en, name_zh) = accounts::name(self.account);
        let (name, what) = (self.lang.pick(name_en, name_zh), self.lang.pick(en, zh));
        let shown = accounts::shown(self.account, self.balance);
        let mut record = [const { String::new() }; 12];
        record[0] = day.to_string();
        record[3] = what.to_owned();
        record[5] = name.to_owned();
        record[8] = yuan(shown);
        record[10] = shown.to_string();
        record[11] = self.currency.clone();
        record
    }
}

fn csv(records: &[[String; 12]]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in records {
        writer.write_record(record).map_err(anyhow::Error::from)?;
    }
    Ok(writer.into_inner().map_err(|error| anyhow::anyhow!("{error}"))?)
}

/// `1234` fen are `12.34`.
fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.unsigned_abs() / 100, fen.unsigned_abs() % 100)
}

/// A text that no spreadsheet takes for a formula: one that begins like one gets an apostrophe before it.
fn harmless(text: &str) -> String {
    let hostile = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if hostile { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fen_are_written_as_yuan() {
        let written = [0, 5, 99, 100, -1, -12_345, i64::MIN].map(yuan);
        assert_eq!(written, ["0.00", "0.05", "0.99", "1.00", "-0.01", "-123.45", "-92233720368547758.08"]);
    }

    #[test]
    fn no_text_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        assert_eq!(harmless("late_payment"), "late_payment");
        assert_eq!(harmless(""), "");
    }

    proptest! {
        #[test]
        fn whatever_stands_in_a_cell_is_read_back_as_one(text in ".*") {
            let mut record = [const { String::new() }; 12];
            record[5] = harmless(&text);
            let written = csv(&[record.clone()]).unwrap();
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*written);
            let read: Vec<_> = reader.records().map(Result::unwrap).collect();
            prop_assert_eq!(read.len(), 1);
            prop_assert_eq!(&read[0][5], record[5].as_str());
            prop_assert!(!read[0][5].starts_with(['=', '+', '-', '@', '\t', '\r']));
        }
    }
}
