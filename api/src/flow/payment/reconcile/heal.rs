//! Acting on what a bill knows and we do not.

use entity::payment_attempt::PaymentAttemptStatus;
use entity::refund::RefundStatus;

use super::fetch::Bills;
use super::read::{self, Ours};
use super::rules::ARRIVED;
use crate::app::App;
use crate::error::Result;
use crate::flow::payment::refund;
use crate::flow::payment::settle::{Settled, ask, unreachable};
use crate::wechat::Account;
use crate::wechat::pay::{RefundColumns, RowState, TradeRow};

/// Asks WeChat about each payment and refund that the bill has ended and we have not; how many were brought up to
/// date. A bill is not proof enough to move money by, so the answer is applied, not the row.
pub(super) async fn heal(app: &App, account: &Account, bills: &Bills) -> Result<i32> {
    let ours = read::named(app.db.read(), account.brand_id, &bills.trades).await?;
    let mut healed = 0;
    for row in &bills.trades {
        let is_new = match &row.refund {
            Some(columns) => refund_is_new(app, account, &ours, columns).await?,
            None => payment_is_new(app, account, &ours, row).await?,
        };
        healed += i32::from(is_new);
    }
    Ok(healed)
}

async fn payment_is_new(app: &App, account: &Account, ours: &Ours, row: &TradeRow) -> Result<bool> {
    let Some(attempt) = ours.attempts.get(&row.out_trade_no) else { return Ok(false) };
    if row.state != RowState::Paid || attempt.status == PaymentAttemptStatus::Paid {
        return Ok(false);
    }
    Ok(matches!(ask(app, account, &row.out_trade_no).await?, Settled::Paid | Settled::Surplus))
}

async fn refund_is_new(app: &App, account: &Account, ours: &Ours, columns: &RefundColumns) -> Result<bool> {
    let Some(known) = ours.refunds.get(&columns.out_refund_no) else { return Ok(false) };
    let is_behind = match known.row.status {
        // That the bill has it at all says that it was taken.
        RefundStatus::Pending => true,
        RefundStatus::Processing | RefundStatus::Abnormal => columns.status == ARRIVED,
        RefundStatus::Succeeded | RefundStatus::Closed => false,
    };
    if !is_behind {
        return Ok(false);
    }
    let state = app.wechat.query_refund(account, &columns.out_refund_no).await.map_err(|error| unreachable(&error))?;
    let Some(state) = state else { return Ok(false) };
    Ok(refund::apply(app, account, &state).await?.is_none())
}
