//! Pure decisions: what is earned and when it may be paid, in which transfers, and where a transfer stands.

pub mod refusal;

use chrono::{DateTime, Datelike, Duration, Months, Utc};
use chrono_tz::Tz;
use entity::commission::{self, CommissionStatus};
use entity::transfer::TransferStatus;
use uuid::Uuid;

use crate::flow::payment::ledger::statement::start_of;
use crate::wechat::pay::TransferState;

/// A transfer that WeChat does not know so long after it was last asked for was never taken. Were it taken later all the
/// same, nobody has what it is confirmed with, and it lapses.
pub const SETTLED: Duration = Duration::minutes(10);
/// A cancelled transfer is looked at this soon.
const SOON: Duration = Duration::seconds(30);

/// Fen earned with `base` fen at `rate_bp` hundredths of a percent; what is less than a fen is nobody's.
pub fn earned(base: i64, rate_bp: i32) -> i64 {
    let earned = i128::from(base.max(0)) * i128::from(rate_bp.max(0)) / 10_000;
    i64::try_from(earned).unwrap_or(i64::MAX)
}

/// When what was earned with an order received at `received_at` may be paid: when the month after that of its
/// receipt is over on the brand's wall.
pub fn available_at(received_at: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    let day = received_at.with_timezone(&zone).date_naive();
    let first = day.with_day(1).unwrap_or(day);
    start_of(zone, first.checked_add_months(Months::new(2)).unwrap_or(first))
}

/// Fen that are neither paid nor on their way; negative when too much is.
pub fn open(commission: &commission::Model) -> i64 {
    commission.amount - commission.reversed - commission.paying - commission.paid
}

/// The state that the numbers of a commission say.
pub fn status(commission: &commission::Model) -> CommissionStatus {
    match open(commission) {
        _ if commission.paying != 0 => CommissionStatus::Paying,
        ..=-1 => CommissionStatus::Owing,
        1.. if commission.matured_at.is_some() => CommissionStatus::Available,
        1.. => CommissionStatus::Frozen,
        0 if commission.paid > 0 => CommissionStatus::Paid,
        0 => CommissionStatus::Reversed,
    }
}

/// Fen of a commission that are to be taken back now that only `base` fen of its order are left. What is left of it
/// is what `base` alone would have earned, in whatever steps it came down.
pub fn reversal(commission: &commission::Model, base: i64) -> i64 {
    let left = commission.amount - commission.reversed;
    (left - earned(base, commission.rate_bp)).max(0)
}

/// Fen of one transfer, from least to most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub min: i64,
    pub max: i64,
}

/// The amounts of the fewest transfers that carry `total`, as equal as can be. `None` when it is too little for one.
pub fn parts(total: i64, limits: Limits) -> Option<Vec<i64>> {
    if total < limits.min.max(1) {
        return None;
    }
    let count = (total - 1) / limits.max + 1;
    let (each, rest) = (total / count, total % count);
    Some((0..count).map(|n| each + i64::from(n < rest)).collect())
}

/// What each of the `parts` pays of what is `open` (id and fen, which add up to the parts). What was paid too much
/// lessens the first.
pub fn allot(open: &[(Uuid, i64)], parts: &[i64]) -> Vec<Vec<(Uuid, i64)>> {
    let too_much: Vec<_> = open.iter().copied().filter(|(_, fen)| *fen < 0).collect();
    let mut rest = open.iter().copied().filter(|(_, fen)| *fen > 0);
    let mut at_hand = rest.next();
    let mut allotted = Vec::with_capacity(parts.len());
    for (n, part) in parts.iter().enumerate() {
        let mut lines = if n == 0 { too_much.clone() } else { Vec::new() };
        let mut need = part - lines.iter().map(|(_, fen)| fen).sum::<i64>();
        while let Some((id, fen)) = at_hand.filter(|_| need > 0) {
            let taken = fen.min(need);
            lines.push((id, taken));
            need -= taken;
            at_hand = if taken < fen { Some((id, fen - taken)) } else { rest.next() };
        }
        allotted.push(lines);
    }
    allotted
}

/// Whether nothing will change any more.
pub fn is_final(status: TransferStatus) -> bool {
    rank(status) == rank(TransferStatus::Succeeded)
}

/// Whether a person may still ask for it back.
pub fn is_cancellable(status: TransferStatus) -> bool {
    matches!(status, TransferStatus::Created | TransferStatus::Accepted | TransferStatus::Waiting)
}

/// How far a transfer is: it never goes back.
fn rank(status: TransferStatus) -> u8 {
    use TransferStatus::*;
    match status {
        Created => 0,
        Accepted => 1,
        Waiting => 2,
        Transferring | Cancelling => 3,
        Succeeded | Failed | Cancelled => 4,
    }
}

/// The state a transfer takes from WeChat's word; `None` when that word changes nothing.
pub fn next(from: TransferStatus, said: TransferState) -> Option<TransferStatus> {
    let to = match said {
        TransferState::Accepted | TransferState::Processing => TransferStatus::Accepted,
        TransferState::WaitUserConfirm => TransferStatus::Waiting,
        TransferState::Transferring => TransferStatus::Transferring,
        TransferState::Canceling => TransferStatus::Cancelling,
        TransferState::Success => TransferStatus::Succeeded,
        TransferState::Fail => TransferStatus::Failed,
        TransferState::Cancelled => TransferStatus::Cancelled,
        TransferState::Unknown => return None,
    };
    (rank(to) > rank(from)).then_some(to)
}

/// When to look at a transfer next that was written at `created_at`: ever more seldom, from 30 s to half an hour.
pub fn next_look(created_at: DateTime<Utc>, is_cancelling: bool, now: DateTime<Utc>) -> DateTime<Utc> {
    let pause = if is_cancelling { SOON } else { (now - created_at) / 4 };
    now + pause.clamp(SOON, Duration::minutes(30))
}

#[cfg(test)]
mod tests;
