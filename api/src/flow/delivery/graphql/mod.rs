//! Parcels in the API: the buyer's delivery, and the packing list of the brand's people.

mod correction;
mod packing;
mod shipping;

pub use correction::{ShippingMutation, ShippingQuery};
pub use packing::PackingItem;
pub use shipping::ShippingRecord;

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::parcel::{self, ParcelStatus as Status};
use uuid::Uuid;

use self::shipping::ReceiptConfirmation;
use super::loader::UnitsIn;
use super::rules::{ParcelEvent, next};
use super::service::{dispatch, receive};
use super::{policy, query};
use crate::app::App;
use crate::base::id::{BatchId, OrderId, ParcelId, SkuId};
use crate::base::page::{List, Page, PageArgs};
use crate::error::Result;
use crate::flow::order;
use crate::load;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door;

/// Where a parcel is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub enum ParcelStatus {
    /// In the brand's warehouse, or on the way there from the factory.
    Packing,
    /// On its way to the buyer.
    Shipped,
    /// Confirmed by the buyer, or on its way for so long that it counts as received.
    Received,
}

/// What a parcel holds of one SKU.
#[derive(SimpleObject)]
pub struct ParcelLine {
    /// Which colour and size.
    pub sku_id: SkuId,
    /// Article code on the label.
    pub sku_code: String,
    /// Colour, as the presale names it.
    pub color: String,
    /// Size, as the presale names it.
    pub size: String,
    /// Pieces in this parcel.
    pub pieces: i32,
    /// Codes on the labels of these pieces.
    pub unit_codes: Vec<String>,
}

/// One parcel of an order.
pub struct Parcel(pub parcel::Model);

/// One parcel of an order.
#[Object]
impl Parcel {
    /// Names the parcel.
    pub async fn id(&self) -> ParcelId {
        self.0.id.into()
    }

    /// The order it belongs to; an order may come in several parcels.
    async fn order_id(&self) -> OrderId {
        self.0.order_id.into()
    }

    /// Where it is.
    async fn status(&self) -> ParcelStatus {
        self.0.status.into()
    }

    /// Carrier; null before it leaves.
    async fn carrier(&self) -> Option<&str> {
        self.0.carrier.as_deref()
    }

    /// Waybill number of the carrier; null before it leaves.
    async fn tracking_no(&self) -> Option<&str> {
        self.0.tracking_no.as_deref()
    }

    /// Pieces in it.
    async fn pieces(&self) -> i32 {
        self.0.pieces
    }

    /// What is in it, by SKU.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<ParcelLine>> {
        let units = load::of(ctx).load_one(UnitsIn(self.0.brand_id, self.0.id)).await?.unwrap_or_default();
        let mut lines: Vec<ParcelLine> = Vec::new();
        for unit in units {
            match lines.iter_mut().find(|line| line.sku_id.0 == unit.sku_id) {
                Some(line) => {
                    line.pieces += 1;
                    line.unit_codes.push(unit.unit_code);
                }
                None => lines.push(ParcelLine {
                    sku_id: unit.sku_id.into(),
                    sku_code: unit.sku_code,
                    color: unit.color,
                    size: unit.size,
                    pieces: 1,
                    unit_codes: vec![unit.unit_code],
                }),
            }
        }
        Ok(lines)
    }

    /// When it left the warehouse.
    async fn shipped_at(&self) -> Option<DateTime<Utc>> {
        self.0.shipped_at
    }

    /// When it counts as received if nobody confirms; null unless it is on its way.
    async fn counts_as_received_at(&self, ctx: &Context<'_>) -> Option<DateTime<Utc>> {
        let app = ctx.data_unchecked::<App>();
        let is_on_its_way = next(self.0.status, ParcelEvent::Received).is_some();
        self.0.shipped_at.filter(|_| is_on_its_way).map(|at| at + app.config.receipt)
    }

    /// When it was received.
    async fn received_at(&self) -> Option<DateTime<Utc>> {
        self.0.received_at
    }
}

/// Verbs that would work now.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryAction {
    /// `confirmReceipt`
    ConfirmReceipt,
}

/// How an order reaches its buyer.
pub struct Delivery {
    brand_id: Uuid,
    order_id: Uuid,
    /// Of what was paid.
    currency: String,
}

impl From<entity::order::Model> for Delivery {
    fn from(order: entity::order::Model) -> Self {
        Delivery { brand_id: order.brand_id, order_id: order.id, currency: order.currency }
    }
}

/// How an order reaches its buyer.
#[Object]
impl Delivery {
    /// The order.
    async fn order_id(&self) -> OrderId {
        self.order_id.into()
    }

    /// Its parcels, oldest first; empty until the first pieces have left the factory.
    async fn parcels(&self, ctx: &Context<'_>) -> Result<Vec<Parcel>> {
        let app = ctx.data_unchecked::<App>();
        let parcels = query::of_order(app.db.read(), self.brand_id, self.order_id).await?;
        Ok(parcels.into_iter().map(Parcel).collect())
    }

    /// What WeChat knows of each payment's goods, the first payment first. Null for members.
    async fn shipping(&self, ctx: &Context<'_>) -> Result<Option<Vec<ShippingRecord>>> {
        if ctx.data_unchecked::<Actor>().any_staff().is_err() {
            return Ok(None);
        }
        shipping::records(ctx.data_unchecked::<App>(), self).await.map(Some)
    }

    /// What WeChat's own page for confirming the receipt takes, for each payment that waits for it. Empty while nothing
    /// can be confirmed there, and for all but the buyer.
    async fn receipt_confirmations(&self, ctx: &Context<'_>) -> Result<Vec<ReceiptConfirmation>> {
        if ctx.data_unchecked::<Actor>().member().is_err() {
            return Ok(Vec::new());
        }
        shipping::confirmations(ctx.data_unchecked::<App>(), self.brand_id, self.order_id).await
    }

    /// What I could do now.
    async fn available_actions(&self, ctx: &Context<'_>) -> Result<Vec<DeliveryAction>> {
        let app = ctx.data_unchecked::<App>();
        if ctx.data_unchecked::<Actor>().member().is_err() {
            return Ok(Vec::new());
        }
        let parcels = query::of_order(app.db.read(), self.brand_id, self.order_id).await?;
        let on_its_way = parcels.iter().any(|parcel| next(parcel.status, ParcelEvent::Received).is_some());
        Ok(if on_its_way { vec![DeliveryAction::ConfirmReceipt] } else { Vec::new() })
    }
}

/// One parcel that leaves the warehouse.
#[derive(InputObject)]
pub struct DispatchParcelInput {
    /// A parcel of the packing list.
    pub parcel_id: ParcelId,
    /// Code or name of the carrier, best one of `carriers`; up to 40 characters.
    pub carrier: String,
    /// Waybill number: 6 to 40 letters, digits and dashes; one number, one parcel.
    pub tracking_no: String,
}

/// Which parcels of a batch leave.
#[derive(InputObject)]
pub struct DispatchParcelsInput {
    /// 8 to 64 characters; a repeat with the same key answers the same and does nothing twice.
    pub idempotency_key: String,
    /// The batch they came with.
    pub batch_id: BatchId,
    /// 1 to 200 parcels, all dispatched or none.
    pub parcels: Vec<DispatchParcelInput>,
}

/// Which order has arrived.
#[derive(InputObject)]
pub struct ConfirmReceiptInput {
    /// 8 to 64 characters; a repeat with the same key answers the same and does nothing twice.
    pub idempotency_key: String,
    /// My order.
    pub order_id: OrderId,
}

payload!(
    /// Outcome of dispatching.
    DispatchParcelsPayload {
        /// The dispatched parcels.
        parcels: Vec<Parcel>
    }
);
payload!(
    /// Outcome of confirming receipt.
    ConfirmReceiptPayload {
        /// The delivery of the order.
        delivery: Delivery
    }
);

#[derive(Default)]
pub struct DeliveryQuery;

#[Object]
impl DeliveryQuery {
    /// How an order reaches its buyer: her own for a member, any of the brand for staff.
    #[graphql(guard = "door::BRAND", directive = door::needs::apply(door::BRAND.roles()))]
    async fn delivery(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which order.")] order_id: OrderId,
    ) -> Result<Option<Delivery>> {
        let app = ctx.data_unchecked::<App>();
        let actor = ctx.data_unchecked::<Actor>();
        Ok(Some(order::query::find_visible(app.db.read(), actor, order_id.0).await?.into()))
    }

    /// The parcels of a batch with what goes into them and where they go, oldest first.
    #[graphql(guard = "door::SUPPORT", directive = door::needs::apply(door::SUPPORT.roles()))]
    async fn packing_list(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which batch.")] batch_id: BatchId,
        #[graphql(desc = "In one state; in any when missing.")] status: Option<ParcelStatus>,
        #[graphql(desc = "Page size, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the last parcel of the page before.")] after: Option<String>,
    ) -> Result<Option<Page<PackingItem>>> {
        let app = ctx.data_unchecked::<App>();
        let brand_id = policy::may_pack(ctx.data_unchecked::<Actor>())?.brand_id;
        List::oldest_first("packing", batch_id.0)
            .page(
                ctx,
                app.db.read(),
                query::of_batch(brand_id, batch_id.0, status.map(Status::from)),
                parcel::Column::Id,
                &PageArgs::new(first, after, None, None),
                |row: parcel::Model| (row.id, PackingItem(row)),
            )
            .await
            .map(Some)
    }
}

#[derive(Default)]
pub struct DeliveryMutation;

#[Object]
impl DeliveryMutation {
    /// Hands parcels to carriers. An order whose pieces are all on their way is shipped with them.
    #[graphql(guard = "door::SUPPORT", directive = door::needs::apply(door::SUPPORT.roles()))]
    async fn dispatch_parcels(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which parcels leave.")] input: DispatchParcelsInput,
    ) -> Result<Option<DispatchParcelsPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let leaving: Vec<_> = input
            .parcels
            .into_iter()
            .map(|one| dispatch::Leaving {
                parcel_id: one.parcel_id.0,
                carrier: one.carrier,
                tracking_no: one.tracking_no,
            })
            .collect();
        let done = dispatch::dispatch(app, actor, &input.idempotency_key, input.batch_id.0, &leaving).await;
        let views = done.map(|done| done.map(|parcels| parcels.into_iter().map(Parcel).collect::<Vec<_>>()));
        DispatchParcelsPayload::of(ctx, views).map(Some)
    }

    /// Confirms that everything of my order that was on its way is here.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn confirm_receipt(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which order.")] input: ConfirmReceiptInput,
    ) -> Result<Option<ConfirmReceiptPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        ConfirmReceiptPayload::of(ctx, receive::confirm(app, actor, &input.idempotency_key, input.order_id.0).await)
            .map(Some)
    }
}
