//! The hot path: thousands of members pick in the minutes after a round opens.
//!
//! Picks in flight are written together (see `group`). There is no outbox row: its per-aggregate
//! sequence would make all picks of a round wait for one another, and nobody downstream acts on a
//! single pick. Screens that show the tally are told through the bus after the commit.

use entity::round_entry;
use uuid::Uuid;

use super::group::{self, Vote};
use crate::app::App;
use crate::base::group::busy;
use crate::base::once::{Done, Once};
use crate::error::Result;
use crate::people::actor::Actor;

/// "I would wear this." Picking again changes nothing. Refused outside the window and for members
/// of none of the round's communities.
pub async fn pick(
    app: &App,
    actor: &Actor,
    key: &str,
    round_id: Uuid,
    design_id: Uuid,
) -> Result<Done<round_entry::Model>> {
    change(app, actor, key, (round_id, design_id), true).await
}

/// Takes a pick back while the round is open; without one nothing changes.
pub async fn unpick(
    app: &App,
    actor: &Actor,
    key: &str,
    round_id: Uuid,
    design_id: Uuid,
) -> Result<Done<round_entry::Model>> {
    change(app, actor, key, (round_id, design_id), false).await
}

async fn change(
    app: &App,
    actor: &Actor,
    key: &str,
    (round_id, design_id): (Uuid, Uuid),
    picked: bool,
) -> Result<Done<round_entry::Model>> {
    let member = actor.member()?;
    let operation = if picked { "pickDesign" } else { "unpickDesign" };
    let once = Once::new(member.id, operation, key, &(round_id, design_id))?;
    let vote = Vote { member_id: member.id, operation, once, design_id, picked };
    let (brand_id, writer) = (member.brand_id, app.clone());
    let write = move |votes| group::write(writer.clone(), brand_id, round_id, votes);
    app.votes.try_join((brand_id, round_id), vote, write).await?.ok_or_else(busy)?
}
