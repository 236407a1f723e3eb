//! The chart of accounts.

use entity::journal_line::LedgerAccount::{self, *};

/// The side on which an account grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Debit,
    Credit,
}

/// What a balance of an account means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// The brand has it.
    Asset,
    /// The brand owes it.
    Liability,
    Income,
    Expense,
}

pub fn nature(account: LedgerAccount) -> Nature {
    match account {
        Clearing | Bank => Nature::Asset,
        MemberPayments | DepositsHeld | RefundsPayable | CompensationPayable | CommissionPayable | FactoryPayable => {
            Nature::Liability
        }
        Revenue | ForfeitedDeposits => Nature::Income,
        Compensation | ProviderFees | CommissionExpense | FactoryCost => Nature::Expense,
    }
}

pub fn normal_side(account: LedgerAccount) -> Side {
    match nature(account) {
        Nature::Asset | Nature::Expense => Side::Debit,
        Nature::Liability | Nature::Income => Side::Credit,
    }
}

/// A balance as people read it: positive on the account's normal side. `signed` counts debits positive.
pub fn shown(account: LedgerAccount, signed: i64) -> i64 {
    match normal_side(account) {
        Side::Debit => signed,
        Side::Credit => -signed,
    }
}

/// Its name in English and Chinese.
pub fn name(account: LedgerAccount) -> (&'static str, &'static str) {
    match account {
        Clearing => ("Provider clearing", "微信支付待结算款"),
        Bank => ("Bank", "银行存款"),
        MemberPayments => ("Member payments", "预收货款"),
        DepositsHeld => ("Deposits held", "预收定金"),
        RefundsPayable => ("Refunds payable", "应付退款"),
        Revenue => ("Revenue", "主营业务收入"),
        ForfeitedDeposits => ("Forfeited deposits", "定金罚没收入"),
        Compensation => ("Compensation", "赔偿支出"),
        CompensationPayable => ("Compensation payable", "应付赔偿款"),
        ProviderFees => ("Provider fees", "支付手续费"),
        CommissionExpense => ("Commission expense", "推广佣金支出"),
        CommissionPayable => ("Commission payable", "应付佣金"),
        FactoryCost => ("Factory cost", "加工成本"),
        FactoryPayable => ("Factory payable", "应付加工费"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::Iterable;
    use std::collections::BTreeSet;

    const ALL: [LedgerAccount; 14] = [
        Clearing,
        Bank,
        MemberPayments,
        DepositsHeld,
        RefundsPayable,
        Revenue,
        ForfeitedDeposits,
        Compensation,
        CompensationPayable,
        ProviderFees,
        CommissionExpense,
        CommissionPayable,
        FactoryCost,
        FactoryPayable,
    ];

    #[test]
    fn every_account_is_in_the_chart_under_a_name_of_its_own() {
        assert_eq!(LedgerAccount::iter().collect::<Vec<_>>(), ALL);
        let names: BTreeSet<_> = ALL.iter().flat_map(|account| [name(*account).0, name(*account).1]).collect();
        assert_eq!(names.len(), 2 * ALL.len());
    }

    #[test]
    fn what_is_owed_or_earned_is_shown_positive() {
        assert_eq!(shown(MemberPayments, -100), 100);
        assert_eq!(shown(Revenue, -100), 100);
        assert_eq!(shown(Clearing, 100), 100);
        assert_eq!(shown(FactoryCost, 100), 100);
    }
}
