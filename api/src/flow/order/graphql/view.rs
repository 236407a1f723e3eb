//! Orders and their lines as the API shows them.

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::{order, order_line, presale_sku};

use super::leg::PaymentLeg;
use crate::app::App;
use crate::base::id::{MemberId, OrderId, OrderLineId};
use crate::base::money::Money;
use crate::error::{Error, Result};
use crate::flow::order::loader::{LegsOf, LinesOf, OrderById};
use crate::flow::order::policy;
use crate::flow::presale::graphql::{PaymentPlan, Presale, Sku};
use crate::flow::presale::loader::{PresaleById, PresaleShown, SkuById};
use crate::load;
use crate::people::actor::Actor;
use crate::people::vault::{self, AddressIn};

/// A member's order in one presale.
pub struct Order(pub order::Model);

impl From<order::Model> for Order {
    fn from(row: order::Model) -> Self {
        Order(row)
    }
}

/// Where an order stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "order::OrderStatus")]
pub enum OrderStatus {
    /// Its pieces are on hold until `holdExpiresAt`.
    PendingPayment,
    /// The first part is paid; the balance can be paid once the presale has succeeded.
    DepositPaid,
    /// The balance can be paid until `balanceDueAt`.
    BalanceDue,
    /// Paid, waiting for a batch; may still be changed or cancelled.
    Paid,
    /// Being made.
    InBatch,
    /// On its way.
    Shipped,
    /// With the buyer.
    Received,
    /// Done: the time for objections is over.
    Completed,
    /// Not paid in time; the pieces went back.
    Expired,
    /// Cancelled before it was paid.
    Cancelled,
    /// The balance was not paid in time; the deposit stays with the brand, as shown at purchase.
    Forfeited,
    /// The money is on its way back.
    RefundPending,
    /// The money is back.
    Refunded,
}

/// What the buyer could do with an order now.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderAction {
    /// `payOrder`.
    Pay,
    /// `changeOrder`.
    Change,
    /// `cancelOrder`.
    Cancel,
}

/// A postal address in full.
#[derive(SimpleObject)]
pub struct OrderAddress {
    /// Who receives the parcel.
    recipient: String,
    /// For the courier.
    phone: String,
    /// Province or municipality.
    province: String,
    /// City.
    city: String,
    /// District or county.
    district: String,
    /// Street, house, flat.
    street: String,
}

/// A member's order in one presale.
#[Object]
impl Order {
    /// Public id, for `order(id)` and the verbs.
    pub async fn id(&self) -> OrderId {
        self.0.id.into()
    }

    /// Number for people: the day in the brand's time zone and eight digits.
    async fn order_no(&self) -> &str {
        &self.0.order_no
    }

    /// Where it stands.
    async fn status(&self) -> OrderStatus {
        self.0.status.into()
    }

    /// Rises with each change; send it back with `changeOrder`.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// The presale it is placed in.
    async fn presale(&self, ctx: &Context<'_>) -> Result<Presale> {
        let (loaders, brand_id, id) = (load::of(ctx), self.0.brand_id, self.0.presale_id);
        if ctx.look_ahead().field("design").field("version").exists() {
            let found = loaders.load_one(PresaleShown(brand_id, id)).await?;
            return Ok(found.ok_or_else(|| Error::not_found("presale"))?.into());
        }
        let found = loaders.load_one(PresaleById(brand_id, id)).await?;
        Ok(found.ok_or_else(|| Error::not_found("presale"))?.into())
    }

    /// Who ordered.
    async fn member_id(&self) -> MemberId {
        self.0.member_id.into()
    }

    /// What is ordered.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<OrderLine>> {
        let lines = load::of(ctx).load_one(LinesOf(self.0.brand_id, self.0.id)).await?.unwrap_or_default();
        Ok(lines
            .into_iter()
            .map(|(row, sku)| OrderLine { row, sku: Some(sku), currency: self.0.currency.clone() })
            .collect())
    }

    /// Pieces over all lines.
    async fn pieces(&self) -> i32 {
        self.0.pieces
    }

    /// What the whole order costs, as shown at purchase. A price tier makes it less: see `legs` and refunds.
    async fn amount(&self) -> Money {
        Money::new(self.0.amount, &self.0.currency)
    }

    /// What is paid when and what becomes of it when it is not, as shown at purchase.
    async fn payment_plan(&self) -> PaymentPlan {
        PaymentPlan::new(self.0.plan, self.0.first_leg, self.0.balance_days, &self.0.currency)
    }

    /// The amounts that are or were due, the first one first. A balance appears when it can be paid.
    async fn legs(&self, ctx: &Context<'_>) -> Result<Vec<PaymentLeg>> {
        let legs = self.due(ctx).await?.into_iter();
        Ok(legs.map(|row| PaymentLeg::new(row, &self.0.currency)).collect())
    }

    /// What `payOrder` would charge now; null when nothing is due.
    async fn amount_due(&self, ctx: &Context<'_>) -> Result<Option<Money>> {
        let legs = self.due(ctx).await?.into_iter();
        let due = legs.filter(|leg| leg.status == entity::payment_leg::PaymentLegStatus::Due).map(|leg| leg.amount);
        Ok(due.reduce(|sum, amount| sum + amount).map(|amount| Money::new(amount, &self.0.currency)))
    }

    /// Until when its balance can be paid; null before it can.
    async fn balance_due_at(&self) -> Option<DateTime<Utc>> {
        self.0.balance_due_at
    }

    /// Day by which it ships, as promised at purchase.
    async fn promise_date(&self) -> NaiveDate {
        self.0.promise_date
    }

    /// Day by which it ships: as promised at purchase, or later when the buyer accepted a later promise.
    async fn ship_by(&self) -> NaiveDate {
        self.0.agreed_date.unwrap_or(self.0.promise_date)
    }

    /// Version of the purchase terms agreed to.
    async fn terms_version(&self) -> &str {
        &self.0.terms_version
    }

    /// Recipient with the middle of the name hidden.
    async fn recipient_masked(&self) -> &str {
        &self.0.recipient_masked
    }

    /// Phone number with its middle hidden.
    async fn phone_masked(&self) -> &str {
        &self.0.phone_masked
    }

    /// Province, city and district.
    async fn region(&self) -> &str {
        &self.0.region
    }

    /// The address in full, for the buyer only; null for others.
    async fn address(&self, ctx: &Context<'_>) -> Result<Option<OrderAddress>> {
        if !policy::may_see_address(ctx.data_unchecked::<Actor>(), &self.0) {
            return Ok(None);
        }
        let app = ctx.data_unchecked::<App>();
        let key = vault::data_key(app, app.db.read(), self.0.brand_id, self.0.member_id).await?;
        let open = vault::open_address(&key, AddressIn::Order(self.0.id), &self.0.address)?;
        Ok(Some(OrderAddress {
            recipient: open.recipient,
            phone: open.phone,
            province: open.province,
            city: open.city,
            district: open.district,
            street: open.street,
        }))
    }

    /// Until when its pieces are on hold; null once it is paid or has left.
    async fn hold_expires_at(&self) -> Option<DateTime<Utc>> {
        (self.0.status == order::OrderStatus::PendingPayment).then_some(self.0.hold_expires_at)
    }

    /// When all of it was paid; null before.
    async fn paid_at(&self) -> Option<DateTime<Utc>> {
        self.0.paid_at
    }

    /// When its first parcel left; null before.
    async fn shipped_at(&self) -> Option<DateTime<Utc>> {
        self.0.shipped_at
    }

    /// When it was received; null before.
    async fn received_at(&self) -> Option<DateTime<Utc>> {
        self.0.received_at
    }

    /// Verbs that would work for me now.
    async fn available_actions(&self, ctx: &Context<'_>) -> Vec<OrderAction> {
        policy::actions(ctx.data_unchecked::<Actor>(), &self.0)
    }

    /// When it was placed.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

impl Order {
    async fn due(&self, ctx: &Context<'_>) -> Result<Vec<entity::payment_leg::Model>> {
        Ok(load::of(ctx).load_one(LegsOf(self.0.brand_id, self.0.id)).await?.unwrap_or_default())
    }
}

/// Pieces of one SKU in an order.
pub struct OrderLine {
    pub row: order_line::Model,
    /// When it was read along.
    pub sku: Option<presale_sku::Model>,
    pub currency: String,
}

/// Pieces of one SKU in an order.
#[Object(serial)]
impl OrderLine {
    /// Public id, for `changeOrder`.
    pub async fn id(&self) -> OrderLineId {
        self.row.id.into()
    }

    /// The order it belongs to.
    async fn order(&self, ctx: &Context<'_>) -> Result<Order> {
        let found = load::of(ctx).load_one(OrderById(self.row.brand_id, self.row.order_id)).await?;
        Ok(found.ok_or_else(|| Error::not_found("order"))?.into())
    }

    /// Colour and size.
    async fn sku(&self, ctx: &Context<'_>) -> Result<Sku> {
        if let Some(sku) = &self.sku {
            return Ok(sku.clone().into());
        }
        let found = load::of(ctx).load_one(SkuById(self.row.brand_id, self.row.sku_id)).await?;
        Ok(found.ok_or_else(|| Error::not_found("SKU"))?.into())
    }

    /// Pieces ordered.
    async fn quantity(&self) -> i32 {
        self.row.quantity
    }

    /// Pieces of them that were refunded, `returned` ones included.
    async fn refunded(&self) -> i32 {
        self.row.refunded + self.row.returned
    }

    /// Pieces of them that were refunded after they were shipped.
    async fn returned(&self) -> i32 {
        self.row.returned
    }

    /// Price of a piece, as shown at purchase.
    async fn unit_price(&self) -> Money {
        Money::new(self.row.unit_price, &self.currency)
    }
}
