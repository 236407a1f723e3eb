//! Use cases: propose a design, revise it, submit it, retire it.

use entity::design::{self, DesignStatus};
use entity::{design_picture, design_version};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::lifecycle::record;
use super::rules::{self, Event, Words};
use super::{policy, query};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::tx::{Move, Tx};
use crate::error::{Code, Refusal, Result};
use crate::people::actor::Actor;
use crate::storage::record::find_own;

/// What a version says and shows.
#[derive(Serialize)]
pub struct Content {
    pub words: Words,
    /// Media of the brand's staff, in the order they are shown.
    pub picture_ids: Vec<Uuid>,
}

/// Begins a design as a draft under the brand's next style number.
pub async fn create(app: &App, actor: &Actor, key: &str, input: &Content) -> Result<Done<design::Model>> {
    let staff = policy::may_create(actor)?;
    let brand_id = staff.brand_id;
    let words = &input.words.checked()?;
    rules::check_pictures(&input.picture_ids)?;
    let once = &Once::new(staff.id, "createDesign", key, input)?;
    app.write(brand_id, |tx| async move {
        let id = tx.new_id();
        if let Some(id) = once.begin(&tx, &id).await? {
            return Ok(Done::replay(query::find(tx.conn(), brand_id, id).await?));
        }
        check_own_pictures(&tx, actor, &input.picture_ids).await?;
        let number = tx.next_number("style").await?;
        let design = design::ActiveModel {
            brand_id: Set(brand_id),
            id: Set(id),
            style_no: Set(format!("D-{number:04}")),
            designer_id: Set(staff.id),
            status: Set(DesignStatus::Draft),
            version: Set(1),
            created_at: Set(tx.now()),
            updated_at: Set(tx.now()),
        }
        .insert(tx.conn())
        .await?;
        add_version(&tx, id, 1, words, &input.picture_ids).await?;
        let step = Move {
            kind: "design",
            id,
            from: None,
            to: DesignStatus::Draft,
            event: "created",
            by: actor.by(),
            why: None,
        };
        tx.moved(step, json!({})).await?;
        Ok(Done::new(design))
    })
    .await
}

#[derive(Serialize)]
pub struct Revise {
    pub design_id: Uuid,
    pub content: Content,
}

/// Replaces what a draft says; a submitted or retired design begins its next version. Refused while
/// it is in a round and once it has advanced.
pub async fn revise(app: &App, actor: &Actor, key: &str, input: &Revise) -> Result<Done<design::Model>> {
    let staff = policy::may_create(actor)?;
    let brand_id = staff.brand_id;
    let words = &input.content.words.checked()?;
    let pictures = &input.content.picture_ids;
    rules::check_pictures(pictures)?;
    let once = &Once::new(staff.id, "reviseDesign", key, input)?;
    app.write(brand_id, |tx| async move {
        let design = query::find(tx.conn(), brand_id, input.design_id).await?;
        policy::may_change(actor, &design)?;
        if once.begin(&tx, &design.id).await?.is_some() {
            return Ok(Done::replay(design));
        }
        check_own_pictures(&tx, actor, pictures).await?;
        let current = query::current_version(tx.conn(), &design).await?;
        let version = if current.submitted_at.is_some() { design.version + 1 } else { design.version };
        advance(&tx, &design, Event::Revise, version).await?;
        if version == design.version {
            replace_content(&tx, current, words, pictures).await?;
        } else {
            add_version(&tx, design.id, version, words, pictures).await?;
        }
        record(&tx, design.id, design.status, Event::Revise, actor.by()).await?;
        Ok(Done::new(query::find(tx.conn(), brand_id, design.id).await?))
    })
    .await
}

/// Freezes the draft version: from now on it may go on a slate.
pub async fn submit(app: &App, actor: &Actor, key: &str, design_id: Uuid) -> Result<Done<design::Model>> {
    act(app, actor, key, "submitDesign", design_id, Event::Submit).await
}

/// Takes a draft or a submitted design out of the running.
pub async fn retire(app: &App, actor: &Actor, key: &str, design_id: Uuid) -> Result<Done<design::Model>> {
    act(app, actor, key, "retireDesign", design_id, Event::Retire).await
}

async fn act(
    app: &App,
    actor: &Actor,
    key: &str,
    operation: &'static str,
    design_id: Uuid,
    event: Event,
) -> Result<Done<design::Model>> {
    let staff = policy::may_create(actor)?;
    let brand_id = staff.brand_id;
    let once = &Once::new(staff.id, operation, key, &design_id)?;
    app.write(brand_id, |tx| async move {
        let design = query::find(tx.conn(), brand_id, design_id).await?;
        policy::may_change(actor, &design)?;
        if once.begin(&tx, &design_id).await?.is_some() {
            return Ok(Done::replay(design));
        }
        advance(&tx, &design, event, design.version).await?;
        if event == Event::Submit {
            freeze_version(&tx, &design).await?;
        }
        record(&tx, design_id, design.status, event, actor.by()).await?;
        Ok(Done::new(query::find(tx.conn(), brand_id, design_id).await?))
    })
    .await
}

/// Moves `design` from the state and version it was read in. Refused when the state forbids it, and
/// with `STALE` when someone else was faster.
async fn advance(tx: &Tx, design: &design::Model, event: Event, version: i32) -> Result<()> {
    let to = rules::next(design.status, event)
        .ok_or_else(|| rules::wrong_state(&design.style_no, design.status, event).field("designId"))?;
    let moved = design::Entity::update_many()
        .col_expr(design::Column::Status, Expr::value(to))
        .col_expr(design::Column::Version, Expr::value(version))
        .col_expr(design::Column::UpdatedAt, Expr::value(tx.now()))
        .filter(design::Column::BrandId.eq(design.brand_id))
        .filter(design::Column::Id.eq(design.id))
        .filter(design::Column::Status.eq(design.status))
        .filter(design::Column::Version.eq(design.version))
        .exec(tx.conn())
        .await?;
    if moved.rows_affected == 1 {
        return Ok(());
    }
    Err(Refusal::new(
        Code::Stale,
        format!("Design {} was changed by someone else just now; load it again.", design.style_no),
        format!("设计 {} 刚被他人修改，请重新加载。", design.style_no),
    )
    .into())
}

async fn check_own_pictures(tx: &Tx, actor: &Actor, ids: &[Uuid]) -> Result<()> {
    let media = find_own(tx.conn(), actor, ids).await?;
    if media.iter().any(|media| media.kind != entity::media::MediaKind::Picture) {
        return Err(Refusal::invalid(
            "pictureIds",
            "A design shows pictures only; leave the video out.",
            "设计只能使用图片，请去掉视频。",
        )
        .into());
    }
    Ok(())
}

async fn add_version(tx: &Tx, design_id: Uuid, version: i32, words: &Words, pictures: &[Uuid]) -> Result<()> {
    let id = tx.new_id();
    let mut row = design_version::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(id),
        design_id: Set(design_id),
        version: Set(version),
        submitted_at: Set(None),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    words.write(&mut row);
    design_version::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    add_pictures(tx, id, pictures).await
}

/// Rewrites a version that was never submitted.
async fn replace_content(tx: &Tx, version: design_version::Model, words: &Words, pictures: &[Uuid]) -> Result<()> {
    let version_id = version.id;
    let mut row = version.into_active_model();
    words.write(&mut row);
    row.update(tx.conn()).await?;
    design_picture::Entity::delete_many()
        .filter(design_picture::Column::BrandId.eq(tx.brand_id()))
        .filter(design_picture::Column::DesignVersionId.eq(version_id))
        .exec(tx.conn())
        .await?;
    add_pictures(tx, version_id, pictures).await
}

async fn add_pictures(tx: &Tx, version_id: Uuid, pictures: &[Uuid]) -> Result<()> {
    let rows = pictures.iter().zip(1..).map(|(media_id, position)| design_picture::ActiveModel {
        brand_id: Set(tx.brand_id()),
        design_version_id: Set(version_id),
        position: Set(position),
        media_id: Set(*media_id),
    });
    design_picture::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

async fn freeze_version(tx: &Tx, design: &design::Model) -> Result<()> {
    design_version::Entity::update_many()
        .col_expr(design_version::Column::SubmittedAt, Expr::value(tx.now()))
        .filter(design_version::Column::BrandId.eq(design.brand_id))
        .filter(design_version::Column::DesignId.eq(design.id))
        .filter(design_version::Column::Version.eq(design.version))
        .filter(design_version::Column::SubmittedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}
