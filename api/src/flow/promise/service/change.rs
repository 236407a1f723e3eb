//! A merchandiser promises a later date.

use chrono::{DateTime, NaiveDate, Utc};
use entity::promise_change::{self, PromiseSilence};
use entity::staff::StaffRole;
use sea_orm::{ActiveModelTrait, Set};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::super::{ANSWER_DUE, REMIND, query, rules};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::flow::payment::ledger::query::brand;
use crate::flow::presale;
use crate::people::actor::Actor;

#[derive(Serialize)]
pub struct Change {
    pub presale_id: Uuid,
    pub promise_date: NaiveDate,
    /// What buyers read.
    pub reason: String,
    pub answer_by: DateTime<Utc>,
    pub silence: PromiseSilence,
}

/// Changes the date for those who order from now on, and has everyone asked who ordered before and waits.
pub async fn change(app: &App, actor: &Actor, key: &str, input: &Change) -> Result<Done<promise_change::Model>> {
    let staff = actor.staff(&[StaffRole::Merchandiser])?;
    let (brand_id, staff_id) = (staff.brand_id, staff.id);
    let reason = &text::required("reason", &input.reason, 200)?;
    let once = &Once::new(staff_id, "changePromise", key, input)?;
    app.write(brand_id, |tx| async move {
        let id = tx.new_id();
        presale::query::find(tx.conn(), brand_id, input.presale_id).await?;
        if let Some(id) = once.begin(&tx, &id).await? {
            return Ok(Done::replay(query::change(tx.conn(), brand_id, id).await?));
        }
        // Two changes follow each other, and neither meets a presale that is being called off.
        presale::service::touch(&tx, input.presale_id).await?;
        let presale = presale::query::find(tx.conn(), brand_id, input.presale_id).await?;
        let (_, zone) = brand(tx.conn(), brand_id).await?;
        rules::check(&rules::Promised::of(&presale, zone), input.promise_date, input.answer_by, tx.now())?;
        if !presale::service::promise(&tx, presale.id, presale.promise_date, input.promise_date).await? {
            return Err(rules::changed_meanwhile().into());
        }
        let change = insert(&tx, id, staff_id, input, reason, presale.promise_date).await?;
        tx.set_timer(ANSWER_DUE, id, input.answer_by).await?;
        let remind_at = tx.now() + (input.answer_by - tx.now()) / 2;
        tx.set_timer(REMIND, id, remind_at).await?;
        tx.emit("presale", presale.id, "promise_changed", json!({ "change_id": id })).await?;
        Ok(Done::new(change))
    })
    .await
}

async fn insert(
    tx: &Tx,
    id: Uuid,
    staff_id: Uuid,
    input: &Change,
    reason: &str,
    from_date: NaiveDate,
) -> Result<promise_change::Model> {
    let row = promise_change::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(id),
        presale_id: Set(input.presale_id),
        from_date: Set(from_date),
        promise_date: Set(input.promise_date),
        reason: Set(reason.to_owned()),
        answer_by: Set(input.answer_by),
        silence: Set(input.silence),
        created_by: Set(staff_id),
        created_at: Set(tx.now()),
    };
    Ok(row.insert(tx.conn()).await?)
}
