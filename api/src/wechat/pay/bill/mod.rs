//! The books as WeChat Pay keeps them, a file a day (WeChat Pay v3 docs: trade bill, fund flow bill).
//!
//! Yesterday's bills are there from 10:00 in Beijing on. Asking gives an address and a hash; the file behind the
//! address is not signed, so it is believed for its hash alone, which came signed. Amounts are yuan in text and become
//! fen without passing through a float. Each file ends with totals, which have to be the sums of its rows.
mod fetch;
mod fund_flow;
mod table;
mod trade;
mod yuan;

use chrono::NaiveDate;

pub use fund_flow::{FlowDirection, FundFlow, FundFlowTotals};
pub use trade::{BillKind, RefundColumns, RowState, TradeRow, TradeTotals};

/// One day's file, read and checked against its own totals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill<Row, Totals> {
    /// The day in Beijing.
    pub date: NaiveDate,
    /// In the file's order; none on a day without movement.
    pub rows: Vec<Row>,
    pub totals: Totals,
    /// Lower-case hex of the unpacked file, for keeping beside what was made of it; `None` when there was no file.
    pub sha1: Option<String>,
}

/// Payments and refunds.
pub type TradeBill = Bill<TradeRow, TradeTotals>;
/// Every movement of the merchant's account.
pub type FundFlowBill = Bill<FundFlow, FundFlowTotals>;

/// For the fuzz targets: what is read once a hash was found right.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn read_anything(raw: &[u8]) -> bool {
    [trade::read(raw).is_ok(), fund_flow::read(raw).is_ok()].contains(&true)
}
