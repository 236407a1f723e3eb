//! What moves a merchant's account, for its fund-flow bill: payments, refunds, fees, transfers, withdrawals.

use chrono::{DateTime, Utc};

use super::bill::Entry;
use crate::wechat::pay::TransferState;
use crate::wechat::standin::model::{BillTrick, StandinBrand};
use crate::wechat::standin::state::State;

/// One movement of the account: more than nothing when it comes in.
#[derive(Clone)]
pub(super) struct Movement {
    pub at: DateTime<Utc>,
    /// WeChat's number of what it is about.
    pub number: String,
    pub business: &'static str,
    pub amount_fen: i64,
    /// The merchant's number of it.
    pub voucher: String,
}

/// Settled money that went to the merchant's bank.
#[derive(Clone, Debug)]
pub(in crate::wechat::standin) struct Withdrawal {
    pub mchid: String,
    pub number: String,
    pub at: DateTime<Utc>,
    pub amount_fen: i64,
}

/// The movements of `entries`, and what else moved at a wanted time, in the order of time. Each entry moves its amount
/// and its fee, which are two movements; a transfer moves when it has reached the user.
pub(super) fn movements(
    state: &State,
    brand: &StandinBrand,
    entries: &[Entry],
    is_wanted: impl Fn(DateTime<Utc>) -> bool,
) -> Vec<Movement> {
    let mut moved: Vec<_> = entries.iter().flat_map(of_entry).filter(|movement| movement.amount_fen != 0).collect();
    let transfers = state.transfers.values().filter(|transfer| {
        transfer.mchid == brand.mchid && transfer.state == TransferState::Success && is_wanted(transfer.updated_at)
    });
    moved.extend(transfers.map(|transfer| Movement {
        at: transfer.updated_at,
        number: transfer.transfer_bill_no.clone(),
        business: "商家转账",
        amount_fen: -transfer.amount_fen,
        voucher: transfer.out_bill_no.clone(),
    }));
    let drawn = state.withdrawals.iter().filter(|drawn| drawn.mchid == brand.mchid && is_wanted(drawn.at));
    moved.extend(drawn.map(|drawn| Movement {
        at: drawn.at,
        number: drawn.number.clone(),
        business: "提现",
        amount_fen: -drawn.amount_fen,
        voucher: drawn.number.clone(),
    }));
    moved.sort_by_key(|movement| movement.at);
    moved
}

fn of_entry(entry: &Entry) -> [Movement; 2] {
    let (business, fee_business, amount_fen, number, voucher) = match &entry.refund {
        Some((refund_id, out_refund_no, amount)) => ("退款", "退还交易手续费", -amount, refund_id, out_refund_no),
        None => ("交易", "扣除交易手续费", entry.paid_fen, &entry.transaction_id, &entry.out_trade_no),
    };
    let movement = |business, amount_fen| Movement {
        at: entry.at,
        number: number.clone(),
        business,
        amount_fen,
        voucher: voucher.clone(),
    };
    [movement(business, amount_fen), movement(fee_business, -entry.fee_fen)]
}

impl State {
    /// Adds a movement of a kind of its own to the day, if the switches ask for it.
    pub(super) fn play_with_movements(&self, mut moved: Vec<Movement>) -> Vec<Movement> {
        if self.switches.bill_trick == BillTrick::StrangeMovement
            && let Some(last) = moved.last().cloned()
        {
            let number = format!("77{}", last.number);
            moved.push(Movement { business: "充值", amount_fen: 1, voucher: number.clone(), number, ..last });
        }
        moved
    }
}
