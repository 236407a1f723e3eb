//! A KOC hands in her try-on.

use entity::consent::ConsentKind;
use entity::media::{self, MediaKind};
use entity::sample;
use entity::security_check::{self, SecurityCheckVerdict};
use entity::tryon::{self, TryonFit, TryonMediaVerdict, TryonTextVerdict};
use entity::tryon_media;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{VERDICT_TIMER, VERDICT_WAIT};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{Move, Tx};
use crate::error::{Code, Refusal, Result};
use crate::flow::tryon::query::{self, SUBJECT};
use crate::flow::tryon::rules::{self, Event};
use crate::people::actor::{Actor, MemberActor};
use crate::people::consent;
use crate::storage::record;

#[derive(Serialize)]
pub struct Submit {
    pub tryon_id: Uuid,
    pub body: String,
    pub size_worn: String,
    pub fit: TryonFit,
    pub cons: String,
    pub media_ids: Vec<Uuid>,
    pub height_cm: Option<i32>,
    pub weight_kg: Option<i32>,
}

/// The texts of a submission, checked.
struct Words {
    body: String,
    size_worn: String,
    cons: String,
}

/// Hands in the try-on, for the first time or again after changes were asked for, and puts it to the
/// content check. Refused before the sample has arrived and without the consents it needs.
pub async fn submit(app: &App, actor: &Actor, key: &str, input: &Submit) -> Result<Done<tryon::Model>> {
    let koc = actor.koc()?;
    let (brand_id, id) = (koc.brand_id, input.tryon_id);
    let words = &Words {
        body: text::required("body", &input.body, rules::MAX_BODY)?,
        size_worn: text::required("sizeWorn", &input.size_worn, 20)?,
        cons: text::required("cons", &input.cons, rules::MAX_CONS)?,
    };
    rules::check_figures(input.height_cm, input.weight_kg)?;
    let once = &Once::new(koc.id, "submitTryOn", key, input)?;
    app.write(brand_id, |tx| async move {
        let tryon = query::find_own(tx.conn(), brand_id, koc.id, id).await?;
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(tryon));
        }
        check_sample(&tx, &tryon).await?;
        let consent_id = check_consents(&tx, koc, input).await?;
        let media = own_media(&tx, actor, &input.media_ids).await?;
        write(&tx, actor, &tryon, input, words, consent_id).await?;
        put_media(&tx, &tryon, &media).await?;
        open_checks(&tx, &tryon, &media).await?;
        tx.set_timer(VERDICT_TIMER, id, tx.now() + VERDICT_WAIT).await?;
        Ok(Done::new(query::find(tx.conn(), brand_id, id).await?))
    })
    .await
}

async fn check_sample(tx: &Tx, tryon: &tryon::Model) -> Result<()> {
    let sample: sample::Model = query::find_sample(tx.conn(), tryon.brand_id, tryon.sample_id).await?;
    if sample.received_at.is_some() {
        return Ok(());
    }
    Err(Refusal::new(
        Code::WrongState,
        "Confirm that the sample has arrived before you hand in the try-on.",
        "请先确认收到样衣，再提交试穿内容。",
    )
    .into())
}

/// The consent that covers the pictures. Own figures need one to body data as well.
async fn check_consents(tx: &Tx, koc: &MemberActor, input: &Submit) -> Result<Uuid> {
    let photos = consent::in_force(tx.conn(), koc.brand_id, koc.id, ConsentKind::Photos).await?;
    let Some(photos) = photos else {
        return Err(Refusal::new(
            Code::ConsentMissing,
            "Showing pictures of yourself needs your consent of kind PHOTOS. Grant it, then hand in again.",
            "展示您的照片需要先同意照片使用授权（PHOTOS），同意后请重新提交。",
        )
        .into());
    };
    let figures = input.height_cm.is_some() || input.weight_kg.is_some();
    if figures && consent::in_force(tx.conn(), koc.brand_id, koc.id, ConsentKind::BodyData).await?.is_none() {
        return Err(Refusal::new(
            Code::ConsentMissing,
            "Showing your height or weight needs your consent of kind BODY_DATA. Grant it, or leave the figures out.",
            "展示身高体重需要先同意身材数据授权（BODY_DATA），您也可以不填写。",
        )
        .into());
    }
    Ok(photos.id)
}

async fn own_media(tx: &Tx, actor: &Actor, ids: &[Uuid]) -> Result<Vec<media::Model>> {
    let most = rules::MAX_PICTURES + rules::MAX_VIDEOS;
    let distinct = ids.iter().collect::<std::collections::HashSet<_>>().len() == ids.len();
    if ids.len() > most || !distinct {
        rules::check_media_counts(ids.len(), 0, distinct)?;
    }
    let found = record::find_own(tx.conn(), actor, ids).await?;
    let pictures = found.iter().filter(|media| media.kind == MediaKind::Picture).count();
    rules::check_media_counts(pictures, found.len() - pictures, true)?;
    Ok(found)
}

async fn write(
    tx: &Tx,
    actor: &Actor,
    tryon: &tryon::Model,
    input: &Submit,
    words: &Words,
    consent_id: Uuid,
) -> Result<()> {
    let to = rules::next(tryon.status, Event::Submit).ok_or_else(|| rules::wrong_state(tryon.status))?;
    let row = tryon::ActiveModel {
        status: Set(to),
        revision: Set(tryon.revision + 1),
        body: Set(words.body.clone()),
        size_worn: Set(Some(words.size_worn.clone())),
        fit: Set(Some(input.fit)),
        cons: Set(Some(words.cons.clone())),
        height_cm: Set(input.height_cm),
        weight_kg: Set(input.weight_kg),
        consent_id: Set(Some(consent_id)),
        text_verdict: Set(TryonTextVerdict::Pending),
        media_verdict: Set(TryonMediaVerdict::Pending),
        review_note: Set(None),
        reviewed_by: Set(None),
        submitted_at: Set(Some(tx.now())),
        ..Default::default()
    };
    let moved = tryon::Entity::update_many()
        .set(row)
        .filter(tryon::Column::BrandId.eq(tryon.brand_id))
        .filter(tryon::Column::Id.eq(tryon.id))
        .filter(tryon::Column::Status.eq(tryon.status))
        .filter(tryon::Column::Revision.eq(tryon.revision))
        .exec(tx.conn())
        .await?;
    if moved.rows_affected == 0 {
        return Err(rules::wrong_state(query::find(tx.conn(), tryon.brand_id, tryon.id).await?.status).into());
    }
    let step = Move {
        kind: "tryon",
        id: tryon.id,
        from: Some(tryon.status),
        to,
        event: "submitted",
        by: actor.by(),
        why: None,
    };
    tx.moved(step, json!({ "revision": tryon.revision + 1 })).await
}

async fn put_media(tx: &Tx, tryon: &tryon::Model, media: &[media::Model]) -> Result<()> {
    tryon_media::Entity::delete_many()
        .filter(tryon_media::Column::BrandId.eq(tryon.brand_id))
        .filter(tryon_media::Column::TryonId.eq(tryon.id))
        .exec(tx.conn())
        .await?;
    let rows = media.iter().zip(1..).map(|(media, position)| tryon_media::ActiveModel {
        brand_id: Set(tryon.brand_id),
        tryon_id: Set(tryon.id),
        position: Set(position),
        media_id: Set(media.id),
    });
    tryon_media::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// One check for the words and one for each picture. WeChat checks no videos, so a person has to look
/// at one.
async fn open_checks(tx: &Tx, tryon: &tryon::Model, media: &[media::Model]) -> Result<()> {
    let subjects = media.iter().map(|media| (Some(media.id), media.kind == MediaKind::Video));
    let rows = std::iter::once((None, false)).chain(subjects).map(|(media_id, is_video)| {
        let verdict = if is_video { SecurityCheckVerdict::Review } else { SecurityCheckVerdict::Pending };
        security_check::ActiveModel {
            brand_id: Set(tryon.brand_id),
            id: Set(tx.new_id()),
            subject_kind: Set(SUBJECT.to_owned()),
            subject_id: Set(tryon.id),
            revision: Set(tryon.revision + 1),
            media_id: Set(media_id),
            trace_id: Set(None),
            verdict: Set(verdict),
            label: Set(None),
            attempts: Set(0),
            created_at: Set(tx.now()),
            decided_at: Set(is_video.then(|| tx.now())),
        }
    });
    security_check::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}
