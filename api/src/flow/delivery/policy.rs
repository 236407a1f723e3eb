//! May this actor pack and read addresses, or try again what WeChat did not take?

use entity::staff::StaffRole;

use crate::error::Result;
use crate::people::actor::{Actor, StaffActor};

/// Who packs: the only roles that read a buyer's address in full.
pub fn may_pack(actor: &Actor) -> Result<&StaffActor> {
    actor.staff(&[StaffRole::Support, StaffRole::Merchandiser])
}

/// Those whom something stuck concerns: they ship it, or wait for its money.
pub fn may_retry(actor: &Actor) -> Result<&StaffActor> {
    actor.staff(&[StaffRole::Support, StaffRole::Merchandiser, StaffRole::Finance])
}
