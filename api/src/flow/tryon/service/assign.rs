//! A merchandiser asks for a sample to go to a KOC, and with it for a try-on.

use chrono::{DateTime, Utc};
use entity::koc;
use entity::sample::{self, SampleStatus};
use entity::staff::StaffRole;
use entity::tryon::{self, TryonMediaVerdict, TryonStatus, TryonTextVerdict};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{Move, Tx};
use crate::error::{Code, Error, Refusal, Result};
use crate::flow::round;
use crate::flow::tryon::{query, rules};
use crate::people::actor::Actor;

#[derive(Serialize)]
pub struct RequestSample {
    pub entry_id: Uuid,
    pub koc_id: Uuid,
    pub size: String,
    pub color: String,
    pub try_on_due_at: DateTime<Utc>,
}

/// Orders a sample of an advanced design for a KOC and assigns her the try-on. Refused while the
/// design has not advanced.
pub async fn request_sample(app: &App, actor: &Actor, key: &str, input: &RequestSample) -> Result<Done<sample::Model>> {
    let staff = actor.staff(&[StaffRole::Merchandiser])?;
    let brand_id = staff.brand_id;
    let size = &text::required("size", &input.size, 20)?;
    let color = &text::required("color", &input.color, 40)?;
    let once = &Once::new(staff.id, "requestSample", key, input)?;
    app.write(brand_id, |tx| async move {
        let id = tx.new_id();
        if let Some(id) = once.begin(&tx, &id).await? {
            return Ok(Done::replay(query::find_sample(tx.conn(), brand_id, id).await?));
        }
        rules::check_due("tryOnDueAt", input.try_on_due_at, tx.now())?;
        let entry = round::query::find_entry(tx.conn(), brand_id, input.entry_id).await?;
        if !entry.advanced {
            return Err(not_advanced().into());
        }
        if koc::Entity::find_by_id((brand_id, input.koc_id)).one(tx.conn()).await?.is_none() {
            return Err(Error::not_found("KOC"));
        }
        let sample = sample::ActiveModel {
            brand_id: Set(brand_id),
            id: Set(id),
            entry_id: Set(entry.id),
            design_id: Set(entry.design_id),
            design_version_id: Set(entry.design_version_id),
            koc_member_id: Set(input.koc_id),
            size: Set(size.clone()),
            color: Set(color.clone()),
            status: Set(SampleStatus::Requested),
            carrier: Set(None),
            tracking_no: Set(None),
            dispatched_at: Set(None),
            received_at: Set(None),
            created_at: Set(tx.now()),
        }
        .insert(tx.conn())
        .await?;
        let step = Move {
            kind: "sample",
            id,
            from: None,
            to: SampleStatus::Requested,
            event: "requested",
            by: actor.by(),
            why: None,
        };
        tx.moved(step, json!({ "design_id": sample.design_id, "koc_member_id": sample.koc_member_id })).await?;
        assign(&tx, actor, &sample, input.try_on_due_at).await?;
        Ok(Done::new(sample))
    })
    .await
}

async fn assign(tx: &Tx, actor: &Actor, sample: &sample::Model, due_at: DateTime<Utc>) -> Result<()> {
    let id = tx.new_id();
    let task = tryon::ActiveModel {
        brand_id: Set(sample.brand_id),
        id: Set(id),
        sample_id: Set(sample.id),
        design_id: Set(sample.design_id),
        koc_member_id: Set(sample.koc_member_id),
        status: Set(TryonStatus::Assigned),
        due_at: Set(due_at),
        revision: Set(0),
        body: Set(String::new()),
        size_worn: Set(None),
        fit: Set(None),
        cons: Set(None),
        height_cm: Set(None),
        weight_kg: Set(None),
        consent_id: Set(None),
        text_verdict: Set(TryonTextVerdict::None),
        media_verdict: Set(TryonMediaVerdict::None),
        is_ad: Set(false),
        review_note: Set(None),
        reviewed_by: Set(None),
        submitted_at: Set(None),
        published_at: Set(None),
        publication_id: Set(None),
        created_at: Set(tx.now()),
    };
    tryon::Entity::insert(task).exec_without_returning(tx.conn()).await?;
    let step =
        Move { kind: "tryon", id, from: None, to: TryonStatus::Assigned, event: "assigned", by: actor.by(), why: None };
    tx.moved(step, json!({ "sample_id": sample.id, "koc_member_id": sample.koc_member_id })).await
}

fn not_advanced() -> Refusal {
    Refusal::new(
        Code::WrongState,
        "Samples are made of designs that advanced. Wait for the round to close, or choose another entry.",
        "仅晋级的设计可以制作样衣，请等待本轮结束或选择其他设计。",
    )
    .field("entryId")
}

#[derive(Serialize)]
pub struct Extend {
    pub tryon_id: Uuid,
    pub due_at: DateTime<Utc>,
}

/// Sets another due date on a try-on that is not handed in yet.
pub async fn extend(app: &App, actor: &Actor, key: &str, input: &Extend) -> Result<Done<tryon::Model>> {
    let staff = actor.staff(&[StaffRole::Merchandiser])?;
    let (brand_id, id) = (staff.brand_id, input.tryon_id);
    let once = &Once::new(staff.id, "extendTryOn", key, input)?;
    app.write(brand_id, |tx| async move {
        let tryon = query::find(tx.conn(), brand_id, id).await?;
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(tryon));
        }
        rules::check_due("dueAt", input.due_at, tx.now())?;
        let extended = tryon::Entity::update_many()
            .col_expr(tryon::Column::DueAt, Expr::value(input.due_at))
            .filter(tryon::Column::BrandId.eq(brand_id))
            .filter(tryon::Column::Id.eq(id))
            .filter(tryon::Column::Status.is_in([TryonStatus::Assigned, TryonStatus::ChangesRequested]))
            .exec(tx.conn())
            .await?;
        if extended.rows_affected == 0 {
            return Err(rules::wrong_state(tryon.status).into());
        }
        tx.emit("tryon", id, "extended", json!({ "due_at": input.due_at })).await?;
        Ok(Done::new(query::find(tx.conn(), brand_id, id).await?))
    })
    .await
}
