//! Reads, brand first.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use entity::reconciliation::{self, Column, ReconciliationStatus};
use entity::reconciliation_difference::{self as difference, DifferenceStatus};
use entity::{payment_attempt, refund};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use crate::error::{Error, Result};

/// The brand's days.
pub fn days(brand_id: Uuid) -> Select<reconciliation::Entity> {
    reconciliation::Entity::find().filter(Column::BrandId.eq(brand_id))
}

pub async fn find(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<reconciliation::Model> {
    let found = reconciliation::Entity::find_by_id((brand_id, id)).one(db).await?;
    found.ok_or_else(|| Error::not_found("reconciliation"))
}

pub async fn of_date(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    date: NaiveDate,
) -> Result<Option<reconciliation::Model>> {
    Ok(days(brand_id).filter(Column::BillDate.eq(date)).one(db).await?)
}

/// The days from `first` on that have a row.
pub(super) async fn days_since(db: &impl ConnectionTrait, brand_id: Uuid, first: NaiveDate) -> Result<Vec<NaiveDate>> {
    let found = days(brand_id).filter(Column::BillDate.gte(first)).select_only().column(Column::BillDate);
    Ok(found.into_tuple().all(db).await?)
}

pub async fn difference(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<difference::Model> {
    let found = difference::Entity::find_by_id((brand_id, id)).one(db).await?;
    found.ok_or_else(|| Error::not_found("difference"))
}

/// The differences of many days, by day and in their order.
pub async fn differences(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    days: &[Uuid],
) -> Result<HashMap<Uuid, Vec<difference::Model>>, DbErr> {
    let rows = difference::Entity::find()
        .filter(difference::Column::BrandId.eq(brand_id))
        .filter(difference::Column::ReconciliationId.is_in(days.iter().copied()))
        .order_by_asc(difference::Column::Id);
    let mut found = HashMap::<Uuid, Vec<_>>::new();
    for row in rows.all(db).await? {
        found.entry(row.reconciliation_id).or_default().push(row);
    }
    Ok(found)
}

/// Many days.
pub async fn among(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    ids: &[Uuid],
) -> Result<Vec<reconciliation::Model>, DbErr> {
    days(brand_id).filter(Column::Id.is_in(ids.iter().copied())).all(db).await
}

/// Differences that wait for a person, oldest first, at most `limit`, and how many there are.
pub async fn open(db: &impl ConnectionTrait, brand_id: Uuid, limit: u64) -> Result<(Vec<difference::Model>, u64)> {
    let open = difference::Entity::find()
        .filter(difference::Column::BrandId.eq(brand_id))
        .filter(difference::Column::Status.eq(DifferenceStatus::Open));
    let count = open.clone().count(db).await?;
    let oldest = open.order_by_asc(difference::Column::CreatedAt).order_by_asc(difference::Column::Id).limit(limit);
    Ok((oldest.all(db).await?, count))
}

/// Days opened before `since` whose bills could not be had so far, oldest first, and how many there are.
pub async fn overdue(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    since: DateTime<Utc>,
    limit: u64,
) -> Result<(Vec<reconciliation::Model>, u64)> {
    let overdue = days(brand_id)
        .filter(Column::Status.eq(ReconciliationStatus::Waiting))
        .filter(Column::LastError.is_not_null())
        .filter(Column::CreatedAt.lte(since));
    let count = overdue.clone().count(db).await?;
    Ok((overdue.order_by_asc(Column::BillDate).limit(limit).all(db).await?, count))
}

/// Our numbers at WeChat of payments and refunds.
pub(super) async fn numbers(db: &impl ConnectionTrait, brand_id: Uuid, subjects: &[Uuid]) -> Result<Vec<String>> {
    let attempts = payment_attempt::Entity::find()
        .filter(payment_attempt::Column::BrandId.eq(brand_id))
        .filter(payment_attempt::Column::Id.is_in(subjects.iter().copied()))
        .select_only()
        .column(payment_attempt::Column::OutTradeNo);
    let refunds = refund::Entity::find()
        .filter(refund::Column::BrandId.eq(brand_id))
        .filter(refund::Column::Id.is_in(subjects.iter().copied()))
        .select_only()
        .column(refund::Column::OutRefundNo);
    let mut numbers: Vec<String> = attempts.into_tuple().all(db).await?;
    numbers.extend(refunds.into_tuple::<String>().all(db).await?);
    Ok(numbers)
}
