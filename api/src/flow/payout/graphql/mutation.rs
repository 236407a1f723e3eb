//! What the brand's finance people do about payouts.

use async_graphql::{Context, Object, SimpleObject};
use entity::{factory_payment, transfer as row};

use super::factory::FactoryPayment;
use super::input::{
    CancelTransferInput, PayCommissionInput, PayCommissionsInput, PayCompensationInput, RecordFactoryPaymentInput,
};
use super::transfer::Transfer;
use crate::app::App;
use crate::base::money::Money;
use crate::base::once::Done;
use crate::error::Result;
use crate::flow::payment::ledger::query::brand;
use crate::flow::payout::{compensation, factory, pay};
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door;

payload!(
    /// What came of paying a KOC.
    PayCommissionPayload {
        /// The transfers, on their way to WeChat Pay; null when refused.
        transfers: Vec<Transfer>
    }
);
payload!(
    /// What came of paying every KOC.
    PayCommissionsPayload {
        /// What was started; each KOC's transfers follow in a moment.
        run: CommissionRun
    }
);
payload!(
    /// What came of paying a compensation.
    PayCompensationPayload {
        /// The transfers, on their way to WeChat Pay; null when refused.
        transfers: Vec<Transfer>
    }
);
payload!(
    /// What came of taking a transfer back.
    CancelTransferPayload {
        /// The transfer, asked back; null when refused.
        transfer: Transfer
    }
);
payload!(
    /// What came of recording a payment to a factory.
    RecordFactoryPaymentPayload {
        /// The payment; null when refused.
        payment: FactoryPayment
    }
);

/// Payouts that were started together.
#[derive(SimpleObject)]
pub struct CommissionRun {
    /// How many KOCs are paid.
    payees: i32,
    /// All of them together.
    amount: Money,
}

#[derive(Default)]
pub struct PayoutMutation;

#[Object]
impl PayoutMutation {
    /// Pays a KOC everything that is available of her, in as many transfers as it takes. She confirms each in WeChat
    /// within 24 hours.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn pay_commission(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which KOC.")] input: PayCommissionInput,
    ) -> Result<Option<PayCommissionPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let (key, why) = (&input.idempotency_key, input.why.as_deref());
        let outcome = pay::one(app, actor, key, input.member_id.0, why).await;
        PayCommissionPayload::of(ctx, outcome.map(views)).map(Some)
    }

    /// Does the same for every KOC to whom enough for a transfer is available; monthly, as a rule.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn pay_commissions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Why.")] input: PayCommissionsInput,
    ) -> Result<Option<PayCommissionsPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let (currency, _) = brand(app.db.read(), actor.brand_id()?).await?;
        let outcome = pay::all(app, actor, &input.idempotency_key, input.why.as_deref()).await;
        let run = |run: pay::Run| CommissionRun {
            payees: i32::try_from(run.payees).unwrap_or(i32::MAX),
            amount: Money::new(run.amount, &currency),
        };
        PayCommissionsPayload::of(ctx, outcome.map(|done| done.map(run))).map(Some)
    }

    /// Pays the buyer of a compensation everything that she is owed beyond her money. She confirms it in WeChat within 24
    /// hours.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn pay_compensation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which compensation.")] input: PayCompensationInput,
    ) -> Result<Option<PayCompensationPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let (key, why) = (&input.idempotency_key, input.why.as_deref());
        let outcome = compensation::pay(app, actor, key, input.compensation_id.0, why).await;
        PayCompensationPayload::of(ctx, outcome.map(views)).map(Some)
    }

    /// Takes a transfer back that the member has not confirmed; what it pays can then be paid again. When she was faster,
    /// it goes on.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn cancel_transfer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which transfer.")] input: CancelTransferInput,
    ) -> Result<Option<CancelTransferPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let (key, why) = (&input.idempotency_key, input.why.as_deref());
        let outcome = crate::flow::payout::cancel(app, actor, key, input.transfer_id.0, why).await;
        CancelTransferPayload::of(ctx, outcome).map(Some)
    }

    /// Records that the bank paid a factory. It moves no money.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn record_factory_payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, how much, when and under which number.")] input: RecordFactoryPaymentInput,
    ) -> Result<Option<RecordFactoryPaymentPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let key = input.idempotency_key.clone();
        let (currency, _) = brand(app.db.read(), actor.brand_id()?).await?;
        let outcome = factory::record_payment(app, actor, &key, &input.into()).await;
        let view = |row: factory_payment::Model| FactoryPayment::new(row, &currency);
        RecordFactoryPaymentPayload::of(ctx, outcome.map(|done| done.map(view))).map(Some)
    }
}

fn views(done: Done<Vec<row::Model>>) -> Done<Vec<Transfer>> {
    done.map(|rows| rows.into_iter().map(Transfer).collect())
}
