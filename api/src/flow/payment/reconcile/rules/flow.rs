//! The fund-flow bill: what moved the account, also by what the trade bill knows nothing of.

use entity::reconciliation_difference::DifferenceKind::MovementUnknown;

use super::{Books, Comparison, Difference, Withdrawal};
use crate::wechat::pay::{FlowDirection, FundFlow};

/// What a movement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Business {
    /// A payment, a refund, or the fee of one: the trade bill has it.
    Trade,
    Withdrawal,
    /// Money to a user.
    Transfer,
    Other,
}

fn business(flow: &FundFlow) -> Business {
    let has = |word: &str| flow.business.contains(word) || flow.business_type.contains(word);
    let is_out = flow.direction == FlowDirection::Out;
    if has("手续费") {
        Business::Trade
    } else if has("提现") && is_out {
        Business::Withdrawal
    } else if has("转账") && is_out {
        Business::Transfer
    } else if flow.business == "交易" || flow.business == "退款" {
        Business::Trade
    } else {
        Business::Other
    }
}

/// Whether it paid a user.
pub fn is_transfer(flow: &FundFlow) -> bool {
    business(flow) == Business::Transfer
}

/// Adds what moves the account besides payments, refunds and fees to our side, and all movements to the bill's.
pub(super) fn compare(flows: &[FundFlow], books: &Books, found: &mut Comparison) {
    found.balance = flows.last().map(|flow| flow.balance_fen);
    for flow in flows {
        let moved = if flow.direction == FlowDirection::In { flow.amount_fen } else { -flow.amount_fen };
        found.bill.movement += moved;
        match business(flow) {
            Business::Trade => {}
            Business::Withdrawal => {
                found.ours.movement += moved;
                found.withdrawals.push(Withdrawal { flow_no: flow.flow_no.clone(), amount: flow.amount_fen });
            }
            Business::Transfer => {
                let ours = books.transfers.get(&flow.voucher_no).map(|fen| -fen);
                found.ours.movement += ours.unwrap_or_default();
                if ours != Some(moved) {
                    found.differences.push(unknown(flow, moved, ours));
                }
            }
            Business::Other => found.differences.push(unknown(flow, moved, None)),
        }
    }
}

fn unknown(flow: &FundFlow, moved: i64, our_amount: Option<i64>) -> Difference {
    let number = if flow.voucher_no.is_empty() { &flow.business_no } else { &flow.voucher_no };
    Difference {
        kind: MovementUnknown,
        number: number.clone(),
        provider_no: Some(flow.business_no.clone()),
        order_id: None,
        bill_amount: Some(moved),
        our_amount,
        detail: Some(flow.business.clone()),
        effect: moved - our_amount.unwrap_or_default(),
    }
}
