//! Writing journals: last in the transaction that makes them happen, all of them in one go.
//!
//! All payments of a brand meet on its row of `ledger_head`. It is taken after everything else and given
//! back with the commit two statements later, however many journals there are.

use std::future::Future;
use std::pin::Pin;

use entity::{journal, journal_line};
use sea_orm::{ActiveEnum, ConnectionTrait, DbBackend, Value};
use serde_json::json;

use super::chain;
use super::rules::{Journal, Party};
use crate::base::db::sql;
use crate::base::rows::{Kind, bytes, rows};
use crate::base::tx::{By, Last, Tx};
use crate::error::Result;

/// Hands a journal over. It is written when the transaction is otherwise done, whenever this is called;
/// recording the same kind of the same source again undoes the transaction.
pub fn record(tx: &Tx, by: By, journal: Journal) {
    tx.last(|pending: &mut Pending| pending.0.push((by, journal)));
}

#[derive(Default)]
struct Pending(Vec<(By, Journal)>);

impl Last for Pending {
    fn write<'a>(self: Box<Self>, tx: &'a Tx) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
        Box::pin(async move { write(tx, &self.0).await })
    }
}

/// A journal as it is stored.
struct Row {
    journal: journal::Model,
    lines: Vec<journal_line::Model>,
}

async fn write(tx: &Tx, pending: &[(By, Journal)]) -> Result<()> {
    let (mut seq, mut hash) = take_head(tx, pending.len()).await?;
    let mut found = Vec::with_capacity(pending.len());
    for (by, journal) in pending {
        seq += 1;
        let row = row(tx, *by, journal, seq, hash);
        hash = row.journal.hash.clone();
        found.push(row);
    }
    insert(tx, &found, hash).await
}

/// Moves the brand's head on by `count` and gives back where it was. Nobody else of the brand posts
/// until the commit.
async fn take_head(tx: &Tx, count: usize) -> Result<(i64, Vec<u8>)> {
    let count = i64::try_from(count).map_err(anyhow::Error::from)?;
    let statement = sql(
        tx.conn().get_database_backend(),
        "insert into ledger_head (brand_id, seq, hash) values ($1, $2, $3) \
         on conflict (brand_id) do update set seq = ledger_head.seq + excluded.seq returning seq, hash",
        [tx.brand_id().into(), count.into(), chain::START.to_vec().into()],
    );
    let row = tx.conn().query_one_raw(statement).await?;
    let row = row.ok_or_else(|| anyhow::anyhow!("taking the head of a ledger returned no row"))?;
    Ok((row.try_get::<i64>("", "seq")? - count, row.try_get("", "hash")?))
}

fn row(tx: &Tx, by: By, from: &Journal, seq: i64, prev_hash: Vec<u8>) -> Row {
    let mut journal = journal::Model {
        brand_id: tx.brand_id(),
        id: tx.new_id(),
        seq,
        kind: from.kind(),
        source_id: from.source_id(),
        order_id: from.order_id(),
        memo: from.memo().map(str::to_owned),
        actor_kind: by.kind,
        actor_id: by.id,
        posted_at: tx.now(),
        prev_hash,
        hash: Vec::new(),
    };
    let line = |(position, line): (i32, &super::rules::Line)| journal_line::Model {
        brand_id: tx.brand_id(),
        journal_id: journal.id,
        position,
        account: line.account,
        amount: line.amount,
        currency: from.currency().to_owned(),
        posted_at: tx.now(),
        order_id: line.order_id,
        member_id: if let Party::Member(id) = line.party { Some(id) } else { None },
        factory_id: if let Party::Factory(id) = line.party { Some(id) } else { None },
    };
    let lines: Vec<_> = (1..).zip(from.lines()).map(line).collect();
    journal.hash = chain::hash(&journal, &lines);
    Row { journal, lines }
}

const JOURNAL: [(&str, Kind); 10] = [
    ("id", Kind::Uuid),
    ("seq", Kind::Long),
    ("kind", Kind::Text),
    ("source_id", Kind::Uuid),
    ("order_id", Kind::Uuid),
    ("memo", Kind::Text),
    ("actor_kind", Kind::Text),
    ("actor_id", Kind::Uuid),
    ("prev_hash", Kind::Bytes),
    ("hash", Kind::Bytes),
];

const LINE: [(&str, Kind); 8] = [
    ("journal_id", Kind::Uuid),
    ("position", Kind::Int),
    ("account", Kind::Text),
    ("amount", Kind::Long),
    ("currency", Kind::Text),
    ("order_id", Kind::Uuid),
    ("member_id", Kind::Uuid),
    ("factory_id", Kind::Uuid),
];

/// Journals, lines and the new end of the chain in one round trip.
async fn insert(tx: &Tx, found: &[Row], head: Vec<u8>) -> Result<()> {
    let journals: serde_json::Value = found.iter().map(|row| journal_json(&row.journal)).collect();
    let lines: Vec<_> = found.iter().flat_map(|row| row.lines.iter().map(line_json)).collect();
    let expected = found.len() + lines.len() + 1;
    let values: Vec<Value> = vec![
        tx.brand_id().into(),
        journals.into(),
        serde_json::Value::from(lines).into(),
        tx.now().into(),
        head.into(),
    ];
    let written = tx.insert_together(&statements(tx.conn().get_database_backend()), values).await?;
    if written == expected as u64 {
        return Ok(());
    }
    Err(anyhow::anyhow!("{written} rows of a ledger were written instead of {expected}").into())
}

fn statements(backend: DbBackend) -> [String; 3] {
    let (journals, lines) = (rows(backend, 2, &JOURNAL), rows(backend, 3, &LINE));
    [
        format!(
            "insert into journal (brand_id, id, seq, kind, source_id, order_id, memo, actor_kind, actor_id, posted_at, prev_hash, hash) \
             select $1, v.id, v.seq, v.kind, v.source_id, v.order_id, v.memo, v.actor_kind, v.actor_id, $4, v.prev_hash, v.hash from {journals}"
        ),
        format!(
            "insert into journal_line (brand_id, journal_id, position, account, amount, currency, posted_at, order_id, member_id, factory_id) \
             select $1, v.journal_id, v.position, v.account, v.amount, v.currency, $4, v.order_id, v.member_id, v.factory_id from {lines}"
        ),
        "update ledger_head set hash = $5 where brand_id = $1".to_owned(),
    ]
}

fn journal_json(journal: &journal::Model) -> serde_json::Value {
    json!({
        "id": journal.id,
        "seq": journal.seq,
        "kind": journal.kind.to_value(),
        "source_id": journal.source_id,
        "order_id": journal.order_id,
        "memo": journal.memo,
        "actor_kind": journal.actor_kind.to_value(),
        "actor_id": journal.actor_id,
        "prev_hash": bytes(&journal.prev_hash),
        "hash": bytes(&journal.hash),
    })
}

fn line_json(line: &journal_line::Model) -> serde_json::Value {
    json!({
        "journal_id": line.journal_id,
        "position": line.position,
        "account": line.account.to_value(),
        "amount": line.amount,
        "currency": line.currency,
        "order_id": line.order_id,
        "member_id": line.member_id,
        "factory_id": line.factory_id,
    })
}
