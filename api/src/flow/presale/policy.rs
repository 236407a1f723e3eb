//! Who may see a presale.

use chrono::{DateTime, Utc};
use entity::presale::{self, PresaleStatus};

use crate::people::actor::Actor;

/// Drafts are the brand's own; what else a member sees depends on the audience ([`super::query`]).
pub fn shown_to_members(status: PresaleStatus) -> bool {
    status != PresaleStatus::Draft
}

/// Counts of held and paid pieces and caps are for the brand's staff.
pub fn may_see_book(actor: &Actor, presale_brand: uuid::Uuid) -> bool {
    matches!(actor, Actor::Staff(staff) if staff.brand_id == presale_brand)
}

/// What a KOC earns of an order is for those who pay it and those who earn it.
pub fn may_see_commission(actor: &Actor, presale_brand: uuid::Uuid) -> bool {
    may_see_book(actor, presale_brand)
        || matches!(actor, Actor::Member(member) if member.is_koc && member.brand_id == presale_brand)
}

/// Whether members may put pieces on hold now.
pub fn sells(presale: &presale::Model, now: DateTime<Utc>) -> bool {
    sells_until(presale.status, presale.closes_at, now)
}

/// The same of a presale's status and its end.
pub fn sells_until(status: PresaleStatus, closes_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    status == PresaleStatus::Open && now < closes_at
}
