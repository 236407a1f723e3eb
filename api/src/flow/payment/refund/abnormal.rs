//! The way out for a refund that the buyer's account does not take: to another card of hers, or to the merchant.

use chrono::Duration;
use entity::audit::AuditAction;
use entity::refund::{self, RefundStatus};
use entity::staff::StaffRole;
use sea_orm::ActiveEnum;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::apply;
use super::send::on_its_way_again;
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::error::{Code, Refusal, Result};
use crate::flow::payment::{audit, query, timers};
use crate::people::actor::Actor;
use crate::people::wechat::account;
use crate::wechat::Error as WechatError;
use crate::wechat::pay::AbnormalRefundTo;

/// When WeChat is asked what became of it, should its answer be lost.
const IN_CASE: Duration = Duration::minutes(1);

/// Where the money goes instead. A card's number and its holder's name are handed to WeChat Pay and kept nowhere.
#[derive(Clone, Debug)]
pub enum Elsewhere {
    Card {
        /// WeChat Pay's word for the bank, such as `ICBC_DEBIT`.
        bank: String,
        number: SecretString,
        holder: SecretString,
    },
    /// The debt to the buyer ends with it, so she has to have her money already.
    Merchant { paid_buyer_by: String },
}

impl Elsewhere {
    fn checked(&self) -> Result<AbnormalRefundTo> {
        let (bank, number, holder) = match self {
            Elsewhere::Card { bank, number, holder } => (bank, number, holder),
            Elsewhere::Merchant { paid_buyer_by } => {
                text::required("paidBuyerBy", paid_buyer_by, 200)?;
                return Ok(AbnormalRefundTo::MerchantBankCard);
            }
        };
        let is_bank = (1..=32).contains(&bank.len()) && bank.bytes().all(|c| c.is_ascii_uppercase() || c == b'_');
        if !is_bank {
            return Err(Refusal::invalid(
                "card.bank",
                "A bank is named by WeChat Pay's word for it, in capitals, such as ICBC_DEBIT.",
                "开户银行须填写微信支付的银行类型代码，例如 ICBC_DEBIT。",
            )
            .into());
        }
        let digits: String = number.expose_secret().chars().filter(|c| !c.is_whitespace()).collect();
        if !(8..=32).contains(&digits.len()) || !digits.bytes().all(|c| c.is_ascii_digit()) {
            return Err(Refusal::invalid(
                "card.number",
                "A card number has 8 to 32 digits; check it against the card.",
                "银行卡号须为 8 至 32 位数字，请与银行卡核对。",
            )
            .into());
        }
        let holder = text::required("card.holder", holder.expose_secret(), 40)?;
        Ok(AbnormalRefundTo::UserBankCard {
            bank_type: bank.clone(),
            bank_account: digits.into(),
            real_name: holder.into(),
        })
    }

    /// What of it may be kept.
    fn words(&self) -> String {
        match self {
            Elsewhere::Card { .. } => "to another card of the buyer".to_owned(),
            Elsewhere::Merchant { paid_buyer_by } => {
                format!("to the merchant, the buyer being paid by {}", paid_buyer_by.trim())
            }
        }
    }
}

/// Sends an abnormal refund elsewhere, under its number. That it was asked for is written down first, and WeChat is
/// asked a minute later, so that it goes on whatever becomes of the call; only the card would have to be given again.
pub async fn apply_abnormal(
    app: &App,
    actor: &Actor,
    key: &str,
    refund_id: Uuid,
    elsewhere: &Elsewhere,
    why: &str,
) -> Result<Done<refund::Model>> {
    let staff = actor.staff(&[StaffRole::Finance])?;
    let brand_id = staff.brand_id;
    let (to, why) = (elsewhere.checked()?, &text::required("why", why, audit::MAX_WHY)?);
    let once = &Once::new(staff.id, "applyAbnormalRefund", key, &(refund_id, elsewhere.words(), why))?;
    let asked = app
        .write(brand_id, |tx| async move {
            let refund = query::refund(tx.conn(), brand_id, refund_id).await?;
            if once.begin(&tx, &()).await?.is_some() {
                return Ok(Done::replay(refund));
            }
            if refund.status != RefundStatus::Abnormal {
                return Err(not_abnormal(refund.status).into());
            }
            tx.set_timer(timers::REFUND_POLL, refund_id, tx.now() + IN_CASE).await?;
            let why = format!("{}: {why}", elsewhere.words());
            let deed = audit::Deed::on_refund(AuditAction::AbnormalRefundApplied, &refund, Some(&why));
            audit::note(&tx, actor.by(), deed).await?;
            Ok(Done::new(refund))
        })
        .await?;
    if asked.replayed {
        return Ok(asked);
    }
    let refund = asked.value;
    let account = account(app, brand_id).await?;
    let number = refund.refund_id.as_deref().unwrap_or_default();
    match app.wechat.apply_abnormal_refund(&account, number, &refund.out_refund_no, &to).await {
        Ok(state) => {
            on_its_way_again(app, &refund).await?;
            apply(app, &account, &state).await?;
        }
        Err(error) => return Err(not_taken(&error).into()),
    }
    Ok(Done::new(query::refund(app.db.read(), brand_id, refund_id).await?))
}

fn not_abnormal(status: RefundStatus) -> Refusal {
    Refusal::wrong_state(
        status.to_value(),
        "Only an abnormal refund, which the buyer's account does not take, can be sent elsewhere.",
        "只有状态为异常（原路退回失败）的退款才能改退到其他账户。",
    )
}

fn not_taken(error: &WechatError) -> Refusal {
    if error.is_outcome_unknown() || error.is_transient() {
        return Refusal::new(
            Code::PaymentUnavailable,
            "WeChat Pay gave no answer. In a few minutes the refund shows whether it was taken; if it is still abnormal then, apply once more.",
            "微信支付没有响应。几分钟后可查看退款状态；如仍为异常，请重新提交。",
        );
    }
    tracing::error!(%error, "WeChat Pay refuses to send an abnormal refund elsewhere");
    Refusal::new(
        Code::Invalid,
        format!(
            "WeChat Pay refuses it: {error}. Check the card and its holder's name, or settle it in WeChat Pay's console."
        ),
        format!("微信支付拒绝了该请求（{error}）。请核对银行卡与持卡人姓名，或在商户平台处理。"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(bank: &str, number: &str, holder: &str) -> Elsewhere {
        Elsewhere::Card { bank: bank.into(), number: number.to_owned().into(), holder: holder.to_owned().into() }
    }

    #[test]
    fn a_card_is_read_as_it_is_printed_and_shown_nowhere() {
        let good = card("ICBC_DEBIT", "6222 0200 0000 0000", "王小花");
        let AbnormalRefundTo::UserBankCard { bank_account, .. } = good.checked().unwrap() else { panic!("a card") };
        assert_eq!(bank_account.expose_secret(), "6222020000000000");
        assert!(!format!("{good:?}").contains("6222") && !format!("{good:?}").contains('王'));
        for wrong in [
            card("工商银行", "62220200", "王"),
            card("ICBC_DEBIT", "6222-0200", "王"),
            card("ICBC_DEBIT", "62220200", " "),
        ] {
            assert!(wrong.checked().is_err(), "{wrong:?}");
        }
    }
}
