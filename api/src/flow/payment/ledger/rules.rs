//! What happens to money, as balanced journals. Pure: amounts in, lines out.

use entity::journal::JournalKind;
use entity::journal_line::LedgerAccount::{self, *};
use entity::payment_leg::PaymentLegKind;
use uuid::Uuid;

/// What an event is about.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// The attempt, refund, order, accrual … that it happens to. An event happens to a thing once.
    pub source_id: Uuid,
    pub order_id: Option<Uuid>,
    /// Who is paid or to be paid, where that is not the buyer of the order.
    pub party: Party,
    /// ISO 4217.
    pub currency: &'a str,
    /// Fen, more than nothing.
    pub amount: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    Nobody,
    Member(Uuid),
    Factory(Uuid),
}

/// Where the money of an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// A deposit whose balance is not paid yet.
    Deposit,
    /// Paid and not delivered, or paid and not needed.
    Payment,
    /// Earned: the order was received.
    Revenue,
}

impl Held {
    fn account(self) -> LedgerAccount {
        match self {
            Held::Deposit => DepositsHeld,
            Held::Payment => MemberPayments,
            Held::Revenue => Revenue,
        }
    }

    /// Where the money of an attempt is that paid a leg of `kind` or, when it does not `settle`, nothing.
    pub fn of_attempt(settles: bool, kind: PaymentLegKind, balance_paid: bool, received: bool) -> Self {
        match (settles, received, kind) {
            (false, ..) => Held::Payment,
            (true, true, _) => Held::Revenue,
            (true, false, PaymentLegKind::Deposit) if !balance_paid => Held::Deposit,
            (true, false, _) => Held::Payment,
        }
    }

    /// Where a leg of this kind is kept when it is paid. A balance joins what its deposit became
    /// ([`balance_paid`]).
    pub fn of_leg(kind: PaymentLegKind) -> Self {
        match kind {
            PaymentLegKind::Deposit => Held::Deposit,
            PaymentLegKind::Full | PaymentLegKind::Balance => Held::Payment,
        }
    }
}

/// A part of a journal: fen, debit positive, credit negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub account: LedgerAccount,
    pub amount: i64,
    pub order_id: Option<Uuid>,
    pub party: Party,
}

/// Why lines are no journal. Always a mistake of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    #[error("a journal has two lines or more")]
    TooShort,
    #[error("a line of {0:?} moves nothing")]
    Nothing(LedgerAccount),
    #[error("debits and credits differ by {0} fen")]
    Unbalanced(i128),
    #[error("{0:?} is about {1} fen; it takes more than nothing")]
    NotPositive(JournalKind, i64),
}

impl From<Unsound> for crate::error::Error {
    fn from(error: Unsound) -> Self {
        anyhow::Error::from(error).into()
    }
}

/// Lines that add up to nothing, to be posted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    kind: JournalKind,
    source_id: Uuid,
    order_id: Option<Uuid>,
    memo: Option<String>,
    currency: String,
    lines: Vec<Line>,
}

impl Journal {
    pub fn new(
        kind: JournalKind,
        source_id: Uuid,
        order_id: Option<Uuid>,
        currency: &str,
        lines: Vec<Line>,
    ) -> Result<Self, Unsound> {
        if lines.len() < 2 {
            return Err(Unsound::TooShort);
        }
        if let Some(line) = lines.iter().find(|line| line.amount == 0) {
            return Err(Unsound::Nothing(line.account));
        }
        let sum: i128 = lines.iter().map(|line| i128::from(line.amount)).sum();
        if sum != 0 {
            return Err(Unsound::Unbalanced(sum));
        }
        Ok(Journal { kind, source_id, order_id, memo: None, currency: currency.to_owned(), lines })
    }

    /// With a reason in words.
    pub fn because(mut self, memo: impl Into<String>) -> Self {
        self.memo = Some(memo.into());
        self
    }

    pub fn kind(&self) -> JournalKind {
        self.kind
    }

    pub fn source_id(&self) -> Uuid {
        self.source_id
    }

    pub fn order_id(&self) -> Option<Uuid> {
        self.order_id
    }

    pub fn memo(&self) -> Option<&str> {
        self.memo.as_deref()
    }

    pub fn currency(&self) -> &str {
        &self.currency
    }

    pub fn lines(&self) -> &[Line] {
        &self.lines
    }
}

type Made = Result<Journal, Unsound>;

/// `amount` out of `from` (credited) into `into` (debited).
fn moved(kind: JournalKind, of: &Event<'_>, from: LedgerAccount, into: LedgerAccount) -> Made {
    if of.amount <= 0 {
        return Err(Unsound::NotPositive(kind, of.amount));
    }
    either_way(kind, of, from, into)
}

/// The same, the other way round when the amount is negative.
fn either_way(kind: JournalKind, of: &Event<'_>, from: LedgerAccount, into: LedgerAccount) -> Made {
    let line = |account, amount| Line { account, amount, order_id: of.order_id, party: of.party };
    let lines = vec![line(into, of.amount), line(from, of.amount.saturating_neg())];
    Journal::new(kind, of.source_id, of.order_id, of.currency, lines)
}

/// An attempt paid its leg. Source: the attempt.
pub fn payment_settled(of: &Event<'_>, leg: PaymentLegKind) -> Made {
    moved(JournalKind::PaymentSettled, of, Held::of_leg(leg).account(), Clearing)
}

/// An attempt was paid that nothing needed; its refund follows. Source: the attempt.
pub fn payment_surplus(of: &Event<'_>) -> Made {
    moved(JournalKind::PaymentSurplus, of, MemberPayments, Clearing)
}

/// The balance was paid: the deposit (`amount`, less what of it was refunded) is part of the price
/// now. Source: the order.
pub fn balance_paid(of: &Event<'_>) -> Made {
    moved(JournalKind::BalancePaid, of, MemberPayments, DepositsHeld)
}

/// The buyer let the balance lapse. Source: the order.
pub fn deposit_forfeited(of: &Event<'_>) -> Made {
    moved(JournalKind::DepositForfeited, of, ForfeitedDeposits, DepositsHeld)
}

/// Money of an order is to go back. Source: the refund.
pub fn refund_requested(of: &Event<'_>, held: Held) -> Made {
    moved(JournalKind::RefundRequested, of, RefundsPayable, held.account())
}

/// The money is with the buyer. Source: the refund.
pub fn refund_succeeded(of: &Event<'_>) -> Made {
    moved(JournalKind::RefundSucceeded, of, Clearing, RefundsPayable)
}

/// WeChat closed the refund and the money did not leave: it is again where the order's money is.
/// Source: the refund.
pub fn refund_closed(of: &Event<'_>, held: Held) -> Made {
    moved(JournalKind::RefundClosed, of, held.account(), RefundsPayable)
}

/// An order was received: what is paid for it and not refunded is earned. Source: the order.
pub fn revenue_recognised(of: &Event<'_>) -> Made {
    moved(JournalKind::RevenueRecognised, of, Revenue, MemberPayments)
}

/// What WeChat kept of a payment, by its bill; negative for what it gave back with a refund. Source:
/// the attempt or the refund.
pub fn provider_fee(of: &Event<'_>) -> Made {
    either_way(JournalKind::ProviderFee, of, Clearing, ProviderFees)
}

/// Settled money went to the bank account. Source: the withdrawal.
pub fn withdrawn(of: &Event<'_>) -> Made {
    moved(JournalKind::Withdrawn, of, Clearing, Bank)
}

/// The buyer is owed more than her money back: a deposit doubled, interest. Source: the claim.
pub fn compensation_owed(of: &Event<'_>) -> Made {
    moved(JournalKind::CompensationOwed, of, CompensationPayable, Compensation)
}

/// And got it by transfer, or a part of it, or several. Source: the transfer.
pub fn compensation_paid(of: &Event<'_>) -> Made {
    moved(JournalKind::CompensationPaid, of, Clearing, CompensationPayable)
}

/// A KOC earned a commission. Source: the accrual.
pub fn commission_accrued(of: &Event<'_>) -> Made {
    moved(JournalKind::CommissionAccrued, of, CommissionPayable, CommissionExpense)
}

/// A refund took it, or part of it, back. Source: the reversal, of which an accrual may have several.
pub fn commission_reversed(of: &Event<'_>) -> Made {
    moved(JournalKind::CommissionReversed, of, CommissionExpense, CommissionPayable)
}

/// It was paid by merchant transfer. Source: the transfer.
pub fn commission_paid(of: &Event<'_>) -> Made {
    moved(JournalKind::CommissionPaid, of, Clearing, CommissionPayable)
}

/// A factory is owed for accepted pieces. Source: the payable.
pub fn factory_accrued(of: &Event<'_>) -> Made {
    moved(JournalKind::FactoryAccrued, of, FactoryPayable, FactoryCost)
}

/// It was paid from the bank account, which is recorded here only. Source: the payment.
pub fn factory_paid(of: &Event<'_>) -> Made {
    moved(JournalKind::FactoryPaid, of, Bank, FactoryPayable)
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
