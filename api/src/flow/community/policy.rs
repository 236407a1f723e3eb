//! May this actor do this to this community?

use entity::community;
use entity::staff::StaffRole;
use uuid::Uuid;

use crate::error::{Fault, Result};
use crate::people::actor::Actor;

/// A merchandiser founds communities for any KOC, a KOC for herself.
pub fn may_create(actor: &Actor, koc_id: Uuid) -> Result<Uuid> {
    match actor {
        Actor::Member(member) if member.is_koc && member.id == koc_id => Ok(member.brand_id),
        Actor::Member(_) => Err(Fault::Forbidden("a KOC founds communities for herself only").into()),
        other => Ok(other.staff(&[StaffRole::Merchandiser])?.brand_id),
    }
}

/// Who sees the invite code: the KOC and the brand's staff. Members pass on the KOC's card instead.
pub fn may_see_invite_code(actor: &Actor, community: &community::Model) -> bool {
    match actor {
        Actor::Member(member) => member.id == community.koc_member_id,
        Actor::Staff(_) => true,
        Actor::Anonymous | Actor::Factory(_) => false,
    }
}
