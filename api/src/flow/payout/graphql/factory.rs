//! A factory's account with a brand as the API shows it, to both.

use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::{factory_account, factory_payable, factory_payment};

use crate::base::id::{BatchId, BrandId, FactoryId, FactoryPaymentId};
use crate::base::money::Money;
use crate::error::{Error, Result};
use crate::flow::payout::statement::Statement;
use crate::load;
use crate::people::graphql::Factory;
use crate::people::loader::FactoryById;

/// What a brand owes a factory and paid it, over a month of the brand's calendar. A month that is over never changes:
/// what is recorded later stands in a later one.
pub struct FactoryStatement(pub Statement);

/// What a brand owes a factory and paid it, over a month of the brand's calendar. A month that is over never changes:
/// what is recorded later stands in a later one.
#[Object]
impl FactoryStatement {
    /// The brand that owes.
    async fn brand_id(&self) -> BrandId {
        self.0.brand_id.into()
    }

    /// The factory that is owed.
    async fn factory_id(&self) -> FactoryId {
        self.0.factory_id.into()
    }

    /// First day of the month.
    async fn from(&self) -> NaiveDate {
        self.0.span.from
    }

    /// Last day of the month, included.
    async fn to(&self) -> NaiveDate {
        self.0.span.to
    }

    /// Owed before the first day.
    async fn opening(&self) -> Money {
        self.money(self.0.opening)
    }

    /// Owed when the last day was over.
    async fn closing(&self) -> Money {
        self.money(self.0.closing())
    }

    /// Batches that the brand took in, in that order.
    async fn payables(&self) -> Vec<FactoryPayable> {
        let payable = |(row, batch_no): &(factory_payable::Model, String)| FactoryPayable {
            batch_id: row.batch_id.into(),
            batch_no: batch_no.clone(),
            pieces: row.pieces,
            price_per_piece: self.money(row.price_per_piece),
            amount: self.money(row.amount),
            accepted_at: row.created_at,
        };
        self.0.payables.iter().map(payable).collect()
    }

    /// Payments that were recorded, in that order.
    async fn payments(&self) -> Vec<FactoryPayment> {
        self.0.payments.iter().map(|row| FactoryPayment::new(row.clone(), &self.0.currency)).collect()
    }
}

impl FactoryStatement {
    fn money(&self, fen: i64) -> Money {
        Money::new(fen, &self.0.currency)
    }
}

/// What is owed for a batch.
#[derive(SimpleObject)]
pub struct FactoryPayable {
    /// The batch.
    batch_id: BatchId,
    /// Its number.
    batch_no: String,
    /// Pieces that the brand took in.
    pieces: i32,
    /// As agreed on.
    price_per_piece: Money,
    /// All of it.
    amount: Money,
    /// When the brand took them in.
    accepted_at: DateTime<Utc>,
}

/// A bank transfer to a factory, made outside and recorded here.
pub struct FactoryPayment {
    row: factory_payment::Model,
    /// Of the factory's account.
    currency: String,
}

impl FactoryPayment {
    pub fn new(row: factory_payment::Model, currency: &str) -> Self {
        FactoryPayment { row, currency: currency.to_owned() }
    }
}

/// A bank transfer to a factory, made outside and recorded here.
#[Object]
impl FactoryPayment {
    /// Public id, by which the brand's finance people find it again.
    pub async fn id(&self) -> FactoryPaymentId {
        self.row.id.into()
    }

    /// How much.
    async fn amount(&self) -> Money {
        Money::new(self.row.amount, &self.currency)
    }

    /// The bank's day.
    async fn paid_on(&self) -> NaiveDate {
        self.row.paid_on
    }

    /// The bank's number of it.
    async fn reference(&self) -> &str {
        &self.row.reference
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }
}

/// What the brand owes a factory, all in all.
pub struct FactoryBalance(pub factory_account::Model);

/// What the brand owes a factory, all in all.
#[Object]
impl FactoryBalance {
    /// The factory.
    async fn factory(&self, ctx: &Context<'_>) -> Result<Factory> {
        let found = load::of(ctx).load_one(FactoryById(self.0.factory_id)).await?;
        found.map(Factory).ok_or_else(|| Error::not_found("factory"))
    }

    /// For accepted work, from the beginning.
    async fn accrued(&self) -> Money {
        Money::new(self.0.accrued, &self.0.currency)
    }

    /// Paid, from the beginning.
    async fn paid(&self) -> Money {
        Money::new(self.0.paid, &self.0.currency)
    }

    /// What is left: `recordFactoryPayment`, once the bank has paid it.
    async fn owed(&self) -> Money {
        Money::new(self.0.accrued - self.0.paid, &self.0.currency)
    }
}
