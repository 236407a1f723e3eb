//! May this actor do this to this design?

use entity::design;
use entity::staff::StaffRole;

use super::rules::{self, Event};
use crate::error::{Fault, Result};
use crate::people::actor::{Actor, StaffActor};

/// Designers propose; merchandisers may too.
pub fn may_create(actor: &Actor) -> Result<&StaffActor> {
    actor.staff(&[StaffRole::Designer, StaffRole::Merchandiser])
}

/// A designer works on her own designs, a merchandiser on all.
pub fn may_change(actor: &Actor, design: &design::Model) -> Result<()> {
    let staff = may_create(actor)?;
    if staff.role == StaffRole::Designer && staff.id != design.designer_id {
        return Err(Fault::Forbidden("a designer changes her own designs only").into());
    }
    Ok(())
}

/// Which verbs of people would work now.
pub fn available(actor: &Actor, design: &design::Model) -> Vec<Event> {
    if may_change(actor, design).is_err() {
        return Vec::new();
    }
    let possible = |event: &Event| rules::next(design.status, *event).is_some();
    [Event::Submit, Event::Revise, Event::Retire].into_iter().filter(possible).collect()
}
