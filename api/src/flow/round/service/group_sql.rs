//! The statements of a group of picks: each one text for all its rows, on both databases.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use entity::round::RoundStatus;
use entity::round_entry;
use sea_orm::{ActiveEnum, ConnectionTrait, DbBackend, FromQueryResult, QueryResult, Statement, Value};
use uuid::Uuid;

use super::group::Vote;
use crate::base::tx::Tx;
use crate::error::{Error, Result};
use crate::flow::round::rules::{self, Window};

/// What decides whether a vote is taken, and where it counts.
pub(super) struct Ballot {
    round: Option<RoundStatus>,
    pub window: Window,
    on_slate: bool,
    joined: Option<Uuid>,
    earlier: Option<Uuid>,
    /// Hash of the input that the idempotency key was used with before.
    pub stored: Option<Vec<u8>>,
}

impl Ballot {
    pub fn refusal(&self, now: DateTime<Utc>) -> Option<Error> {
        let Some(status) = self.round else { return Some(Error::not_found("round")) };
        if self.joined.is_none() {
            return Some(rules::not_yours().into());
        }
        if let Some(refusal) = self.window.refusal(status, now) {
            return Some(refusal.into());
        }
        (!self.on_slate).then(|| Error::not_found("design of this round"))
    }
}

/// The community that a member's earlier picks count for, else the first of the round's that she
/// joined and is in; with the round, the slate and the key.
const BALLOTS: &str = "select v.n, r.status, r.opens_at, r.closes_at, \
    (select e.id from round_entry e where e.brand_id = $1 and e.round_id = $2 and e.design_id = v.design_id) as entry_id, \
    (select p.community_id from pick p where p.brand_id = $1 and p.member_id = v.member_id and p.round_id = $2 limit 1) as earlier, \
    (select m.community_id from membership m \
     join round_community c on c.brand_id = m.brand_id and c.community_id = m.community_id \
     where m.brand_id = $1 and m.member_id = v.member_id and m.status = 'active' and c.round_id = $2 \
     order by m.joined_at, m.community_id limit 1) as joined, \
    (select i.input_hash from idempotency i where i.brand_id = $1 and i.actor_id = v.member_id \
     and i.operation = v.operation and i.key = v.key) as stored \
    from v left join round r on r.brand_id = $1 and r.id = $2 order by v.n";

pub(super) async fn read_ballots(tx: &Tx, round_id: Uuid, votes: &[Vote]) -> Result<Vec<Ballot>> {
    let mut values: Vec<Value> = vec![tx.brand_id().into(), round_id.into()];
    let row = |(n, vote): (usize, &Vote)| {
        let once = &vote.once;
        let n = i32::try_from(n).unwrap_or(i32::MAX);
        vec![n.into(), once.actor_id.into(), vote.design_id.into(), once.operation.into(), once.key.clone().into()]
    };
    let rows = rows(&mut values, votes.iter().enumerate().map(row));
    let text = format!("with v (n, member_id, design_id, operation, key) as (values {rows}) {BALLOTS}");
    query(tx, &text, values).await?.iter().map(ballot).collect()
}

fn ballot(row: &QueryResult) -> Result<Ballot> {
    let status: Option<String> = row.try_get("", "status")?;
    let round = status.map(|status| RoundStatus::try_from_value(&status)).transpose()?;
    let at = |name| -> Result<DateTime<Utc>> {
        Ok(row.try_get::<Option<DateTime<Utc>>>("", name)?.unwrap_or(DateTime::UNIX_EPOCH))
    };
    Ok(Ballot {
        round,
        window: Window { opens_at: at("opens_at")?, closes_at: at("closes_at")? },
        on_slate: row.try_get::<Option<Uuid>>("", "entry_id")?.is_some(),
        joined: row.try_get("", "joined")?,
        earlier: row.try_get("", "earlier")?,
        stored: row.try_get("", "stored")?,
    })
}

/// Claims the keys of `votes` at `places`; false when another request had one under way.
pub(super) async fn claim(tx: &Tx, votes: &[Vote], places: &[usize]) -> Result<bool> {
    if places.is_empty() {
        return Ok(true);
    }
    let mut sorted: Vec<&Vote> = places.iter().map(|n| &votes[*n]).collect();
    sorted.sort_by_key(|vote| (vote.once.actor_id, vote.once.operation, vote.once.key.clone()));
    let mut values = Vec::new();
    let row = |vote: &Vote| {
        let answer = serde_json::json!(vote.design_id);
        vec![
            tx.brand_id().into(),
            vote.once.actor_id.into(),
            vote.once.operation.into(),
            vote.once.key.clone().into(),
            vote.once.input_hash.clone().into(),
            answer.into(),
            tx.now().into(),
        ]
    };
    let rows = rows(&mut values, sorted.into_iter().map(row));
    let text = format!(
        "insert into idempotency (brand_id, actor_id, operation, key, input_hash, answer, created_at) values {rows} \
         on conflict (brand_id, actor_id, operation, key) do nothing"
    );
    let statement = Statement::from_sql_and_values(tx.conn().get_database_backend(), text, values);
    Ok(tx.conn().execute_raw(statement).await?.rows_affected() == places.len() as u64)
}

/// Writes the picks; where those count that did not stand already, as (design, community).
pub(super) async fn add(
    tx: &Tx,
    round_id: Uuid,
    votes: &[Vote],
    ballots: &[Ballot],
    places: &[usize],
) -> Result<Vec<(Uuid, Uuid)>> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let mut sorted = places.to_vec();
    sorted.sort_by_key(|n| (votes[*n].design_id, votes[*n].once.actor_id));
    let mut values: Vec<Value> = Vec::new();
    let row = |n: usize| {
        let community_id = ballots[n].earlier.or(ballots[n].joined);
        vec![
            tx.brand_id().into(),
            round_id.into(),
            votes[n].design_id.into(),
            votes[n].once.actor_id.into(),
            community_id.into(),
            tx.now().into(),
        ]
    };
    let rows = rows(&mut values, sorted.into_iter().map(row));
    let text = format!(
        "insert into pick (brand_id, round_id, design_id, member_id, community_id, picked_at) values {rows} \
         on conflict (brand_id, round_id, design_id, member_id) do nothing returning design_id, community_id"
    );
    query(tx, &text, values).await?.iter().map(place).collect()
}

/// Takes picks back; where those counted that stood, as (design, community).
pub(super) async fn remove(tx: &Tx, round_id: Uuid, votes: &[Vote], places: &[usize]) -> Result<Vec<(Uuid, Uuid)>> {
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let mut values: Vec<Value> = vec![tx.brand_id().into(), round_id.into()];
    let row = |n: &usize| vec![votes[*n].design_id.into(), votes[*n].once.actor_id.into()];
    let rows = rows(&mut values, places.iter().map(row));
    let text = format!(
        "delete from pick where brand_id = $1 and round_id = $2 and (design_id, member_id) in (values {rows}) \
         returning design_id, community_id"
    );
    query(tx, &text, values).await?.iter().map(place).collect()
}

fn place(row: &QueryResult) -> Result<(Uuid, Uuid)> {
    Ok((row.try_get("", "design_id")?, row.try_get("", "community_id")?))
}

/// Counts on the entries, then for the communities. `None` when the tally is frozen.
pub(super) async fn count(
    tx: &Tx,
    round_id: Uuid,
    changes: &BTreeMap<(Uuid, Uuid), i32>,
) -> Result<Option<Vec<round_entry::Model>>> {
    let designs: BTreeSet<Uuid> = changes.keys().map(|(design, _)| *design).collect();
    let scope = || -> Vec<Value> { vec![tx.brand_id().into(), round_id.into()] };
    if designs.len() > 1 && tx.conn().get_database_backend() == DbBackend::Postgres {
        let mut values = scope();
        let list = rows(&mut values, designs.iter().map(|design| vec![(*design).into()]));
        // Not `for update`, which would wait for the key share locks that picks take on their entries.
        let text = format!(
            "select id from round_entry where brand_id = $1 and round_id = $2 and design_id in ({list}) \
             order by design_id for no key update"
        );
        query(tx, &text, values).await?;
    }
    let mut values = scope();
    let mut cases = String::new();
    for design in &designs {
        let change: i32 = changes.iter().filter(|((of, _), _)| of == design).map(|(_, change)| change).sum();
        values.extend([(*design).into(), change.into()]);
        cases += &format!(" when ${} then ${}", values.len() - 1, values.len());
    }
    let list = rows(&mut values, designs.iter().map(|design| vec![(*design).into()]));
    let text = format!(
        "update round_entry set picks = picks + case design_id{cases} end \
         where brand_id = $1 and round_id = $2 and design_id in ({list}) and frozen = false returning *"
    );
    let counted = query(tx, &text, values).await?;
    if counted.len() < designs.len() {
        return Ok(None);
    }
    count_communities(tx, round_id, changes).await?;
    let entries = counted.iter().map(|row| round_entry::Model::from_query_result(row, ""));
    Ok(Some(entries.collect::<Result<_, _>>()?))
}

/// Of a community's first pick there is no row yet; of one taken back there always is. The row to be
/// inserted holds no negative number, since it is checked before the conflict is found.
async fn count_communities(tx: &Tx, round_id: Uuid, changes: &BTreeMap<(Uuid, Uuid), i32>) -> Result<()> {
    for sign in [1, -1] {
        let of_sign: Vec<_> = changes.iter().filter(|(_, change)| change.signum() == sign).collect();
        if of_sign.is_empty() {
            continue;
        }
        let mut values = Vec::new();
        let row = |((design, community), change): (&(Uuid, Uuid), &i32)| {
            let (design, community) = ((*design).into(), (*community).into());
            vec![tx.brand_id().into(), round_id.into(), design, community, change.abs().into()]
        };
        let rows = rows(&mut values, of_sign.into_iter().map(row));
        let operator = if sign > 0 { '+' } else { '-' };
        let text = format!(
            "insert into round_tally (brand_id, round_id, design_id, community_id, picks) values {rows} \
             on conflict (brand_id, round_id, design_id, community_id) \
             do update set picks = round_tally.picks {operator} excluded.picks"
        );
        tx.conn().execute_raw(Statement::from_sql_and_values(tx.conn().get_database_backend(), text, values)).await?;
    }
    Ok(())
}

async fn query(tx: &Tx, text: &str, values: Vec<Value>) -> Result<Vec<QueryResult>> {
    let statement = Statement::from_sql_and_values(tx.conn().get_database_backend(), text, values);
    Ok(tx.conn().query_all_raw(statement).await?)
}

/// `($3, $4), ($5, $6), …`, with the values at the end of `values`.
fn rows(values: &mut Vec<Value>, items: impl Iterator<Item = Vec<Value>>) -> String {
    let row = |item: Vec<Value>| {
        let places: Vec<_> = item
            .into_iter()
            .map(|value| {
                values.push(value);
                format!("${}", values.len())
            })
            .collect();
        format!("({})", places.join(", "))
    };
    items.map(row).collect::<Vec<_>>().join(", ")
}
