//! Why something is not paid, and what to do instead.

use entity::transfer::TransferStatus;
use sea_orm::ActiveEnum;

use super::Limits;
use crate::base::money::Money;
use crate::error::{Code, Detail, Refusal};

fn money(fen: i64) -> String {
    Money::new(fen, "CNY").formatted
}

/// `total` fen are too little for a transfer, or nothing.
pub fn too_little(total: i64, limits: Limits) -> Refusal {
    if total <= 0 {
        return Refusal::new(
            Code::WrongState,
            "Nothing of this member can be paid now: it is frozen until the month after the receipt is over, on its way, or taken up by what was paid too much before.",
            "该会员目前没有可支付的款项：佣金冻结至收货次月月底，或已在支付中，或用于抵扣此前多付的款项。",
        );
    }
    let (total, min) = (money(total), money(limits.min));
    Refusal::new(
        Code::WrongState,
        format!("{total} is less than one merchant transfer takes ({min}); pay it together with what comes later."),
        format!("{total} 低于单笔商家转账下限（{min}），请与之后的款项一并支付。"),
    )
}

/// WeChat cannot reach her any more.
pub fn account_closed() -> Refusal {
    Refusal::new(
        Code::WrongState,
        "This member has closed her account, so that no transfer reaches her; settle it with her in another way.",
        "该会员已注销，无法通过商家转账支付，请以其他方式结算。",
    )
}

/// Too late, or asked for already.
pub fn not_cancellable(status: TransferStatus, is_asked: bool) -> Refusal {
    if is_asked && super::is_cancellable(status) {
        return Refusal::wrong_state(
            status.to_value(),
            "This transfer is being taken back already; what comes of it shows here by itself.",
            "该笔转账正在撤销中，结果会自动更新。",
        );
    }
    Refusal::wrong_state(
        status.to_value(),
        "Only a transfer that the member has not confirmed yet can be taken back.",
        "只有收款人尚未确认的转账才能撤销。",
    )
}

/// A compensation that is not owed any more.
pub fn not_owed(state: String) -> Refusal {
    Refusal::wrong_state(
        state,
        "This compensation is paid or on its way to the buyer; if she does not confirm it in 24 hours, it can be paid again.",
        "该笔赔偿已支付或正在支付中；若用户 24 小时内未确认，可再次支付。",
    )
}

/// More than the factory is owed.
pub fn more_than_owed(owed: i64, currency: &str) -> Refusal {
    let owed = Money::new(owed, currency).formatted;
    Refusal::invalid(
        "amount",
        format!(
            "The factory is owed {owed}; a payment cannot be more. Record what was paid for work that is not accepted yet once it is."
        ),
        format!("应付该工厂 {owed}，付款金额不得超出；预付款请在验收入库后再登记。"),
    )
}

/// The bank's number was recorded before, as the payment `id`.
pub fn recorded_before(id: String) -> Refusal {
    Refusal::new(
        Code::AlreadyDone,
        "A payment with this reference was recorded before; check the reference of the bank transfer.",
        "该付款凭证号已登记，请核对银行回单号。",
    )
    .field("reference")
    .detail(Detail::AlreadyDone { id })
}

/// The bank's day is not one on which it can have been paid.
pub fn impossible_day() -> Refusal {
    Refusal::invalid(
        "paidOn",
        "Give the day of the bank transfer: today or earlier, in the year 2000 or later.",
        "请填写银行付款日期：不晚于今天，且不早于 2000 年。",
    )
}
