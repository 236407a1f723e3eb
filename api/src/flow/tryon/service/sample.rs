//! The sample's way: sent, received, and what became of it.

use entity::sample::{self, SampleStatus};
use entity::staff::StaffRole;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{Move, Tx};
use crate::error::Result;
use crate::flow::tryon::query;
use crate::flow::tryon::rules::{self, SampleEvent};
use crate::people::actor::Actor;

#[derive(Serialize)]
pub struct Dispatch {
    pub sample_id: Uuid,
    pub carrier: String,
    pub tracking_no: String,
}

/// The parcel is on its way to the KOC.
pub async fn dispatch_sample(app: &App, actor: &Actor, key: &str, input: &Dispatch) -> Result<Done<sample::Model>> {
    let staff = actor.staff(&[StaffRole::Merchandiser])?;
    let (brand_id, id) = (staff.brand_id, input.sample_id);
    let carrier = &text::required("carrier", &input.carrier, 40)?;
    let tracking_no = &text::required("trackingNo", &input.tracking_no, 64)?;
    let once = &Once::new(staff.id, "dispatchSample", key, input)?;
    app.write(brand_id, |tx| async move {
        let sample = query::find_sample(tx.conn(), brand_id, id).await?;
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(sample));
        }
        let sent = sample::ActiveModel {
            carrier: Set(Some(carrier.clone())),
            tracking_no: Set(Some(tracking_no.clone())),
            dispatched_at: Set(Some(tx.now())),
            ..Default::default()
        };
        step(&tx, actor, &sample, SampleEvent::Dispatch, sent).await
    })
    .await
}

/// The KOC holds the sample in her hands; from now on she can hand in the try-on.
pub async fn confirm_received(app: &App, actor: &Actor, key: &str, id: Uuid) -> Result<Done<sample::Model>> {
    let koc = actor.koc()?;
    let brand_id = koc.brand_id;
    let once = &Once::new(koc.id, "confirmSampleReceived", key, &id)?;
    app.write(brand_id, |tx| async move {
        let sample = query::find_own_sample(tx.conn(), brand_id, koc.id, id).await?;
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(sample));
        }
        let received = sample::ActiveModel { received_at: Set(Some(tx.now())), ..Default::default() };
        step(&tx, actor, &sample, SampleEvent::Receive, received).await
    })
    .await
}

/// What became of the sample in the end; `outcome` is one of keep, return and lose.
pub async fn close_sample(
    app: &App,
    actor: &Actor,
    key: &str,
    id: Uuid,
    outcome: SampleEvent,
) -> Result<Done<sample::Model>> {
    let staff = actor.staff(&[StaffRole::Merchandiser])?;
    let brand_id = staff.brand_id;
    let once = &Once::new(staff.id, "closeSample", key, &(id, event_name(outcome)))?;
    app.write(brand_id, |tx| async move {
        let sample = query::find_sample(tx.conn(), brand_id, id).await?;
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(sample));
        }
        step(&tx, actor, &sample, outcome, sample::ActiveModel::default()).await
    })
    .await
}

/// Moves the sample from the state it was read in, with the `set` columns, or refuses.
async fn step(
    tx: &Tx,
    actor: &Actor,
    sample: &sample::Model,
    event: SampleEvent,
    mut set: sample::ActiveModel,
) -> Result<Done<sample::Model>> {
    let (brand_id, id, from) = (sample.brand_id, sample.id, sample.status);
    let to = rules::next_sample(from, event).ok_or_else(|| rules::wrong_sample_state(from))?;
    set.status = Set(to);
    let moved = sample::Entity::update_many()
        .set(set)
        .filter(sample::Column::BrandId.eq(brand_id))
        .filter(sample::Column::Id.eq(id))
        .filter(sample::Column::Status.eq(from))
        .exec(tx.conn())
        .await?;
    let now = query::find_sample(tx.conn(), brand_id, id).await?;
    if moved.rows_affected == 0 {
        return Err(rules::wrong_sample_state(now.status).into());
    }
    history(tx, actor, id, from, to, event_name(event)).await?;
    Ok(Done::new(now))
}

async fn history(
    tx: &Tx,
    actor: &Actor,
    id: Uuid,
    from: SampleStatus,
    to: SampleStatus,
    event: &'static str,
) -> Result<()> {
    let step = Move { kind: "sample", id, from: Some(from), to, event, by: actor.by(), why: None };
    tx.moved(step, json!({})).await
}

fn event_name(event: SampleEvent) -> &'static str {
    match event {
        SampleEvent::Dispatch => "dispatched",
        SampleEvent::Receive => "received",
        SampleEvent::Keep => "kept",
        SampleEvent::Return => "returned",
        SampleEvent::Lose => "lost",
    }
}
