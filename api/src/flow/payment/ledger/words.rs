//! What the events of the books are called.

use entity::journal::JournalKind::{self, *};

/// In English and Chinese.
pub fn event(kind: JournalKind) -> (&'static str, &'static str) {
    match kind {
        PaymentSettled => ("Payment", "收款"),
        PaymentSurplus => ("Surplus payment", "多收款"),
        BalancePaid => ("Deposit counted towards the price", "定金转货款"),
        DepositForfeited => ("Deposit forfeited", "定金罚没"),
        RefundRequested => ("Refund requested", "退款申请"),
        RefundSucceeded => ("Refund paid", "退款到账"),
        RefundClosed => ("Refund closed", "退款关闭"),
        RevenueRecognised => ("Order received", "确认收货（确认收入）"),
        ProviderFee => ("Provider fee", "支付手续费"),
        Withdrawn => ("Withdrawal", "提现"),
        CompensationOwed => ("Compensation owed", "赔偿计提"),
        CompensationPaid => ("Compensation paid", "赔偿支付"),
        CommissionAccrued => ("Commission earned", "佣金计提"),
        CommissionReversed => ("Commission reversed", "佣金冲回"),
        CommissionPaid => ("Commission paid", "佣金支付"),
        FactoryAccrued => ("Factory work accepted", "加工费计提"),
        FactoryPaid => ("Factory paid", "加工费支付"),
    }
}
