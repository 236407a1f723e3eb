//! Who acts: brands as tenants, members, KOCs, staff, factories; their sessions and consents.
//!
//! A request's token becomes an [`actor::Actor`]; a field's [`door`] says which actors may enter. What
//! is known of a member beyond her votes and orders is sealed in the [`vault`].
//!
//! ```text
//! member   active → banned | deleted   (deleted: shredded, see privacy)
//! grade    member → koc
//! staff    active → disabled
//! session  open → revoked
//! consent  in force → withdrawn
//! ```

pub mod actor;
pub mod admin;
pub mod authenticate;
pub mod book;
pub mod consent;
pub mod door;
pub mod graphql;
pub mod inbox;
pub mod loader;
pub mod lockout;
pub mod mask;
pub(crate) mod mine;
pub mod nickname;
pub mod password;
pub mod phone;
pub mod privacy;
pub mod profile;
pub mod query;
pub mod session;
pub mod team;
pub mod token;
pub mod vault;
pub mod wechat;

use entity::consent::ConsentKind;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::error::Result;
use crate::storage::erase;
use crate::worker::Event;

/// Events that people care about; tolerates repeats.
pub async fn on_event(app: &App, event: &Event) -> Result<()> {
    match event.kind.as_str() {
        "nickname.offered" => nickname::check(app, event.brand_id, field(event, "member_id")?).await,
        "member.consent_withdrawn" if field::<ConsentKind>(event, "kind")? == ConsentKind::Photos => {
            erase::of_member(app, event.brand_id, event.aggregate_id, field(event, "at")?).await
        }
        "member.deleted" => erase::of_member(app, event.brand_id, event.aggregate_id, app.clock.now()).await,
        _ => Ok(()),
    }
}

fn field<T: DeserializeOwned>(event: &Event, name: &str) -> Result<T> {
    let read = serde_json::from_value(event.payload[name].clone());
    read.map_err(|error| anyhow::anyhow!("{name} of a {} event: {error}", event.kind).into())
}
