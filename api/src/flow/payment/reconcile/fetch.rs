//! A day's two bills, as far as they are about this brand.

use std::collections::HashSet;

use chrono::NaiveDate;

use crate::app::App;
use crate::wechat::pay::{BillKind, FundFlow, TradeRow};
use crate::wechat::{Account, Result};

/// What WeChat Pay says of a day.
#[derive(Clone, Debug, Default)]
pub struct Bills {
    pub trades: Vec<TradeRow>,
    pub flows: Vec<FundFlow>,
    /// Of the files; `None` where there was none.
    pub trade_sha1: Option<String>,
    pub flow_sha1: Option<String>,
}

pub(super) async fn bills(app: &App, account: &Account, day: NaiveDate) -> Result<Bills> {
    let trade = app.wechat.trade_bill(account, day, BillKind::All).await?;
    let flow = app.wechat.fund_flow_bill(account, day).await?;
    // A merchant account may serve another app besides; its rows are nobody's here.
    let (trades, foreign): (Vec<_>, Vec<_>) = trade.rows.into_iter().partition(|row| row.belongs_to(account));
    let foreign: HashSet<String> = foreign.into_iter().map(number).collect();
    let flows = flow.rows.into_iter().filter(|flow| !foreign.contains(&flow.business_no)).collect();
    Ok(Bills { trades, flows, trade_sha1: trade.sha1, flow_sha1: flow.sha1 })
}

/// What its movements are told by.
fn number(row: TradeRow) -> String {
    row.refund.map_or(row.transaction_id, |refund| refund.refund_id)
}
