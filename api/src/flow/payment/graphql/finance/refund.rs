//! What finance people do about refunds that do not go on by themselves, and the terms they go by.

use async_graphql::{Context, Enum, InputObject, Object};

use super::super::view::Refund;
use crate::app::App;
use crate::base::id::RefundId;
use crate::error::{Refusal, Result};
use crate::flow::payment::refund::{self, Elsewhere};
use crate::flow::payment::terms;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door;
use crate::people::graphql::Brand;

/// Which refund not to wait for.
#[derive(InputObject)]
pub struct HastenRefundInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// A refund that waits to be sent or is on its way.
    pub refund_id: RefundId,
    /// Why, up to 500 characters, for the audit trail.
    pub why: Option<String>,
}

/// Where the money of an abnormal refund goes instead.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbnormalRefundTarget {
    /// To the merchant's own account, once the brand has paid the buyer in another way.
    MerchantAccount,
    /// To another bank card of the buyer.
    UserBankCard,
}

/// A bank card of the buyer. It is handed to WeChat Pay, encrypted, and kept nowhere.
#[derive(InputObject)]
pub struct BuyerCardInput {
    /// WeChat Pay's word for the bank, such as `ICBC_DEBIT`.
    pub bank: String,
    /// The card's number.
    pub number: String,
    /// The name of its holder.
    pub holder: String,
}

/// Which abnormal refund goes where.
#[derive(InputObject)]
pub struct ApplyAbnormalRefundInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect. After
    /// `PAYMENT_UNAVAILABLE` take a new one.
    pub idempotency_key: String,
    /// A refund that is `ABNORMAL`.
    pub refund_id: RefundId,
    /// Where to.
    pub to: AbnormalRefundTarget,
    /// The card, with `USER_BANK_CARD` only.
    pub card: Option<BuyerCardInput>,
    /// How the buyer has her money already, with the number of that payment, up to 200 characters; with
    /// `MERCHANT_ACCOUNT` only. Nothing is owed to her any more when the money has reached the merchant.
    pub paid_buyer_by: Option<String>,
    /// Why, up to 500 characters; it stays in the audit trail.
    pub why: String,
}

/// How the brand returns the money of presales that come to nothing.
#[derive(InputObject)]
pub struct SetRefundTermsInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// Within how many days: 1 to 15.
    pub refund_days: i32,
    /// Interest on what comes later, in hundredths of a percent a year: 0 to 3600.
    pub late_interest_bp: i32,
}

payload!(
    /// What came of hastening a refund.
    HastenRefundPayload {
        /// The refund, about to be sent or asked about; null when refused.
        refund: Refund
    }
);
payload!(
    /// What came of sending an abnormal refund elsewhere.
    ApplyAbnormalRefundPayload {
        /// The refund, on its way again; null when refused.
        refund: Refund
    }
);
payload!(
    /// What came of setting the terms.
    SetRefundTermsPayload {
        /// The brand with its terms; null when refused.
        brand: Brand
    }
);

#[derive(Default)]
pub struct RefundDeskMutation;

#[Object]
impl RefundDeskMutation {
    /// Sends a refund, or asks WeChat how far it is, at once instead of at its next turn: after the merchant's account
    /// was topped up, or whatever else held it up is removed.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn hasten_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which refund.")] input: HastenRefundInput,
    ) -> Result<Option<HastenRefundPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let (key, why) = (&input.idempotency_key, input.why.as_deref());
        let outcome = refund::hasten(app, actor, key, input.refund_id.0, why).await;
        HastenRefundPayload::of(ctx, outcome).map(Some)
    }

    /// Sends a refund that the buyer's account does not take to another card of hers, or to the merchant's account.
    /// It goes on under the same number, and what comes of it arrives by itself.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn apply_abnormal_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which refund, and where its money goes.")] input: ApplyAbnormalRefundInput,
    ) -> Result<Option<ApplyAbnormalRefundPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let (key, id, why) = (input.idempotency_key, input.refund_id.0, input.why);
        let outcome = match elsewhere(input.to, input.card, input.paid_buyer_by) {
            Ok(elsewhere) => refund::apply_abnormal(app, actor, &key, id, &elsewhere, &why).await,
            Err(refusal) => Err(refusal.into()),
        };
        ApplyAbnormalRefundPayload::of(ctx, outcome).map(Some)
    }

    /// Sets in how many days the brand refunds a presale that came to nothing, and at what interest it pays what comes
    /// later. For presales that come to nothing from now on.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn set_refund_terms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The terms.")] input: SetRefundTermsInput,
    ) -> Result<Option<SetRefundTermsPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let (key, days, interest) = (&input.idempotency_key, input.refund_days, input.late_interest_bp);
        let outcome = terms::set(app, actor, key, days, interest).await;
        SetRefundTermsPayload::of(ctx, outcome.map(|done| done.map(Brand))).map(Some)
    }
}

fn elsewhere(
    to: AbnormalRefundTarget,
    card: Option<BuyerCardInput>,
    paid_buyer_by: Option<String>,
) -> Result<Elsewhere, Refusal> {
    match (to, card) {
        (AbnormalRefundTarget::MerchantAccount, None) => match paid_buyer_by {
            Some(paid_buyer_by) => Ok(Elsewhere::Merchant { paid_buyer_by }),
            None => Err(Refusal::invalid(
                "paidBuyerBy",
                "Pay the buyer in another way first, and say how: once the merchant has the money, nothing is owed to her here.",
                "请先以其他方式将款项付给买家并填写付款方式与单号；退至商户账户后系统将视为已退还买家。",
            )),
        },
        (AbnormalRefundTarget::UserBankCard, Some(card)) => {
            Ok(Elsewhere::Card { bank: card.bank, number: card.number.into(), holder: card.holder.into() })
        }
        (AbnormalRefundTarget::UserBankCard, None) => Err(Refusal::invalid(
            "card",
            "Name the buyer's card, or send the money to the merchant's account.",
            "请填写买家的银行卡信息，或选择退至商户账户。",
        )),
        (AbnormalRefundTarget::MerchantAccount, Some(_)) => Err(Refusal::invalid(
            "card",
            "Money for the merchant's account takes no card; leave it out, or choose USER_BANK_CARD.",
            "退至商户账户时无需银行卡信息，请删除，或改选退至买家银行卡。",
        )),
    }
}
