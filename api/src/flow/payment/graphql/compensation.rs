//! What a brand owes beyond refunds, as the API shows it.

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};
use entity::compensation;

use crate::base::id::OrderId;
use crate::base::money::Money;
use crate::error::{Error, Result};
use crate::flow::order::loader::OrderById;
use crate::load;

/// Whether a compensation is paid.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "compensation::CompensationStatus")]
pub enum CompensationStatus {
    /// The brand owes it.
    Owed,
    /// The buyer has it.
    Paid,
}

/// What a brand owes a buyer beyond her money: a 定金 is returned double when the brand calls off a presale that
/// had succeeded, or moves its ship-by date and the buyer does not accept that. The deposit itself goes back as a
/// refund; this is as much again.
pub struct Compensation(pub compensation::Model);

/// What a brand owes a buyer beyond her money: a 定金 is returned double when the brand calls off a presale that
/// had succeeded, or moves its ship-by date and the buyer does not accept that. The deposit itself goes back as a
/// refund; this is as much again.
#[Object]
impl Compensation {
    /// The order whose deposit it was.
    async fn order_id(&self) -> OrderId {
        self.0.order_id.into()
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
