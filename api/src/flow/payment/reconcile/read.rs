//! Our side of a day.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::bill_entry;
use entity::journal::{self, JournalKind};
use entity::journal_line::LedgerAccount;
use entity::payment_attempt::{self, PaymentAttemptStatus};
use entity::refund::{self, RefundStatus};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::day;
use super::rules::is_transfer;
use crate::error::Result;
use crate::flow::payment::ledger;
use crate::wechat::pay::{FundFlow, TradeRow};

/// Numbers of one statement.
const CHUNK: usize = 500;

/// A refund and the number of the payment it is taken from.
#[derive(Clone, Debug)]
pub struct OurRefund {
    pub row: refund::Model,
    pub out_trade_no: String,
}

/// What of ours a bill names, by our numbers.
#[derive(Clone, Debug, Default)]
pub struct Ours {
    pub attempts: HashMap<String, payment_attempt::Model>,
    pub refunds: HashMap<String, OurRefund>,
}

pub(super) async fn named(db: &impl ConnectionTrait, brand_id: Uuid, rows: &[TradeRow]) -> Result<Ours> {
    let mut ours = Ours::default();
    for rows in rows.chunks(CHUNK) {
        let numbers: Vec<_> =
            rows.iter().filter(|row| row.refund.is_none()).map(|row| row.out_trade_no.clone()).collect();
        let attempts = payment_attempt::Entity::find()
            .filter(payment_attempt::Column::BrandId.eq(brand_id))
            .filter(payment_attempt::Column::OutTradeNo.is_in(numbers));
        let attempts = attempts.all(db).await?;
        ours.attempts.extend(attempts.into_iter().map(|attempt| (attempt.out_trade_no.clone(), attempt)));
        let numbers: Vec<_> =
            rows.iter().filter_map(|row| row.refund.as_ref()).map(|refund| refund.out_refund_no.clone()).collect();
        let refunds = refund::Entity::find()
            .filter(refund::Column::BrandId.eq(brand_id))
            .filter(refund::Column::OutRefundNo.is_in(numbers));
        let refunds = with_numbers(db, brand_id, refunds.all(db).await?).await?;
        ours.refunds.extend(refunds.into_iter().map(|refund| (refund.row.out_refund_no.clone(), refund)));
    }
    Ok(ours)
}

/// What of ours ended on a day, by WeChat's time.
#[derive(Clone, Debug, Default)]
pub struct OfDay {
    pub attempts: Vec<payment_attempt::Model>,
    pub refunds: Vec<OurRefund>,
}

pub(super) async fn of_day(db: &impl ConnectionTrait, brand_id: Uuid, date: NaiveDate) -> Result<OfDay> {
    let (starts, ends) = (day::starts(date), day::ends(date));
    let attempts = payment_attempt::Entity::find()
        .filter(payment_attempt::Column::BrandId.eq(brand_id))
        .filter(payment_attempt::Column::PaidAt.gte(starts))
        .filter(payment_attempt::Column::PaidAt.lt(ends))
        .filter(payment_attempt::Column::Status.eq(PaymentAttemptStatus::Paid));
    let refunds = refund::Entity::find()
        .filter(refund::Column::BrandId.eq(brand_id))
        .filter(refund::Column::FinishedAt.gte(starts))
        .filter(refund::Column::FinishedAt.lt(ends))
        .filter(refund::Column::Status.eq(RefundStatus::Succeeded));
    let refunds = refunds.all(db).await?;
    Ok(OfDay { attempts: attempts.all(db).await?, refunds: with_numbers(db, brand_id, refunds).await? })
}

async fn with_numbers(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    refunds: Vec<refund::Model>,
) -> Result<Vec<OurRefund>> {
    let mut found = Vec::with_capacity(refunds.len());
    for refunds in refunds.chunks(CHUNK) {
        let attempts = payment_attempt::Entity::find()
            .filter(payment_attempt::Column::BrandId.eq(brand_id))
            .filter(payment_attempt::Column::Id.is_in(refunds.iter().map(|refund| refund.attempt_id)));
        let numbers: HashMap<_, _> =
            attempts.all(db).await?.into_iter().map(|attempt| (attempt.id, attempt.out_trade_no)).collect();
        found.extend(refunds.iter().map(|row| {
            let out_trade_no = numbers.get(&row.attempt_id).cloned().unwrap_or_default();
            OurRefund { row: row.clone(), out_trade_no }
        }));
    }
    Ok(found)
}

/// What bills named of these payments and refunds before.
pub(super) async fn entries(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    subjects: &[Uuid],
) -> Result<HashMap<Uuid, bill_entry::Model>> {
    let mut found = HashMap::with_capacity(subjects.len());
    for subjects in subjects.chunks(CHUNK) {
        let entries = bill_entry::Entity::find()
            .filter(bill_entry::Column::BrandId.eq(brand_id))
            .filter(bill_entry::Column::SubjectId.is_in(subjects.iter().copied()));
        found.extend(entries.all(db).await?.into_iter().map(|entry| (entry.subject_id, entry)));
    }
    Ok(found)
}

/// What we booked for each transfer among `flows`, by our number of it, which is the source of its journal.
pub(super) async fn transfers(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    flows: &[FundFlow],
) -> Result<HashMap<String, i64>> {
    let numbers: HashMap<Uuid, &str> = flows
        .iter()
        .filter(|flow| is_transfer(flow))
        .filter_map(|flow| Some((Uuid::parse_str(&flow.voucher_no).ok()?, flow.voucher_no.as_str())))
        .collect();
    let sources: Vec<_> = numbers.keys().copied().collect();
    let mut found = HashMap::new();
    for sources in sources.chunks(CHUNK) {
        let paid = journal::Entity::find()
            .filter(journal::Column::BrandId.eq(brand_id))
            .filter(journal::Column::Kind.is_in([JournalKind::CommissionPaid, JournalKind::CompensationPaid]))
            .filter(journal::Column::SourceId.is_in(sources.iter().copied()));
        let paid = paid.all(db).await?;
        let ids: Vec<_> = paid.iter().map(|journal| journal.id).collect();
        let lines = ledger::query::lines_of(db, brand_id, &ids).await?;
        for journal in paid {
            let lines = lines.get(&journal.id).into_iter().flatten();
            let left: i64 = lines.filter(|line| line.account == LedgerAccount::Clearing).map(|line| -line.amount).sum();
            if let Some(number) = numbers.get(&journal.source_id) {
                *found.entry((*number).to_owned()).or_default() += left;
            }
        }
    }
    Ok(found)
}

/// Those of `sources` for which `kind` is booked.
pub(super) async fn booked(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    kind: JournalKind,
    sources: &[Uuid],
) -> Result<Vec<Uuid>> {
    let mut found = Vec::new();
    for sources in sources.chunks(CHUNK) {
        let booked = journal::Entity::find()
            .filter(journal::Column::BrandId.eq(brand_id))
            .filter(journal::Column::Kind.eq(kind))
            .filter(journal::Column::SourceId.is_in(sources.iter().copied()));
        found.extend(booked.all(db).await?.into_iter().map(|journal| journal.source_id));
    }
    Ok(found)
}
