//! What the brand's people pack, and where it goes.

use async_graphql::{Context, Object, SimpleObject};
use entity::parcel;

use super::Parcel;
use crate::app::App;
use crate::error::{Error, Result};
use crate::flow::delivery::policy;
use crate::flow::order::loader::OrderById;
use crate::load;
use crate::people::actor::Actor;
use crate::people::loader::MemberById;
use crate::people::vault::{self, AddressIn};

/// Where a parcel goes, in full, for printing its label.
#[derive(SimpleObject)]
pub struct ParcelLabel {
    /// Name of the recipient.
    pub recipient: String,
    /// Phone of the recipient.
    pub phone: String,
    /// Province.
    pub province: String,
    /// City.
    pub city: String,
    /// District.
    pub district: String,
    /// Street, house, door.
    pub street: String,
}

/// A parcel on the packing list, with the order it is for.
pub struct PackingItem(pub parcel::Model);

impl PackingItem {
    async fn order(&self, ctx: &Context<'_>) -> Result<entity::order::Model> {
        let order = load::of(ctx).load_one(OrderById(self.0.brand_id, self.0.order_id)).await?;
        order.ok_or_else(|| Error::not_found("order"))
    }
}

/// A parcel on the packing list, with the order it is for.
#[Object]
impl PackingItem {
    /// The parcel and what goes into it.
    async fn parcel(&self) -> Parcel {
        Parcel(self.0.clone())
    }

    /// Number of the order, for people.
    async fn order_no(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.order(ctx).await?.order_no)
    }

    /// Recipient with most of the name hidden, for lists.
    async fn recipient_masked(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.order(ctx).await?.recipient_masked)
    }

    /// Phone with most digits hidden, for lists.
    async fn phone_masked(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.order(ctx).await?.phone_masked)
    }

    /// Province, city and district.
    async fn region(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.order(ctx).await?.region)
    }

    /// The address in full; null when the buyer's data has been deleted. Ask for it only to print labels.
    async fn label(&self, ctx: &Context<'_>) -> Result<Option<ParcelLabel>> {
        policy::may_pack(ctx.data_unchecked::<Actor>())?;
        let app = ctx.data_unchecked::<App>();
        let order = self.order(ctx).await?;
        let member = load::of(ctx).load_one(MemberById(order.brand_id, order.member_id)).await?;
        let Some(member) = member.filter(|member| member.data_key.is_some()) else { return Ok(None) };
        let key = vault::data_key_of(&app.keyring, &member)?;
        let address = vault::open_address(&key, AddressIn::Order(order.id), &order.address)?;
        Ok(Some(ParcelLabel {
            recipient: address.recipient,
            phone: address.phone,
            province: address.province,
            city: address.city,
            district: address.district,
            street: address.street,
        }))
    }
}
