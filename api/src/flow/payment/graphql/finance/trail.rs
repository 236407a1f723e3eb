//! What could not be applied, and what people did.

use async_graphql::{Context, Enum, ID, Object};
use chrono::{DateTime, Utc};
use entity::{audit as row, provider_event};

use super::super::ledger::{self, ActorKind};
use crate::base::money::Money;
use crate::error::Result;
use crate::flow::order::graphql::Order;
use crate::load;
use crate::people::graphql::Staff;
use crate::people::loader::StaffById;

/// What WeChat told us that we could not apply, or that a person must see to.
pub struct ProviderEvent {
    pub row: provider_event::Model,
    /// Of the brand.
    pub currency: String,
}

/// What WeChat told us that we could not apply, or that a person must see to.
#[Object]
impl ProviderEvent {
    /// Names it, for `resolveProviderEvent`.
    async fn event_id(&self) -> ID {
        ID(self.row.id.clone())
    }

    /// How it came: `pay.transaction`, `pay.refund` and `pay.transfer` by notification, `pay.query` in answer to a
    /// question, anything else by WeChat's message push, under its own name.
    async fn kind(&self) -> &str {
        &self.row.kind
    }

    /// Our number at WeChat Pay that it names; null when none.
    async fn number(&self) -> Option<&str> {
        self.row.number.as_deref()
    }

    /// How much it is about; null when it does not say.
    async fn amount(&self) -> Option<Money> {
        self.row.amount.map(|fen| Money::new(fen, &self.currency))
    }

    /// Why it could not be applied; null when it could.
    async fn problem(&self) -> Option<&str> {
        self.row.problem.as_deref()
    }

    /// When it came.
    async fn received_at(&self) -> DateTime<Utc> {
        self.row.received_at
    }

    /// When a person settled it; null before.
    async fn resolved_at(&self) -> Option<DateTime<Utc>> {
        self.row.resolved_at
    }

    /// Who did; null before.
    async fn resolved_by(&self, ctx: &Context<'_>) -> Result<Option<Staff>> {
        let Some(id) = self.row.resolved_by else { return Ok(None) };
        Ok(load::of(ctx).load_one(StaffById(self.row.brand_id, id)).await?.map(Staff))
    }

    /// How; null before.
    async fn resolution(&self) -> Option<&str> {
        self.row.resolution.as_deref()
    }
}

/// What a person did to money by hand.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "row::AuditAction")]
pub enum AuditAction {
    /// `retryRefund`; the subject is the new refund.
    RefundRetried,
    /// `refundShortPieces`; the subject is the refund.
    ShortPiecesRefunded,
    /// `refundOrder`; the subject is the order.
    OrderRefunded,
    /// `decideAfterSales`; the subject is the case. Without an amount it was refused.
    AfterSalesDecided,
    /// `resolveProviderEvent`; the subject is the event.
    ProviderEventResolved,
    /// `hastenRefund`; the subject is the refund.
    RefundHastened,
    /// `applyAbnormalRefund`; the subject is the refund.
    AbnormalRefundApplied,
    /// `reconcileDay`; the subject is the day.
    DayReconciled,
    /// `resolveDifference`; the subject is the difference.
    DifferenceResolved,
    /// `setRefundTerms`; the subject is the brand.
    RefundTermsSet,
    /// `payCommission`, or `payCommissions` for each KOC; the subject is the KOC.
    CommissionPaid,
    /// `cancelTransfer`; the subject is the transfer.
    TransferCancelled,
    /// `payCompensation`; the subject is the compensation.
    CompensationPaid,
    /// `recordFactoryPayment`; the subject is the payment.
    FactoryPaymentRecorded,
}

/// Who did what to money, when and why. It never changes.
pub struct AuditEntry {
    pub row: row::Model,
    /// Of the brand.
    pub currency: String,
}

/// Who did what to money, when and why. It never changes.
#[Object]
impl AuditEntry {
    /// What was done.
    async fn action(&self) -> AuditAction {
        self.row.action.into()
    }

    /// Id of what it was done to.
    async fn subject(&self) -> &str {
        &self.row.subject
    }

    /// The order it is about; null when none.
    async fn order(&self, ctx: &Context<'_>) -> Result<Option<Order>> {
        ledger::order(ctx, self.row.brand_id, self.row.order_id).await
    }

    /// How much it is about; null when it is about no amount.
    async fn amount(&self) -> Option<Money> {
        self.row.amount.map(|fen| Money::new(fen, &self.currency))
    }

    /// Why, as the person put it; null when nothing was said.
    async fn why(&self) -> Option<&str> {
        self.row.why.as_deref()
    }

    /// What kind of someone did it.
    async fn actor_kind(&self) -> ActorKind {
        self.row.actor_kind.into()
    }

    /// Who of the staff did it; null when it was none of them.
    async fn staff(&self, ctx: &Context<'_>) -> Result<Option<Staff>> {
        ledger::staff(ctx, self.row.brand_id, self.row.actor_kind, self.row.actor_id).await
    }

    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.row.created_at
    }
}
