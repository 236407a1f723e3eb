//! After-sales cases as the API shows them.

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::after_sales;

use crate::base::id::{AfterSalesId, OrderId, OrderLineId};
use crate::base::money::Money;
use crate::error::{Error, Result};
use crate::flow::order::loader::OrderById;
use crate::flow::payment::loader::CaseLinesOf;
use crate::load;

/// Where a case stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "after_sales::AfterSalesStatus")]
pub enum AfterSalesStatus {
    /// It waits for the brand.
    Requested,
    /// The money is on its way back.
    Approved,
    /// The brand's answer says why.
    Refused,
    /// The money is back.
    Refunded,
}

/// A buyer's wish to get money back for pieces that were shipped.
pub struct AfterSales(pub after_sales::Model);

impl From<after_sales::Model> for AfterSales {
    fn from(row: after_sales::Model) -> Self {
        AfterSales(row)
    }
}

/// Pieces of a line that a case is about.
#[derive(SimpleObject)]
pub struct AfterSalesLine {
    /// The line of the order.
    line_id: OrderLineId,
    /// Pieces of it.
    pieces: i32,
}

/// A buyer's wish to get money back for pieces that were shipped.
#[Object]
impl AfterSales {
    /// Public id, for `decideAfterSales`.
    pub async fn id(&self) -> AfterSalesId {
        self.0.id.into()
    }

    /// The order it is about.
    async fn order_id(&self) -> OrderId {
        self.0.order_id.into()
    }

    /// Where it stands.
    async fn status(&self) -> AfterSalesStatus {
        self.0.status.into()
    }

    /// The pieces it is about.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<AfterSalesLine>> {
        let lines = load::of(ctx).load_one(CaseLinesOf(self.0.brand_id, self.0.id)).await?.unwrap_or_default();
        Ok(lines
            .into_iter()
            .map(|row| AfterSalesLine { line_id: row.order_line_id.into(), pieces: row.pieces })
            .collect())
    }

    /// What its pieces cost: what goes back when it is approved.
    async fn amount(&self, ctx: &Context<'_>) -> Result<Money> {
        let order = load::of(ctx).load_one(OrderById(self.0.brand_id, self.0.order_id)).await?;
        Ok(Money::new(self.0.amount, &order.ok_or_else(|| Error::not_found("order"))?.currency))
    }

    /// The buyer's words.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The brand's words; null until it is decided.
    async fn answer(&self) -> Option<&str> {
        self.0.answer.as_deref()
    }

    /// When it was decided; null before.
    async fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.0.decided_at
    }

    /// When it was opened.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}
