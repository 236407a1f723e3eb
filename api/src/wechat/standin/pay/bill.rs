//! The bills of a day, made from the books when they are asked for.

use std::io::Write as _;

use actix_web::HttpRequest;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use chrono::{DateTime, Duration, FixedOffset, NaiveDate, TimeZone, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde_json::json;

use super::bill_text::{flow_text, trade_text};
use super::movement::movements;
use super::{Answer, Refused};
use crate::wechat::pay::RefundStatus;
use crate::wechat::standin::model::{BillTrick, StandinBrand};
use crate::wechat::standin::state::State;

/// Bills are there from ten in the morning of the next day on.
const READY_AT: u32 = 10;
const OFFER_LIFE: Duration = Duration::minutes(5);

/// A file waiting to be fetched.
#[derive(Debug)]
pub(in crate::wechat::standin) struct Download {
    mchid: String,
    expires_at: DateTime<Utc>,
    bytes: Vec<u8>,
}

#[derive(Deserialize)]
pub(super) struct BillQuery {
    bill_date: NaiveDate,
    #[serde(default)]
    bill_type: String,
    #[serde(default)]
    tar_type: String,
}

/// A payment or a refund of the day, with its fee.
#[derive(Clone)]
pub(super) struct Entry {
    pub at: DateTime<Utc>,
    pub appid: String,
    pub transaction_id: String,
    pub out_trade_no: String,
    pub openid: String,
    pub paid_fen: i64,
    /// Numbers and amount of a refund.
    pub refund: Option<(String, String, i64)>,
    pub description: String,
    pub attach: String,
    pub fee_fen: i64,
}

pub(super) fn china() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).expect("eight hours are within a day")
}

/// The day in Beijing.
fn day_of(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&china()).date_naive()
}

/// Half a fen is rounded up, for each transaction by itself.
fn fee(amount_fen: i64, per_ten_thousand: i64) -> i64 {
    (amount_fen * per_ten_thousand + 5_000) / 10_000
}

impl State {
    pub(super) fn trade_bill(
        &mut self,
        now: DateTime<Utc>,
        brand: &StandinBrand,
        request: &HttpRequest,
        query: &BillQuery,
    ) -> Answer {
        let mut entries = self.entries(now, brand, query.bill_date)?;
        match query.bill_type.as_str() {
            "" | "ALL" => {}
            "SUCCESS" => entries.retain(|entry| entry.refund.is_none()),
            "REFUND" => entries.retain(|entry| entry.refund.is_some()),
            _ => return Err(Refused(400, "PARAM_ERROR", "bill_type错误")),
        }
        let rate = self.switches.fee_per_ten_thousand;
        let text = trade_text(brand, &entries, rate);
        self.offer(now, brand, request, query, entries.is_empty(), text)
    }

    pub(super) fn fund_flow_bill(
        &mut self,
        now: DateTime<Utc>,
        brand: &StandinBrand,
        request: &HttpRequest,
        query: &BillQuery,
    ) -> Answer {
        let entries = self.entries(now, brand, query.bill_date)?;
        let date = query.bill_date;
        let moved = self.play_with_movements(movements(self, brand, &entries, |at| day_of(at) == date));
        let earlier = self.entries_when(brand, |at| day_of(at) < date);
        let before = movements(self, brand, &earlier, |at| day_of(at) < date);
        let begun = self.balances.get(&brand.mchid).copied().unwrap_or_default();
        let opening = begun + before.iter().map(|movement| movement.amount_fen).sum::<i64>();
        let text = flow_text(opening, &moved);
        self.offer(now, brand, request, query, moved.is_empty(), text)
    }

    /// What moved on the day, with whatever the switches do to it.
    fn entries(&self, now: DateTime<Utc>, brand: &StandinBrand, date: NaiveDate) -> Result<Vec<Entry>, Refused> {
        let ready = date.succ_opt().and_then(|next| next.and_hms_opt(READY_AT, 0, 0));
        let ready = ready.and_then(|ready| china().from_local_datetime(&ready).single());
        if ready.is_none_or(|ready| now < ready) {
            return Err(Refused(400, "STATEMENT_CREATING", "账单生成中，请稍后再试"));
        }
        let mut entries = self.entries_when(brand, |at| day_of(at) == date);
        self.play_trick(&mut entries);
        Ok(entries)
    }

    /// Payments and refunds that ended at a wanted time. A refund is in the bill of the day on which it arrived.
    fn entries_when(&self, brand: &StandinBrand, is_wanted: impl Fn(DateTime<Utc>) -> bool) -> Vec<Entry> {
        let rate = self.switches.fee_per_ten_thousand;
        let mut entries = Vec::new();
        for order in self.orders.values().filter(|order| order.mchid == brand.mchid) {
            let (description, attach) = order.texts();
            let Some(at) = order.success_time else { continue };
            let entry = Entry {
                at,
                appid: order.appid.clone(),
                transaction_id: order.transaction_id.clone(),
                out_trade_no: order.out_trade_no.clone(),
                openid: order.openid.clone(),
                paid_fen: order.amount_fen,
                refund: None,
                description: description.to_owned(),
                attach: attach.to_owned(),
                fee_fen: fee(order.amount_fen, rate),
            };
            let of_order = |refund: &&super::RefundEntry| {
                refund.mchid == order.mchid
                    && refund.out_trade_no == order.out_trade_no
                    && refund.status == RefundStatus::Success
            };
            for refund in self.refunds.values().filter(of_order) {
                let Some(at) = refund.success_time.filter(|at| is_wanted(*at)) else { continue };
                let numbers = (refund.refund_id.clone(), refund.out_refund_no.clone(), refund.amount_fen);
                let fee_fen = -fee(refund.amount_fen, rate);
                entries.push(Entry { at, paid_fen: 0, refund: Some(numbers), fee_fen, ..entry.clone() });
            }
            if is_wanted(at) {
                entries.push(entry);
            }
        }
        entries.sort_by(|a, b| {
            (a.at, &a.out_trade_no, a.refund.is_some()).cmp(&(b.at, &b.out_trade_no, b.refund.is_some()))
        });
        entries
    }

    /// Makes the day's file differ from the books, consistently in itself.
    fn play_trick(&self, entries: &mut Vec<Entry>) {
        match self.switches.bill_trick {
            BillTrick::MissingRow => {
                entries.pop();
            }
            BillTrick::ExtraRow => {
                if let Some(last) = entries.last().cloned() {
                    let transaction_id = format!("49{}", last.transaction_id);
                    let out_trade_no = format!("X{}", last.out_trade_no);
                    entries.push(Entry { transaction_id, out_trade_no, ..last });
                }
            }
            BillTrick::ChangedAmount => {
                if let Some(last) = entries.last_mut() {
                    match &mut last.refund {
                        Some((_, _, amount)) => *amount += 1,
                        None => last.paid_fen += 1,
                    }
                }
            }
            BillTrick::None | BillTrick::WrongHash | BillTrick::OtherHost | BillTrick::StrangeMovement => {}
        }
    }

    fn offer(
        &mut self,
        now: DateTime<Utc>,
        brand: &StandinBrand,
        request: &HttpRequest,
        query: &BillQuery,
        is_empty: bool,
        text: String,
    ) -> Answer {
        if is_empty {
            return Err(Refused(400, "NO_STATEMENT_EXIST", "账单文件不存在"));
        }
        let trick = self.switches.bill_trick;
        let mut hash = hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()));
        if trick == BillTrick::WrongHash {
            hash = "0".repeat(hash.len());
        }
        let bytes = if query.tar_type == "GZIP" { pack(&text) } else { text.into_bytes() };
        let token = format!("{:032x}", self.next_id());
        let download = Download { mchid: brand.mchid.clone(), expires_at: now + OFFER_LIFE, bytes };
        self.downloads.insert(token.clone(), download);
        let host = request.connection_info().host().to_owned();
        let host = if trick == BillTrick::OtherHost { "files.example.com".to_owned() } else { host };
        let download_url = format!("http://{host}/v3/billdownload/file?token={token}");
        Ok((200, json!({ "hash_type": "SHA1", "hash_value": hash, "download_url": download_url })))
    }

    pub(super) fn download(&self, now: DateTime<Utc>, brand: &StandinBrand, token: &str) -> Result<Vec<u8>, Refused> {
        let download = self.downloads.get(token).filter(|download| download.mchid == brand.mchid);
        let download = download.filter(|download| now < download.expires_at);
        download.map(|download| download.bytes.clone()).ok_or(Refused(400, "PARAM_ERROR", "token已过期"))
    }
}

fn pack(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).expect("memory takes what it is given")
}
