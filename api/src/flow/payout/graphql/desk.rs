//! The desk of those who pay out.

use async_graphql::{Context, Enum, Object, SimpleObject};
use entity::transfer;

use super::factory::FactoryBalance;
use super::transfer::Transfer;
use crate::app::App;
use crate::error::{Fault, Result};
use crate::flow::payment::desk::MAX_STUCK;
use crate::flow::payment::graphql::MoneyPile;
use crate::flow::payout::desk::{self, Cause, Desk};
use crate::people::actor::Actor;

/// The brand's payouts at a glance.
pub struct PayoutDesk(pub Desk);

/// The brand's payouts at a glance.
#[Object]
impl PayoutDesk {
    /// Commissions that may be paid later.
    async fn frozen(&self) -> MoneyPile {
        MoneyPile::new(&self.0.frozen, &self.0.currency)
    }

    /// Commissions that `payCommissions` pays.
    async fn available(&self) -> MoneyPile {
        MoneyPile::new(&self.0.available, &self.0.currency)
    }

    /// What KOCs were paid too much because a refund came later; the next payouts are lessened by it.
    async fn owing(&self) -> MoneyPile {
        MoneyPile::new(&self.0.owing, &self.0.currency)
    }

    /// Compensations that `payCompensation` pays.
    async fn compensations_owed(&self) -> MoneyPile {
        MoneyPile::new(&self.0.compensations, &self.0.currency)
    }

    /// Transfers whose money has neither arrived nor come back.
    async fn on_their_way(&self) -> MoneyPile {
        MoneyPile::new(&self.0.on_their_way, &self.0.currency)
    }

    /// The hundred factories that are owed most.
    async fn factories(&self) -> Vec<FactoryBalance> {
        self.0.factories.iter().cloned().map(FactoryBalance).collect()
    }

    /// Transfers that do not go on by themselves, or have failed for more than an hour.
    async fn stuck(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many of the oldest to show, up to 100; 20 when null.")] first: Option<i32>,
    ) -> Result<StuckTransfers> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let limit = first.unwrap_or(20);
        if !(0..=MAX_STUCK).contains(&limit) {
            return Err(Fault::BadRequest(format!("a page has 0 to {} items, not {limit}", MAX_STUCK)).into());
        }
        let (found, total) = desk::stuck(app.db.read(), actor.brand_id()?, app.clock.now(), limit).await?;
        Ok(StuckTransfers {
            total_count: i32::try_from(total).unwrap_or(i32::MAX),
            items: found.into_iter().map(StuckTransfer).collect(),
        })
    }
}

/// Transfers that need a person, oldest first.
#[derive(SimpleObject)]
pub struct StuckTransfers {
    /// All of them, not only those shown.
    total_count: i32,
    /// The oldest.
    items: Vec<StuckTransfer>,
}

/// Why a transfer is stuck.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "StuckTransferCause", remote = "Cause")]
pub enum StuckTransferCause {
    /// The merchant account has too little money.
    Unfunded,
    /// WeChat Pay has refused it for more than an hour.
    Failing,
    /// It failed, lapsed unconfirmed or was taken back, and what it pays is open again.
    CameToNothing,
}

/// What a person can do about it.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayoutAction {
    /// Put money into the merchant account: it is repeated by itself under the same number.
    TopUp,
    /// `cancelTransfer`, unless what `lastError` says can be removed: it is repeated by itself until then.
    CancelTransfer,
    /// `payCommission` of its member.
    PayCommission,
    /// `payCompensation`.
    PayCompensation,
}

/// A transfer that needs a person.
pub struct StuckTransfer(transfer::Model);

/// A transfer that needs a person.
#[Object]
impl StuckTransfer {
    /// Why.
    async fn cause(&self) -> StuckTransferCause {
        desk::cause(&self.0).into()
    }

    /// The transfer, with its age and what was last said against it.
    async fn transfer(&self) -> Transfer {
        Transfer(self.0.clone())
    }

    /// What to do about it.
    async fn next_action(&self) -> PayoutAction {
        match (desk::cause(&self.0), self.0.kind) {
            (Cause::Unfunded, _) => PayoutAction::TopUp,
            (Cause::Failing, _) => PayoutAction::CancelTransfer,
            (Cause::CameToNothing, transfer::TransferKind::Commission) => PayoutAction::PayCommission,
            (Cause::CameToNothing, transfer::TransferKind::Compensation) => PayoutAction::PayCompensation,
        }
    }
}
