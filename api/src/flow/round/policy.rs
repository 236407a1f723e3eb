//! May this actor do this to this round?

use entity::round::{self, RoundStatus};
use entity::staff::StaffRole;

use super::rules::{self, Event};
use crate::error::Result;
use crate::people::actor::{Actor, StaffActor};

/// Merchandisers run rounds.
pub fn may_run(actor: &Actor) -> Result<&StaffActor> {
    actor.staff(&[StaffRole::Merchandiser])
}

/// Which verbs of the brand's people would work now.
pub fn available(actor: &Actor, round: &round::Model) -> Vec<Event> {
    if may_run(actor).is_err() {
        return Vec::new();
    }
    Event::ALL.into_iter().filter(|event| rules::next(round.status, *event).is_some()).collect()
}

/// Whether the window can still be moved.
pub fn may_change_window(actor: &Actor, round: &round::Model) -> bool {
    may_run(actor).is_ok() && matches!(round.status, RoundStatus::Scheduled | RoundStatus::Open)
}
