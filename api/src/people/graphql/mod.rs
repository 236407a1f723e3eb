//! People in the API: who I am, what is mine, who else is there.

pub mod address;
pub mod consent;
pub mod inbox;
pub mod session;
mod subscription;
pub mod team;
pub mod view;
pub mod viewer;

use async_graphql::{Context, MergedObject, Object};

use crate::error::Result;
use crate::people::actor::Actor;

pub use address::Address;
pub use consent::Consent;
pub use inbox::InboxMessage;
pub use subscription::InboxSubscription;
pub use view::{Brand, Factory, Member, Staff};
use viewer::Viewer;

#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who I am and what is mine. Without a token the kind is `ANONYMOUS` and the rest is empty.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer> {
        Ok(Viewer(ctx.data_unchecked::<Actor>().clone()))
    }
}

#[derive(MergedObject, Default)]
pub struct PeopleQuery(ViewerQuery, team::TeamQuery);

#[derive(MergedObject, Default)]
pub struct PeopleMutation(
    session::SessionMutation,
    consent::ConsentMutation,
    address::AddressMutation,
    inbox::InboxMutation,
    team::TeamMutation,
);
