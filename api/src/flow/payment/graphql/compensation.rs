//! What a brand owes beyond refunds, as the API shows it.

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};
use entity::compensation;

use crate::base::id::{CompensationId, OrderId, RefundId};
use crate::base::money::Money;
use crate::error::{Error, Result};
use crate::flow::order::loader::OrderById;
use crate::load;

/// Why a compensation is owed.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "compensation::CompensationReason")]
pub enum CompensationReason {
    /// A 定金 is returned double.
    DepositDoubled,
    /// The refund came later than the law wants.
    LateInterest,
}

/// Whether a compensation is paid.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "compensation::CompensationStatus")]
pub enum CompensationStatus {
    /// The brand owes it: `payCompensation`.
    Owed,
    /// It is on its way to the buyer, who confirms it in WeChat.
    Paying,
    /// The buyer has it.
    Paid,
}

/// What a brand owes a buyer beyond her money: a 定金 is returned double when the brand calls off a presale that
/// had succeeded, or moves its ship-by date and the buyer does not accept that. The deposit itself goes back as a
/// refund; this is as much again. And a refund that comes later than the law wants bears interest.
pub struct Compensation(pub compensation::Model);

/// What a brand owes a buyer beyond her money: a 定金 is returned double when the brand calls off a presale that
/// had succeeded, or moves its ship-by date and the buyer does not accept that. The deposit itself goes back as a
/// refund; this is as much again. And a refund that comes later than the law wants bears interest.
#[Object]
impl Compensation {
    /// Public id, for `payCompensation`.
    pub async fn id(&self) -> CompensationId {
        self.0.id.into()
    }

    /// Why it is owed.
    async fn reason(&self) -> CompensationReason {
        self.0.reason.into()
    }

    /// The order whose deposit or late refund it was.
    async fn order_id(&self) -> OrderId {
        self.0.order_id.into()
    }

    /// The refund that came late; null for a deposit.
    async fn refund_id(&self) -> Option<RefundId> {
        self.0.refund_id.map(Into::into)
    }

    /// How much it is.
    async fn amount(&self, ctx: &Context<'_>) -> Result<Money> {
        let order = load::of(ctx).load_one(OrderById(self.0.brand_id, self.0.order_id)).await?;
        Ok(Money::new(self.0.amount, &order.ok_or_else(|| Error::not_found("order"))?.currency))
    }

    /// Whether it is paid.
    async fn status(&self) -> CompensationStatus {
        self.0.status.into()
    }

    /// Since when it is owed.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was paid; null before.
    async fn paid_at(&self) -> Option<DateTime<Utc>> {
        self.0.paid_at
    }
}
