//! The trade bill: a row a payment, a row a refund.

use chrono::{DateTime, Utc};

use super::table::{Line, Table, agree, sum};
use crate::wechat::{Account, Error, Result};

/// Which rows are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BillKind {
    All,
    /// Payments of the day.
    Success,
    /// Refunds of the day.
    Refund,
}

impl BillKind {
    pub(super) fn word(self) -> &'static str {
        match self {
            BillKind::All => "ALL",
            BillKind::Success => "SUCCESS",
            BillKind::Refund => "REFUND",
        }
    }
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// `SUCCESS`: a payment.
    Paid,
    /// `REFUND`: money that went back.
    Refunded,
    /// `REVOKED`: a payment taken back at once, which this shop never does.
    Revoked,
    /// A word this version does not know.
    Unknown,
}

/// A payment or a refund. Brands may share a merchant account: see [`TradeRow::belongs_to`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradeRow {
    /// When the money came, or went back.
    pub at: DateTime<Utc>,
    pub appid: String,
    pub mchid: String,
    pub transaction_id: String,
    pub out_trade_no: String,
    pub openid: String,
    pub state: RowState,
    /// `CNY`.
    pub currency: String,
    /// What is settled with the merchant for the payment; 0 on a refund.
    pub settled_fen: i64,
    /// What the order was about; 0 on a refund.
    pub ordered_fen: i64,
    /// On a refund only.
    pub refund: Option<RefundColumns>,
    /// WeChat Pay's fee: positive when taken, negative when given back.
    pub fee_fen: i64,
    /// As written: `0.60%`.
    pub rate: String,
    pub description: String,
    /// What the order call passed along.
    pub attach: String,
}

/// What a refund's row says besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundColumns {
    pub refund_id: String,
    pub out_refund_no: String,
    /// What went back of the settled amount.
    pub refund_fen: i64,
    /// What was asked for.
    pub asked_fen: i64,
    /// WeChat's word: `SUCCESS`, `PROCESSING` …
    pub status: String,
}

impl TradeRow {
    pub fn belongs_to(&self, account: &Account) -> bool {
        self.appid == account.appid && self.mchid == account.mchid
    }
}

/// The last line of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TradeTotals {
    pub count: usize,
    pub settled_fen: i64,
    pub refunded_fen: i64,
    pub fee_fen: i64,
    pub ordered_fen: i64,
    pub asked_fen: i64,
}

/// Reads an unpacked file and checks its totals.
pub(super) fn read(raw: &[u8]) -> Result<(Vec<TradeRow>, TradeTotals)> {
    let table = Table::read(raw)?;
    let rows = table.rows().map(row).collect::<Result<Vec<_>>>()?;
    let stated = stated(table.totals())?;
    agree(&stated, &totals(&rows)?)?;
    Ok((rows, stated))
}

fn row(line: Line<'_>) -> Result<TradeRow> {
    let state = match line.text("交易状态")? {
        "SUCCESS" => RowState::Paid,
        "REFUND" => RowState::Refunded,
        "REVOKED" => RowState::Revoked,
        _ => RowState::Unknown,
    };
    let owned = |name| line.text(name).map(str::to_owned);
    let refund = if state == RowState::Refunded { Some(refund(line)?) } else { None };
    let is_payment = refund.is_none();
    let of_payment = |name| if is_payment { line.fen(name) } else { Ok(0) };
    Ok(TradeRow {
        at: line.time("交易时间")?,
        appid: owned("公众账号ID")?,
        mchid: owned("商户号")?,
        transaction_id: owned("微信订单号")?,
        out_trade_no: owned("商户订单号")?,
        openid: owned("用户标识")?,
        state,
        currency: owned("货币种类")?,
        settled_fen: of_payment("应结订单金额")?,
        ordered_fen: of_payment("订单金额")?,
        refund,
        fee_fen: line.fen("手续费")?,
        rate: owned("费率")?,
        description: owned("商品名称")?,
        attach: owned("商户数据包")?,
    })
}

fn refund(line: Line<'_>) -> Result<RefundColumns> {
    let columns = RefundColumns {
        refund_id: line.text("微信退款单号")?.to_owned(),
        out_refund_no: line.text("商户退款单号")?.to_owned(),
        refund_fen: line.fen("退款金额")?,
        asked_fen: line.fen("申请退款金额")?,
        status: line.text("退款状态")?.to_owned(),
    };
    if columns.refund_fen < 0 || columns.asked_fen < 0 {
        return Err(Error::Malformed("a bill's refund is negative"));
    }
    Ok(columns)
}

fn stated(line: Line<'_>) -> Result<TradeTotals> {
    // Bills of payments alone say nothing of refunds.
    let optional = |name| if line.has(name) { line.fen(name) } else { Ok(0) };
    Ok(TradeTotals {
        count: line.count("总交易单数")?,
        settled_fen: line.fen("应结订单总金额")?,
        refunded_fen: optional("退款总金额")?,
        fee_fen: line.fen("手续费总金额")?,
        ordered_fen: line.fen("订单总金额")?,
        asked_fen: optional("申请退款总金额")?,
    })
}

fn totals(rows: &[TradeRow]) -> Result<TradeTotals> {
    let refunds = || rows.iter().filter_map(|row| row.refund.as_ref());
    Ok(TradeTotals {
        count: rows.len(),
        settled_fen: sum(rows.iter().map(|row| row.settled_fen))?,
        refunded_fen: sum(refunds().map(|refund| refund.refund_fen))?,
        fee_fen: sum(rows.iter().map(|row| row.fee_fen))?,
        ordered_fen: sum(rows.iter().map(|row| row.ordered_fen))?,
        asked_fen: sum(refunds().map(|refund| refund.asked_fen))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,\
        货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,\
        费率,订单金额,申请退款金额,费率备注";
    const PAID: &str = "`2026-03-01 23:59:59,`wx1,`1900,`0,`,`42A,`PS1,`o1,`JSAPI,`SUCCESS,`OTHERS,`CNY,`199.00,`0.00,`0,`0,`0.00,\
        `0.00,`,`,`大衣, 驼色, M,`order:1,`1.19000,`0.60%,`199.00,`0.00,`";
    const REFUND: &str = "`2026-03-01 08:00:00,`wx1,`1900,`0,`,`42A,`PS1,`o1,`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`50A,`R1,\
        `0.29,`0.00,`ORIGINAL,`SUCCESS,`大衣,`order:1,`-0.01,`0.60%,`0.00,`0.29,`";
    const TOTALS: &str = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n`2,`199.00,`0.29,`0.00,`1.18,`199.00,`0.29";

    fn file(rows: &[&str], totals: &str) -> Vec<u8> {
        format!("\u{feff}{NAMES}\r\n{}\r\n{totals}\r\n", rows.join("\r\n")).into_bytes()
    }

    #[test]
    fn rows_are_read_by_the_names_of_their_columns() {
        let (rows, totals) = read(&file(&[PAID, REFUND], TOTALS)).expect("reads");
        assert_eq!((rows[0].settled_fen, rows[0].fee_fen, rows[0].refund.is_none()), (19_900, 119, true));
        assert_eq!(rows[0].description, "大衣, 驼色, M", "a comma belongs to the value");
        assert_eq!(rows[0].at.to_rfc3339(), "2026-03-01T15:59:59+00:00");
        let refund = rows[1].refund.as_ref().expect("a refund");
        assert_eq!((refund.out_refund_no.as_str(), refund.refund_fen, rows[1].fee_fen), ("R1", 29, -1));
        assert_eq!((totals.count, totals.fee_fen), (2, 118));
    }

    #[test]
    fn a_part_of_a_bill_is_no_bill() {
        let malformed = |raw: &[u8]| matches!(read(raw), Err(Error::Malformed(_)));
        assert!(malformed(&file(&[PAID], TOTALS)), "a row is missing");
        assert!(malformed(&file(&[PAID, REFUND, REFUND], TOTALS)), "a row is too many");
        assert!(malformed(&file(&[PAID, REFUND], "")), "no totals");
        assert!(malformed(&file(&[&PAID.replace("199.00", "199.01"), REFUND], TOTALS)), "an amount differs");
        assert!(malformed(&file(&[&PAID.replace("1.19000", "1.18500"), REFUND], TOTALS)), "half a fen");
        assert!(malformed(&file(&[&PAID.replace("`CNY,", ""), REFUND], TOTALS)), "a value is missing");
        assert!(malformed(&file(&[PAID, REFUND], &format!("{TOTALS}\r\n`2,`1,`1,`1,`1,`1,`1"))), "two totals");
        assert!(malformed(&file(&[PAID, REFUND], &format!("{TOTALS}\r\nmore"))), "names after the totals");
        assert!(malformed(b"") && malformed(b"\xff") && malformed("`1,`2".as_bytes()));
    }
}
