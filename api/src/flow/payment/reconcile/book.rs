//! What only bills tell of, in the books: WeChat Pay's fees, and withdrawals to the bank.

use chrono::NaiveDate;
use entity::bill_entry;
use entity::journal::JournalKind;
use entity::reconciliation;
use sea_orm::{EntityTrait, Set};
use uuid::Uuid;

use super::rules::{Named, Subject, Withdrawal};
use super::{keep, read};
use crate::app::App;
use crate::base::crypto::sha256;
use crate::base::tx::{By, Tx};
use crate::error::Result;
use crate::flow::payment::ledger;
use crate::flow::payment::ledger::rules::{self, Event, Party};

/// Entries of one transaction, so that a large bill holds nobody up for long.
const CHUNK: usize = 500;

/// Remembers what the bill named and books its fees, once however often the day is looked at.
pub(super) async fn enter(app: &App, day: &reconciliation::Model, currency: &str, named: &[Named]) -> Result<()> {
    for named in named.chunks(CHUNK) {
        app.write(day.brand_id, |tx| async move {
            keep::hold(&tx, day.id).await?;
            let subjects: Vec<_> = named.iter().map(|named| named.subject.id()).collect();
            let known = read::entries(tx.conn(), day.brand_id, &subjects).await?;
            let fresh: Vec<_> = named.iter().filter(|named| !known.contains_key(&named.subject.id())).collect();
            if fresh.is_empty() {
                return Ok(());
            }
            let rows = fresh.iter().map(|named| entry(day, named));
            bill_entry::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
            for named in fresh.iter().filter(|named| named.fee != 0) {
                book_fee(&tx, day.bill_date, currency, named)?;
            }
            keep::found_later(&tx, day, &subjects).await
        })
        .await?;
    }
    Ok(())
}

fn entry(day: &reconciliation::Model, named: &Named) -> bill_entry::ActiveModel {
    let (attempt_id, refund_id) = match named.subject {
        Subject::Attempt(id) => (Some(id), None),
        Subject::Refund(id) => (None, Some(id)),
    };
    bill_entry::ActiveModel {
        brand_id: Set(day.brand_id),
        subject_id: Set(named.subject.id()),
        attempt_id: Set(attempt_id),
        refund_id: Set(refund_id),
        reconciliation_id: Set(day.id),
        amount: Set(named.amount),
        fee: Set(named.fee),
    }
}

fn book_fee(tx: &Tx, date: NaiveDate, currency: &str, named: &Named) -> Result<()> {
    let fee = Event {
        source_id: named.subject.id(),
        order_id: Some(named.order_id),
        party: Party::Nobody,
        currency,
        amount: named.fee,
    };
    ledger::record(tx, By::WECHAT, rules::provider_fee(&fee)?.because(of(date)));
    Ok(())
}

/// Books withdrawals that are not booked yet. Call it holding the day's row.
pub(super) async fn withdrawn(tx: &Tx, date: NaiveDate, currency: &str, drawn: &[Withdrawal]) -> Result<()> {
    let sources: Vec<_> = drawn.iter().map(|drawn| source_of(tx.brand_id(), &drawn.flow_no)).collect();
    let booked = read::booked(tx.conn(), tx.brand_id(), JournalKind::Withdrawn, &sources).await?;
    for (drawn, source_id) in drawn.iter().zip(sources) {
        if !booked.contains(&source_id) {
            let of_it = Event { source_id, order_id: None, party: Party::Nobody, currency, amount: drawn.amount };
            ledger::record(tx, By::WECHAT, rules::withdrawn(&of_it)?.because(of(date)));
        }
    }
    Ok(())
}

fn of(date: NaiveDate) -> String {
    format!("bill of {date}")
}

/// A withdrawal has no row of ours: WeChat's number of the movement stands for it.
fn source_of(brand_id: Uuid, flow_no: &str) -> Uuid {
    let hash = sha256(&[brand_id.as_bytes(), flow_no.as_bytes()].concat());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movement_has_one_source_and_no_other_has_it() {
        let brand = Uuid::from_u128(1);
        assert_eq!(source_of(brand, "F1"), source_of(brand, "F1"));
        assert_ne!(source_of(brand, "F1"), source_of(brand, "F2"));
        assert_ne!(source_of(brand, "F1"), source_of(Uuid::from_u128(2), "F1"));
    }
}
