//! Bills as text: marked cells, yuan, totals at the end.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::bill::{Entry, china};
use super::movement::Movement;
use crate::wechat::standin::model::StandinBrand;

const TRADE_NAMES: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,\
    应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,\
    申请退款金额,费率备注";
const TRADE_TOTALS: &str =
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
const FLOW_NAMES: &str = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,\
    业务凭证号";
const FLOW_TOTALS: &str = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额";

fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.abs() / 100, fen.abs() % 100)
}

fn line(values: &[String]) -> String {
    values.iter().map(|value| format!("`{value}")).collect::<Vec<_>>().join(",") + "\r\n"
}

fn stamp(at: DateTime<Utc>) -> String {
    at.with_timezone(&china()).format("%Y-%m-%d %H:%M:%S").to_string()
}

pub(super) fn trade_text(brand: &StandinBrand, entries: &[Entry], rate: i64) -> String {
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

/// `opening` is what the account held before the first of them.
pub(super) fn flow_text(opening: i64, moved: &[Movement]) -> String {
    let mut text = format!("\u{feff}{FLOW_NAMES}\r\n");
    let (mut balance, mut ins, mut outs) = (opening, (0, 0), (0, 0));
    for (count, movement) in (1..).zip(moved) {
        let amount = movement.amount_fen;
        balance += amount;
        let direction = if amount > 0 { &mut ins } else { &mut outs };
        *direction = (direction.0 + 1, direction.1 + amount.abs());
        text += &line(&[
            stamp(movement.at),
            movement.number.clone(),
            format!("F{}{count:06}", movement.at.with_timezone(&china()).format("%Y%m%d")),
            movement.business.to_owned(),
            movement.business.to_owned(),
            if amount > 0 { "收入" } else { "支出" }.to_owned(),
            yuan(amount.abs()),
            yuan(balance),
            "system".to_owned(),
            String::new(),
            movement.voucher.clone(),
        ]);
    }
    let _ = write!(text, "{FLOW_TOTALS}\r\n");
    text + &line(&[moved.len().to_string(), ins.0.to_string(), yuan(ins.1), outs.0.to_string(), yuan(outs.1)])
}
