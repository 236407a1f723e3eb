//! The bills of a day, made from the books when they are asked for.

use std::fmt::Write as _;
use std::io::Write as _;

use actix_web::HttpRequest;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use chrono::{DateTime, Duration, FixedOffset, NaiveDate, TimeZone, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Refused};
use crate::wechat::pay::RefundStatus;
use crate::wechat::standin::model::{BillTrick, StandinBrand};
use crate::wechat::standin::state::State;

/// Bills are there from ten in the morning of the next day on.
const READY_AT: u32 = 10;
const OFFER_LIFE: Duration = Duration::minutes(5);
const TRADE_NAMES: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,\
    应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,\
    申请退款金额,费率备注";
const TRADE_TOTALS: &str =
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
const FLOW_NAMES: &str = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,\
    业务凭证号";
const FLOW_TOTALS: &str = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额";

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
struct Entry {
    at: DateTime<Utc>,
    appid: String,
    transaction_id: String,
    out_trade_no: String,
    openid: String,
    paid_fen: i64,
    /// Numbers and amount of a refund.
    refund: Option<(String, String, i64)>,
    description: String,
    attach: String,
    fee_fen: i64,
}

fn china() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).expect("eight hours are within a day")
}

/// Half a fen is rounded up, for each transaction by itself.
fn fee(amount_fen: i64, per_ten_thousand: i64) -> i64 {
    (amount_fen * per_ten_thousand + 5_000) / 10_000
}

fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.abs() / 100, fen.abs() % 100)
}

fn line(values: &[String]) -> String {
    values.iter().map(|value| format!("`{value}")).collect::<Vec<_>>().join(",") + "\r\n"
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
        let text = flow_text(&entries);
        self.offer(now, brand, request, query, entries.is_empty(), text)
    }

    /// What moved on the day, with whatever the switches do to it.
    fn entries(&self, now: DateTime<Utc>, brand: &StandinBrand, date: NaiveDate) -> Result<Vec<Entry>, Refused> {
        let ready = date.succ_opt().and_then(|next| next.and_hms_opt(READY_AT, 0, 0));
        let ready = ready.and_then(|ready| china().from_local_datetime(&ready).single());
        if ready.is_none_or(|ready| now < ready) {
            return Err(Refused(400, "STATEMENT_CREATING", "账单生成中，请稍后再试"));
        }
        let is_that_day = |at: DateTime<Utc>| at.with_timezone(&china()).date_naive() == date;
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
                let Some(at) = refund.success_time.filter(|at| is_that_day(*at)) else { continue };
                let numbers = (refund.refund_id.clone(), refund.out_refund_no.clone(), refund.amount_fen);
                let fee_fen = -fee(refund.amount_fen, rate);
                entries.push(Entry { at, paid_fen: 0, refund: Some(numbers), fee_fen, ..entry.clone() });
            }
            if is_that_day(at) {
                entries.push(entry);
            }
        }
        entries.sort_by(|a, b| {
            (a.at, &a.out_trade_no, a.refund.is_some()).cmp(&(b.at, &b.out_trade_no, b.refund.is_some()))
        });
        self.play_trick(&mut entries);
        Ok(entries)
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
            BillTrick::None | BillTrick::WrongHash | BillTrick::OtherHost => {}
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

fn stamp(at: DateTime<Utc>) -> String {
    at.with_timezone(&china()).format("%Y-%m-%d %H:%M:%S").to_string()
}

fn trade_text(brand: &StandinBrand, entries: &[Entry], rate: i64) -> String {
    let mut text = format!("\u{feff}{TRADE_NAMES}\r\n");
    let text_of = |text: &str| text.to_owned();
    for entry in entries {
        let (state, kind, status) = match entry.refund {
            Some(_) => ("REFUND", "ORIGINAL", "SUCCESS"),
            None => ("SUCCESS", "", ""),
        };
        let (refund_id, out_refund_no, refunded) = entry.refund.clone().unwrap_or_default();
        text += &line(&[
            stamp(entry.at),
            entry.appid.clone(),
            brand.mchid.clone(),
            text_of("0"),
            String::new(),
            entry.transaction_id.clone(),
            entry.out_trade_no.clone(),
            entry.openid.clone(),
            text_of("JSAPI"),
            text_of(state),
            text_of("OTHERS"),
            text_of("CNY"),
            yuan(entry.paid_fen),
            text_of("0.00"),
            refund_id,
            out_refund_no,
            yuan(refunded),
            text_of("0.00"),
            text_of(kind),
            text_of(status),
            entry.description.clone(),
            entry.attach.clone(),
            yuan(entry.fee_fen),
            format!("{}%", yuan(rate)),
            yuan(entry.paid_fen),
            yuan(refunded),
            String::new(),
        ]);
    }
    let paid = entries.iter().map(|entry| entry.paid_fen).sum();
    let refunded = entries.iter().filter_map(|entry| entry.refund.as_ref()).map(|(_, _, amount)| amount).sum();
    let fees = entries.iter().map(|entry| entry.fee_fen).sum();
    let totals = [paid, refunded, 0, fees, paid, refunded].map(yuan);
    let _ = write!(text, "{TRADE_TOTALS}\r\n");
    text + &line(&[vec![entries.len().to_string()], totals.to_vec()].concat())
}

/// Each entry moves its amount and its fee, which are two movements.
fn flow_text(entries: &[Entry]) -> String {
    let mut text = format!("\u{feff}{FLOW_NAMES}\r\n");
    let (mut balance, mut count, mut ins, mut outs) = (0, 0, (0, 0), (0, 0));
    for entry in entries {
        let (business, amount, number, voucher) = match &entry.refund {
            Some((refund_id, out_refund_no, amount)) => ("退款", -amount, refund_id, out_refund_no),
            None => ("交易", entry.paid_fen, &entry.transaction_id, &entry.out_trade_no),
        };
        let fee_business = if entry.refund.is_some() { "退还交易手续费" } else { "扣除交易手续费" };
        for (business, amount) in [(business, amount), (fee_business, -entry.fee_fen)] {
            if amount == 0 {
                continue;
            }
            count += 1;
            balance += amount;
            let direction = if amount > 0 { &mut ins } else { &mut outs };
            *direction = (direction.0 + 1, direction.1 + amount.abs());
            text += &line(&[
                stamp(entry.at),
                number.clone(),
                format!("F{count:010}"),
                business.to_owned(),
                business.to_owned(),
                if amount > 0 { "收入" } else { "支出" }.to_owned(),
                yuan(amount.abs()),
                yuan(balance),
                "system".to_owned(),
                String::new(),
                voucher.clone(),
            ]);
        }
    }
    let _ = write!(text, "{FLOW_TOTALS}\r\n");
    text + &line(&[count.to_string(), ins.0.to_string(), yuan(ins.1), outs.0.to_string(), yuan(outs.1)])
}
