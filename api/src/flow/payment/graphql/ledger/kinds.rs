//! What the books call things.

use async_graphql::Enum;
use entity::{journal, journal_line, state_change};

use crate::flow::payment::ledger::accounts;

/// An account of the brand's books.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "journal_line::LedgerAccount")]
pub enum LedgerAccount {
    /// Asset, 微信支付待结算款: money at WeChat Pay.
    Clearing,
    /// Asset, 银行存款: money at the bank.
    Bank,
    /// Liability, 预收货款: paid, not delivered yet.
    MemberPayments,
    /// Liability, 预收定金: deposits whose balance is not paid yet.
    DepositsHeld,
    /// Liability, 应付退款: refunds that have not arrived yet.
    RefundsPayable,
    /// Income, 主营业务收入: paid for orders that were received.
    Revenue,
    /// Income, 定金罚没收入: deposits whose buyer let the balance lapse.
    ForfeitedDeposits,
    /// Expense, 赔偿支出: deposits doubled, interest on late refunds.
    Compensation,
    /// Liability, 应付赔偿款: compensation not paid yet.
    CompensationPayable,
    /// Expense, 支付手续费: what WeChat Pay keeps.
    ProviderFees,
    /// Expense, 推广佣金支出: what KOCs earned.
    CommissionExpense,
    /// Liability, 应付佣金: what of it is not paid yet.
    CommissionPayable,
    /// Expense, 加工成本: accepted work of factories.
    FactoryCost,
    /// Liability, 应付加工费: what of it is not paid yet.
    FactoryPayable,
}

/// A side of an account.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "LedgerSide", remote = "accounts::Side")]
pub enum Side {
    /// 借方: assets and expenses grow on it.
    Debit,
    /// 贷方: liabilities and income grow on it.
    Credit,
}

/// What happened to money.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "LedgerEvent", remote = "journal::JournalKind")]
pub enum Event {
    /// A payment settled its leg.
    PaymentSettled,
    /// A payment came that nothing needed.
    PaymentSurplus,
    /// The balance was paid: the deposit counts towards the price.
    BalancePaid,
    /// The buyer let the balance lapse.
    DepositForfeited,
    /// Money of an order is to go back.
    RefundRequested,
    /// It is with the buyer.
    RefundSucceeded,
    /// WeChat Pay closed the refund; the money did not leave.
    RefundClosed,
    /// An order was received, which earns what is paid for it.
    RevenueRecognised,
    /// WeChat Pay kept a fee.
    ProviderFee,
    /// Settled money went to the bank.
    Withdrawn,
    /// The buyer is owed more than her money back.
    CompensationOwed,
    /// She got it.
    CompensationPaid,
    /// A KOC earned a commission.
    CommissionAccrued,
    /// A refund took it back.
    CommissionReversed,
    /// It was paid.
    CommissionPaid,
    /// A factory is owed for accepted pieces.
    FactoryAccrued,
    /// It was paid.
    FactoryPaid,
}

/// What kind of someone did it.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "LedgerActorKind", remote = "state_change::StateChangeActorKind")]
pub enum ActorKind {
    /// A member.
    Member,
    /// Someone of the brand's staff.
    Staff,
    /// A factory.
    Factory,
    /// Nobody: it happens by itself.
    System,
    /// WeChat said so.
    Wechat,
}
