//! May this actor see or do this to a try-on?

use entity::community;
use entity::staff::StaffRole;
use entity::tryon::{self, TryonStatus};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::query;
use crate::error::{Error, Result};
use crate::flow::community as communities;
use crate::people::actor::Actor;

/// Who sees what only concerns its making: figures not yet public, verdicts, notes.
pub fn is_insider(actor: &Actor, tryon: &tryon::Model) -> bool {
    match actor {
        Actor::Staff(staff) => staff.brand_id == tryon.brand_id,
        Actor::Member(member) => member.brand_id == tryon.brand_id && member.id == tryon.koc_member_id,
        Actor::Anonymous | Actor::Factory(_) => false,
    }
}

/// The KOC of the try-on, or a merchandiser; for anyone else it is not there.
pub fn may_manage(actor: &Actor, tryon: &tryon::Model) -> Result<()> {
    match actor {
        Actor::Member(_) if is_insider(actor, tryon) => Ok(()),
        Actor::Member(_) => Err(Error::not_found("try-on")),
        other => other.staff(&[StaffRole::Merchandiser]).map(drop),
    }
}

/// Insiders see it in any state; a member when it is published to a community of hers; for anyone
/// else it is not there.
pub async fn may_see(db: &impl ConnectionTrait, actor: &Actor, tryon: &tryon::Model) -> Result<()> {
    if is_insider(actor, tryon) {
        return Ok(());
    }
    let member = actor.member().map_err(|_| Error::not_found("try-on"))?;
    let shown = tryon.status == TryonStatus::Published
        && member.brand_id == tryon.brand_id
        && query::is_shown_to(db, tryon.brand_id, tryon.id, member.id).await?;
    if shown { Ok(()) } else { Err(Error::not_found("try-on")) }
}

/// The community whose feed the actor may read: hers as its KOC or as a member, or any for staff.
pub async fn may_read_feed(db: &impl ConnectionTrait, actor: &Actor, community_id: Uuid) -> Result<community::Model> {
    actor.brand_id()?;
    let visible = communities::query::visible_among(db, actor, &[community_id]).await?;
    visible.into_iter().next().ok_or_else(|| Error::not_found("community"))
}
