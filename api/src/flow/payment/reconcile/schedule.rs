//! Which days are to be done: each once, also those on which no server ran.

use std::collections::HashSet;

use entity::brand;
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::{day, keep, query};
use crate::app::App;
use crate::error::{Error, Result};
use crate::flow::payment::timers;

/// Sets the clock of a brand that has just got its merchant account. Repeats change nothing.
pub(in crate::flow::payment) async fn begin(app: &App, brand_id: Uuid) -> Result<()> {
    app.write(brand_id, |tx| async move { tx.set_timer(timers::BILLS_DUE, brand_id, day::next_due(tx.now())).await })
        .await
}

/// Timer `bills.due`, once a day and brand: opens every day whose bills should be there and that is not known yet,
/// each with a timer of its own, so that one that cannot be had holds up no other; then sets itself anew.
pub(in crate::flow::payment) async fn open_days(app: &App, brand_id: Uuid) -> Result<()> {
    app.write(brand_id, |tx| async move {
        let brand = brand::Entity::find_by_id(brand_id).one(tx.conn()).await?;
        let brand = brand.ok_or_else(|| Error::not_found("brand"))?;
        let due: Vec<_> = day::due_days(brand.created_at, tx.now()).collect();
        if let Some(first) = due.first() {
            let known: HashSet<_> = query::days_since(tx.conn(), brand_id, *first).await?.into_iter().collect();
            for day in due.iter().filter(|day| !known.contains(*day)) {
                let row = keep::day(&tx, *day).await?;
                tx.set_timer(timers::RECONCILE, row.id, tx.now()).await?;
            }
        }
        tx.set_timer(timers::BILLS_DUE, brand_id, day::next_due(tx.now())).await
    })
    .await
}
