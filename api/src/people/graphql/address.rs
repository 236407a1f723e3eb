//! The address book in the API.

use async_graphql::{Context, InputObject, Object};
use uuid::Uuid;

use crate::app::App;
use crate::base::id::AddressId;
use crate::error::Result;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::book::{self, Draft, Entry};
use crate::people::door;
use crate::people::vault::PostalAddress;

/// An entry of my address book, in full. Nobody else can read it.
pub struct Address(pub Entry);

impl From<Entry> for Address {
    fn from(entry: Entry) -> Self {
        Address(entry)
    }
}

/// An entry of my address book, in full. Nobody else can read it.
#[Object]
impl Address {
    /// `address_…`; what an order is placed with.
    pub async fn id(&self) -> AddressId {
        self.0.row.id.into()
    }

    /// Who receives the parcel.
    async fn recipient(&self) -> &str {
        &self.0.address.recipient
    }

    /// The recipient's number: eleven digits for mainland China, `+` and the country code elsewhere.
    async fn phone(&self) -> &str {
        &self.0.address.phone
    }

    /// Province, or municipality such as 上海市.
    async fn province(&self) -> &str {
        &self.0.address.province
    }

    /// City.
    async fn city(&self) -> &str {
        &self.0.address.city
    }

    /// District or county; empty where there is none.
    async fn district(&self) -> &str {
        &self.0.address.district
    }

    /// Street, house and room.
    async fn street(&self) -> &str {
        &self.0.address.street
    }

    /// Province, city and district in one line.
    async fn region(&self) -> &str {
        &self.0.row.region
    }

    /// Whether it is offered first when ordering; at most one is.
    async fn is_default(&self) -> bool {
        self.0.row.is_default
    }
}

/// What an address says.
#[derive(InputObject)]
pub struct AddressInput {
    /// Who receives the parcel, up to 40 characters.
    pub recipient: String,
    /// A mobile number of mainland China, or `+`, country code and number.
    pub phone: String,
    /// Province or municipality, up to 40 characters.
    pub province: String,
    /// City, up to 40 characters.
    pub city: String,
    /// District or county, up to 40 characters; missing where there is none.
    pub district: Option<String>,
    /// Street, house and room, up to 120 characters.
    pub street: String,
    /// Whether it becomes the one that is offered first.
    #[graphql(default)]
    pub is_default: bool,
}

impl From<AddressInput> for Draft {
    fn from(input: AddressInput) -> Self {
        let AddressInput { recipient, phone, province, city, district, street, is_default } = input;
        let district = district.unwrap_or_default();
        Draft { address: PostalAddress { recipient, phone, province, city, district, street }, is_default }
    }
}

/// Adds an entry.
#[derive(InputObject)]
pub struct AddAddressInput {
    /// 8 to 64 characters of your making, new for each user action.
    pub idempotency_key: String,
    /// What to enter; the first entry of a book becomes the default.
    pub address: AddressInput,
}

/// Writes an entry anew.
#[derive(InputObject)]
pub struct ChangeAddressInput {
    /// 8 to 64 characters of your making, new for each user action.
    pub idempotency_key: String,
    /// Which of my entries.
    pub address_id: AddressId,
    /// What it says from now on, all of it.
    pub address: AddressInput,
}

/// Removes an entry.
#[derive(InputObject)]
pub struct RemoveAddressInput {
    /// 8 to 64 characters of your making, new for each user action.
    pub idempotency_key: String,
    /// Which of my entries.
    pub address_id: AddressId,
}

payload!(
    /// The new entry, or why it was refused.
    AddAddressPayload {
        /// As it is in the book now.
        address: Address
    }
);
payload!(
    /// The entry, or why it was not changed.
    ChangeAddressPayload {
        /// As it is in the book now.
        address: Address
    }
);
payload!(
    /// What is gone, or why it is not.
    RemoveAddressPayload {
        /// Id of the entry that was removed.
        removed_id: AddressId
    }
);

#[derive(Default)]
pub struct AddressMutation;

#[Object]
impl AddressMutation {
    /// Adds an entry to my address book; it holds at most 20.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn add_address(&self, ctx: &Context<'_>, input: AddAddressInput) -> Result<Option<AddAddressPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        AddAddressPayload::of(ctx, book::add(app, actor, &input.idempotency_key, input.address.into()).await).map(Some)
    }

    /// Writes an entry of my address book anew. Orders placed before keep the address they were placed with.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn change_address(
        &self,
        ctx: &Context<'_>,
        input: ChangeAddressInput,
    ) -> Result<Option<ChangeAddressPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let id: Uuid = input.address_id.0;
        let outcome = book::change(app, actor, &input.idempotency_key, id, input.address.into()).await;
        ChangeAddressPayload::of(ctx, outcome).map(Some)
    }

    /// Removes an entry of my address book; what it held is erased at once.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn remove_address(
        &self,
        ctx: &Context<'_>,
        input: RemoveAddressInput,
    ) -> Result<Option<RemoveAddressPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        RemoveAddressPayload::of(ctx, book::remove(app, actor, &input.idempotency_key, input.address_id.0).await)
            .map(Some)
    }
}
