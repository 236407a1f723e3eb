//! What the brand's people do when WeChat was told something wrong, or takes something not.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::{Delivery, Parcel};
use crate::app::App;
use crate::base::id::{OrderId, ParcelId};
use crate::error::Result;
use crate::flow::delivery::service::dispatch::Leaving;
use crate::flow::delivery::shipping;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door::{self, Door, Role};

const SUPPORT_OR_FINANCE: Door = Door(&[Role::Support, Role::Merchandiser, Role::Finance]);

/// A carrier that WeChat knows.
#[derive(SimpleObject)]
pub struct Carrier {
    /// WeChat's code; parcels may be dispatched with it.
    code: String,
    /// WeChat's name; parcels may be dispatched with it.
    name: String,
}

/// Where a parcel really went.
#[derive(InputObject)]
pub struct CorrectParcelInput {
    /// 8 to 64 characters; a repeat with the same key answers the same and does nothing twice.
    pub idempotency_key: String,
    /// A parcel that has left.
    pub parcel_id: ParcelId,
    /// Code or name of a carrier, best one of `carriers`; up to 40 characters.
    pub carrier: String,
    /// Waybill number: 6 to 40 letters, digits and dashes; one number, one parcel.
    pub tracking_no: String,
}

/// Of which order WeChat is told again.
#[derive(InputObject)]
pub struct RetryShippingInput {
    /// 8 to 64 characters; a repeat with the same key answers the same and does nothing twice.
    pub idempotency_key: String,
    /// An order of which WeChat did not take something.
    pub order_id: OrderId,
}

payload!(
    /// Outcome of correcting a parcel.
    CorrectParcelPayload {
        /// The parcel as it is now; null when refused.
        parcel: Parcel
    }
);
payload!(
    /// Outcome of telling WeChat again.
    RetryShippingPayload {
        /// The order's delivery; null when refused.
        delivery: Delivery
    }
);

#[derive(Default)]
pub struct ShippingQuery;

#[Object]
impl ShippingQuery {
    /// The carriers that WeChat knows. A parcel that goes with another one has to be corrected before its money
    /// settles.
    #[graphql(guard = "door::SUPPORT", directive = door::needs::apply(door::SUPPORT.roles()))]
    async fn carriers(&self, ctx: &Context<'_>) -> Result<Option<Vec<Carrier>>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let carriers = shipping::carriers(app, actor.brand_id()?).await?;
        Ok(Some(carriers.into_iter().map(|one| Carrier { code: one.code, name: one.name }).collect()))
    }
}

#[derive(Default)]
pub struct ShippingMutation;

#[Object]
impl ShippingMutation {
    /// Corrects the carrier or tracking number of a parcel that has left. WeChat, which shows them to the buyer, is told
    /// by itself; once all of an order has left it takes one correction.
    #[graphql(guard = "door::SUPPORT", directive = door::needs::apply(door::SUPPORT.roles()))]
    async fn correct_parcel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which parcel, and where it really went.")] input: CorrectParcelInput,
    ) -> Result<Option<CorrectParcelPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let CorrectParcelInput { idempotency_key, parcel_id, carrier, tracking_no } = input;
        let right = Leaving { parcel_id: parcel_id.0, carrier, tracking_no };
        let corrected = shipping::correct(app, actor, &idempotency_key, &right).await;
        CorrectParcelPayload::of(ctx, corrected.map(|done| done.map(Parcel))).map(Some)
    }

    /// Tells WeChat again, and at once, what it has not taken of an order: its shipping, and by when its goods come.
    #[graphql(guard = "SUPPORT_OR_FINANCE", directive = door::needs::apply(SUPPORT_OR_FINANCE.roles()))]
    async fn retry_shipping(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which order.")] input: RetryShippingInput,
    ) -> Result<Option<RetryShippingPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        RetryShippingPayload::of(ctx, shipping::retry(app, actor, &input.idempotency_key, input.order_id.0).await)
            .map(Some)
    }
}
