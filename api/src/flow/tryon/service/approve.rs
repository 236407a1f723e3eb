//! A merchandiser looks at a submission.

use entity::security_check::SecurityCheckVerdict;
use entity::staff::StaffRole;
use entity::tryon::{self, TryonMediaVerdict, TryonStatus, TryonTextVerdict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{Move, Tx};
use crate::error::Result;
use crate::flow::tryon::rules::{self, Event};
use crate::flow::tryon::{query, security};
use crate::people::actor::Actor;

/// Approves a submission that passed the content check, or one that WeChat doubts or could not check
/// when `accept_unchecked` says that the caller takes responsibility, which the history keeps.
pub async fn approve(
    app: &App,
    actor: &Actor,
    key: &str,
    id: Uuid,
    accept_unchecked: bool,
) -> Result<Done<tryon::Model>> {
    let staff = actor.staff(&[StaffRole::Merchandiser])?;
    let brand_id = staff.brand_id;
    let once = &Once::new(staff.id, "approveTryOn", key, &(id, accept_unchecked))?;
    app.write(brand_id, |tx| async move {
        let tryon = query::find(tx.conn(), brand_id, id).await?;
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(tryon));
        }
        let to = rules::next(tryon.status, Event::Approve).ok_or_else(|| rules::wrong_state(tryon.status))?;
        let overall = security::overall(&tryon);
        rules::may_approve(overall, accept_unchecked)?;
        let row = tryon::ActiveModel {
            status: Set(to),
            review_note: Set(None),
            reviewed_by: Set(Some(staff.id)),
            ..Default::default()
        };
        let why = (overall != SecurityCheckVerdict::Pass).then_some("not passed by WeChat; accepted by a person");
        step(&tx, actor, &tryon, to, row, ("approved", why)).await
    })
    .await
}

/// Sends a submission back to the KOC with a note on what to change.
pub async fn request_changes(app: &App, actor: &Actor, key: &str, id: Uuid, note: &str) -> Result<Done<tryon::Model>> {
    let staff = actor.staff(&[StaffRole::Merchandiser])?;
    let brand_id = staff.brand_id;
    let note = &text::required("note", note, 500)?;
    let once = &Once::new(staff.id, "requestTryOnChanges", key, &(id, note))?;
    app.write(brand_id, |tx| async move {
        let tryon = query::find(tx.conn(), brand_id, id).await?;
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(tryon));
        }
        let to = rules::next(tryon.status, Event::RequestChanges).ok_or_else(|| rules::wrong_state(tryon.status))?;
        let row = tryon::ActiveModel {
            status: Set(to),
            review_note: Set(Some(note.clone())),
            reviewed_by: Set(Some(staff.id)),
            ..Default::default()
        };
        step(&tx, actor, &tryon, to, row, ("changes_requested", Some(note))).await
    })
    .await
}

/// Moves the very revision and verdicts that were looked at; anything newer is refused as another state.
async fn step(
    tx: &Tx,
    actor: &Actor,
    tryon: &tryon::Model,
    to: TryonStatus,
    row: tryon::ActiveModel,
    (event, why): (&'static str, Option<&str>),
) -> Result<Done<tryon::Model>> {
    let (text, media): (TryonTextVerdict, TryonMediaVerdict) = (tryon.text_verdict, tryon.media_verdict);
    let moved = tryon::Entity::update_many()
        .set(row)
        .filter(tryon::Column::BrandId.eq(tryon.brand_id))
        .filter(tryon::Column::Id.eq(tryon.id))
        .filter(tryon::Column::Status.eq(tryon.status))
        .filter(tryon::Column::Revision.eq(tryon.revision))
        .filter(tryon::Column::TextVerdict.eq(text))
        .filter(tryon::Column::MediaVerdict.eq(media))
        .exec(tx.conn())
        .await?;
    let now = query::find(tx.conn(), tryon.brand_id, tryon.id).await?;
    if moved.rows_affected == 0 {
        return Err(rules::wrong_state(now.status).into());
    }
    let step = Move { kind: "tryon", id: tryon.id, from: Some(tryon.status), to, event, by: actor.by(), why };
    tx.moved(step, json!({ "koc_member_id": tryon.koc_member_id })).await?;
    Ok(Done::new(now))
}
