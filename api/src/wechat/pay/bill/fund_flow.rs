//! The fund flow bill: every movement of the merchant's account, with what is left after it.

use chrono::{DateTime, Utc};

use super::table::{Line, Table, agree, sum};
use crate::wechat::{Error, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowDirection {
    In,
    Out,
}

/// One movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FundFlow {
    pub at: DateTime<Utc>,
    /// WeChat's number of what it is about: a transaction, a refund, a transfer.
    pub business_no: String,
    /// WeChat's number of the movement; one business may move money more than once.
    pub flow_no: String,
    /// WeChat's words: `交易`, `退款`, `扣除交易手续费` …
    pub business: String,
    pub business_type: String,
    pub direction: FlowDirection,
    /// Never negative; the direction says which way.
    pub amount_fen: i64,
    /// What the account holds afterwards.
    pub balance_fen: i64,
    pub submitted_by: String,
    pub remark: String,
    /// Our number, where there is one.
    pub voucher_no: String,
}

/// The last line of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FundFlowTotals {
    pub count: usize,
    pub in_count: usize,
    pub in_fen: i64,
    pub out_count: usize,
    pub out_fen: i64,
}

/// Reads an unpacked file and checks its totals.
pub(super) fn read(raw: &[u8]) -> Result<(Vec<FundFlow>, FundFlowTotals)> {
    let table = Table::read(raw)?;
    let rows = table.rows().map(row).collect::<Result<Vec<_>>>()?;
    let stated = stated(table.totals())?;
    agree(&stated, &totals(&rows)?)?;
    Ok((rows, stated))
}

fn row(line: Line<'_>) -> Result<FundFlow> {
    let owned = |name| line.text(name).map(str::to_owned);
    let amount_fen = line.fen("收支金额（元）")?;
    if amount_fen < 0 {
        return Err(Error::Malformed("a movement of a bill is negative"));
    }
    Ok(FundFlow {
        at: line.time("记账时间")?,
        business_no: owned("微信支付业务单号")?,
        flow_no: owned("资金流水单号")?,
        business: owned("业务名称")?,
        business_type: owned("业务类型")?,
        direction: match line.text("收支类型")? {
            "收入" => FlowDirection::In,
            "支出" => FlowDirection::Out,
            _ => return Err(Error::Malformed("a movement of a bill goes neither in nor out")),
        },
        amount_fen,
        balance_fen: line.fen("账户结余（元）")?,
        submitted_by: owned("资金变更提交申请人")?,
        remark: owned("备注")?,
        voucher_no: owned("业务凭证号")?,
    })
}

fn stated(line: Line<'_>) -> Result<FundFlowTotals> {
    Ok(FundFlowTotals {
        count: line.count("资金流水总笔数")?,
        in_count: line.count("收入笔数")?,
        in_fen: line.fen("收入金额")?,
        out_count: line.count("支出笔数")?,
        out_fen: line.fen("支出金额")?,
    })
}

fn totals(rows: &[FundFlow]) -> Result<FundFlowTotals> {
    let of = |direction| rows.iter().filter(move |row| row.direction == direction);
    Ok(FundFlowTotals {
        count: rows.len(),
        in_count: of(FlowDirection::In).count(),
        in_fen: sum(of(FlowDirection::In).map(|row| row.amount_fen))?,
        out_count: of(FlowDirection::Out).count(),
        out_fen: sum(of(FlowDirection::Out).map(|row| row.amount_fen))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,业务凭证号";
    const IN: &str = "`2026-03-01 10:00:00,`42A,`F1,`交易,`交易,`收入,`199.00,`199.00,`system,`结算总金额 199.00 元;含手续费 1.19 元,`PS1";
    const OUT: &str =
        "`2026-03-01 10:00:00,`42A,`F2,`扣除交易手续费,`扣除交易手续费,`支出,`1.19,`197.81,`system,`,`PS1";
    const TOTALS: &str = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n`2,`1,`199.00,`1,`1.19";

    #[test]
    fn movements_are_read_and_add_up() {
        let (rows, totals) = read(format!("{NAMES}\n{IN}\n{OUT}\n{TOTALS}").as_bytes()).expect("reads");
        assert_eq!((rows[1].direction, rows[1].amount_fen, rows[1].balance_fen), (FlowDirection::Out, 119, 19_781));
        assert_eq!((totals.in_fen, totals.out_count), (19_900, 1));
    }

    #[test]
    fn what_does_not_add_up_is_refused() {
        for broken in [
            format!("{NAMES}\n{IN}\n{TOTALS}"),
            format!("{NAMES}\n{IN}\n{}\n{TOTALS}", OUT.replace("支出", "调整")),
            format!("{NAMES}\n{IN}\n{}\n{TOTALS}", OUT.replace("`1.19", "`-1.19")),
            format!("{NAMES}\n{IN}\n{OUT}\n{}", TOTALS.replace("1.19", "1.20")),
        ] {
            assert!(matches!(read(broken.as_bytes()), Err(Error::Malformed(_))), "{broken}");
        }
    }
}
