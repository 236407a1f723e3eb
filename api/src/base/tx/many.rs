//! The same step for many things at once, in a few statements however many there are.

use chrono::{DateTime, Utc};
use entity::state_change;
use sea_orm::{ActiveEnum, ConnectionTrait, DbBackend, EntityTrait, Set, Statement, Value};
use std::sync::atomic::Ordering;
use uuid::Uuid;

use super::{By, Tx};
use crate::error::Result;
use crate::news;

/// Rows a statement: at most eleven values each, far below SQLite's 32,766 and PostgreSQL's 65,535 binds.
const CHUNK: usize = 1_000;

/// One step that many things made together; see [`super::Move`].
#[derive(Clone, Copy)]
pub struct Moves<'a, S> {
    pub kind: &'static str,
    pub from: Option<S>,
    pub to: S,
    /// In the past tense: `shipped`.
    pub event: &'static str,
    pub by: By,
    pub why: Option<&'a str>,
}

impl Tx {
    /// Records a state move of each of `items` (id and payload of its event): what [`Tx::moved`] does
    /// for one, in two statements for each thousand.
    pub async fn moved_all<S: ActiveEnum<Value = String> + Clone>(
        &self,
        step: Moves<'_, S>,
        items: &[(Uuid, serde_json::Value)],
    ) -> Result<()> {
        for chunk in items.chunks(CHUNK) {
            let rows = chunk.iter().map(|(id, _)| state_change::ActiveModel {
                brand_id: Set(self.brand_id()),
                id: Set(self.new_id()),
                subject_kind: Set(step.kind.to_owned()),
                subject_id: Set(*id),
                from_state: Set(step.from.clone().map(|state| state.to_value())),
                to_state: Set(step.to.to_value()),
                event: Set(step.event.to_owned()),
                actor_kind: Set(step.by.kind),
                actor_id: Set(step.by.id),
                why: Set(step.why.map(str::to_owned)),
                created_at: Set(self.now()),
            });
            state_change::Entity::insert_many(rows).exec_without_returning(self.conn()).await?;
            self.emit_all(step.kind, step.event, chunk).await?;
        }
        Ok(())
    }

    async fn emit_all(&self, kind: &'static str, event: &str, items: &[(Uuid, serde_json::Value)]) -> Result<()> {
        self.news_of(kind);
        let mut values: Vec<Value> =
            vec![self.brand_id().into(), kind.into(), format!("{kind}.{event}").into(), self.now().into()];
        for (id, payload) in items {
            self.topics().extend(news::topics_of(kind, *id, payload));
        }
        let rows = rows(items, 3, &mut values, |(id, payload)| {
            vec![self.new_id().into(), (*id).into(), payload.clone().into()]
        });
        let text = format!(
            "with v (id, aggregate_id, payload) as (values {rows}) \
             insert into outbox (brand_id, id, aggregate_kind, aggregate_id, sequence, kind, version, payload, attempts, available_at, created_at) \
             select $1, v.id, $2, v.aggregate_id, coalesce((select max(o.sequence) from outbox o \
             where o.brand_id = $1 and o.aggregate_id = v.aggregate_id), 0) + 1, $3, 1, v.payload, 0, $4, $4 from v"
        );
        self.run(&text, values).await
    }

    /// Sets the timer `kind` of each of `subjects`, or moves those already set.
    pub async fn set_timers(&self, kind: &'static str, subjects: &[Uuid], due_at: DateTime<Utc>) -> Result<()> {
        for chunk in subjects.chunks(CHUNK) {
            let mut values: Vec<Value> = vec![self.brand_id().into(), kind.into(), due_at.into(), self.now().into()];
            let rows = rows(chunk, 2, &mut values, |subject| vec![self.new_id().into(), (*subject).into()]);
            let text = format!(
                "with v (id, subject_id) as (values {rows}) \
                 insert into timer (brand_id, id, kind, subject_id, due_at, attempts, created_at) \
                 select $1, v.id, $2, v.subject_id, $3, 0, $4 from v where true \
                 on conflict (brand_id, kind, subject_id) do update set due_at = excluded.due_at, attempts = 0, \
                 done_at = null, lease_token = null, lease_until = null, last_error = null"
            );
            self.run(&text, values).await?;
        }
        Ok(())
    }

    /// Runs inserts (without `returning`) one after the other in one round trip, with the same `values`
    /// for all, and tells how many rows they wrote together. None sees what another wrote.
    pub async fn insert_together(&self, inserts: &[String], values: Vec<Value>) -> Result<u64> {
        let backend = self.conn().get_database_backend();
        if backend != DbBackend::Postgres {
            let statement = Statement::from_sql_and_values(backend, inserts.join(";\n"), values);
            return Ok(self.conn().execute_raw(statement).await?.rows_affected());
        }
        let steps: Vec<_> =
            inserts.iter().enumerate().map(|(n, insert)| format!("s{n} as ({insert} returning 1)")).collect();
        let counts: Vec<_> = (0..inserts.len()).map(|n| format!("(select count(*) from s{n})")).collect();
        let text = format!("with {} select {} as written", steps.join(",\n"), counts.join(" + "));
        let row = self.conn().query_one_raw(Statement::from_sql_and_values(backend, text, values)).await?;
        let row = row.ok_or_else(|| anyhow::anyhow!("a count returned no row"))?;
        Ok(u64::try_from(row.try_get::<i64>("", "written")?).unwrap_or_default())
    }

    async fn run(&self, text: &str, values: Vec<Value>) -> Result<()> {
        let statement = Statement::from_sql_and_values(self.conn().get_database_backend(), text, values);
        self.conn().execute_raw(statement).await?;
        self.0.has_work.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// `($5, $6), ($7, $8), …` for `items`, whose `width` values each go to the end of `values`.
fn rows<T>(items: &[T], width: usize, values: &mut Vec<Value>, of: impl Fn(&T) -> Vec<Value>) -> String {
    let mut rows = Vec::with_capacity(items.len());
    for item in items {
        let places: Vec<_> = (1..=width).map(|offset| format!("${}", values.len() + offset)).collect();
        rows.push(format!("({})", places.join(", ")));
        values.extend(of(item));
    }
    rows.join(", ")
}
