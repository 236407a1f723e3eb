//! The writes of a group of votes one after the other: for SQLite, whose statements change one table each, and for groups
//! in which picks are taken back.

use std::collections::BTreeMap;

use entity::round_entry;
use sea_orm::{DbBackend, FromQueryResult, QueryResult, Value};
use serde_json::json;
use uuid::Uuid;

use super::Vote;
use super::ballot::Ballot;
use super::write::{Written, backend, execute, given, query};
use crate::base::rows::{Kind, rows};
use crate::base::tx::Tx;
use crate::error::Result;

/// Claims the keys of `votes`, writes picks and takes picks back, and counts both.
pub(super) async fn write(tx: &Tx, round_id: Uuid, votes: &[(&Vote, &Ballot)]) -> Result<Written> {
    if !claim(tx, votes).await? {
        return Ok(Written::Overtaken);
    }
    let mut changes: BTreeMap<(Uuid, Uuid), i32> = BTreeMap::new();
    let (adding, removing): (Vec<_>, Vec<_>) = votes.iter().copied().partition(|(vote, _)| vote.picked);
    for place in add(tx, round_id, &adding).await? {
        *changes.entry(place).or_default() += 1;
    }
    for place in remove(tx, round_id, &removing).await? {
        *changes.entry(place).or_default() -= 1;
    }
    match changes.is_empty() {
        true => Ok(Written::Counted(Vec::new())),
        false => count(tx, round_id, &changes).await,
    }
}

const KEY: [(&str, Kind); 5] = [
    ("member_id", Kind::Uuid),
    ("operation", Kind::Text),
    ("key", Kind::Text),
    ("input_hash", Kind::Bytes),
    ("design_id", Kind::Json),
];

/// Claims the keys of `votes`; false when another server was faster with one.
async fn claim(tx: &Tx, votes: &[(&Vote, &Ballot)]) -> Result<bool> {
    let text = format!(
        "insert into idempotency (brand_id, actor_id, operation, key, input_hash, answer, created_at) \
         select $1, v.member_id, v.operation, v.key, v.input_hash, v.design_id, $3 from {} where true \
         order by v.member_id, v.operation, v.key on conflict (brand_id, actor_id, operation, key) do nothing",
        rows(backend(tx), 2, &KEY)
    );
    let claimed = execute(tx, text, vec![tx.brand_id().into(), given(votes), tx.now().into()]).await?;
    Ok(claimed == votes.len() as u64)
}

const PICK: [(&str, Kind); 3] = [("design_id", Kind::Uuid), ("member_id", Kind::Uuid), ("community_id", Kind::Uuid)];

/// Writes the picks; where those count that did not stand already, as (design, community).
async fn add(tx: &Tx, round_id: Uuid, votes: &[(&Vote, &Ballot)]) -> Result<Vec<(Uuid, Uuid)>> {
    if votes.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!(
        "insert into pick (brand_id, round_id, design_id, member_id, community_id, picked_at) \
         select $1, $2, v.design_id, v.member_id, v.community_id, $4 from {} where true \
         order by v.design_id, v.member_id \
         on conflict (brand_id, round_id, design_id, member_id) do nothing returning design_id, community_id",
        rows(backend(tx), 3, &PICK)
    );
    let values = vec![tx.brand_id().into(), round_id.into(), given(votes), tx.now().into()];
    query(tx, text, values).await?.iter().map(place).collect()
}

/// Takes picks back; where those counted that stood, as (design, community).
async fn remove(tx: &Tx, round_id: Uuid, votes: &[(&Vote, &Ballot)]) -> Result<Vec<(Uuid, Uuid)>> {
    if votes.is_empty() {
        return Ok(Vec::new());
    }
    let v = rows(backend(tx), 3, &PICK);
    let text = match backend(tx) {
        // Locked in key order first: a delete goes through its rows in any order.
        DbBackend::Postgres => format!(
            "with gone as materialized (select p.design_id, p.member_id from {v} join pick p on p.brand_id = $1 \
             and p.round_id = $2 and p.design_id = v.design_id and p.member_id = v.member_id \
             order by p.design_id, p.member_id for update of p) \
             delete from pick p using gone g where p.brand_id = $1 and p.round_id = $2 \
             and p.design_id = g.design_id and p.member_id = g.member_id returning p.design_id, p.community_id"
        ),
        _ => format!(
            "delete from pick where brand_id = $1 and round_id = $2 \
             and (design_id, member_id) in (select v.design_id, v.member_id from {v}) returning design_id, community_id"
        ),
    };
    query(tx, text, vec![tx.brand_id().into(), round_id.into(), given(votes)]).await?.iter().map(place).collect()
}

fn place(row: &QueryResult) -> Result<(Uuid, Uuid)> {
    Ok((row.try_get("", "design_id")?, row.try_get("", "community_id")?))
}

/// Named unlike the columns of the tables, so that `returning *` names each once.
const CHANGE: [(&str, Kind); 3] = [("design", Kind::Uuid), ("community", Kind::Uuid), ("change", Kind::Int)];

/// Counts on the entries, then for the communities.
async fn count(tx: &Tx, round_id: Uuid, changes: &BTreeMap<(Uuid, Uuid), i32>) -> Result<Written> {
    let mut designs: BTreeMap<Uuid, i32> = BTreeMap::new();
    for ((design_id, _), change) in changes {
        *designs.entry(*design_id).or_default() += change;
    }
    let row = |(design_id, change): (&Uuid, &i32)| json!({ "design": design_id, "change": change });
    let given: serde_json::Value = designs.iter().map(row).collect();
    let values: Vec<Value> = vec![tx.brand_id().into(), round_id.into(), given.into()];
    let v = rows(backend(tx), 3, &CHANGE);
    if designs.len() > 1 && backend(tx) == DbBackend::Postgres {
        // Not `for update`, which would wait for the key share locks that picks take on their entries.
        let text = format!(
            "select e.id from {v} join round_entry e on e.brand_id = $1 and e.round_id = $2 and e.design_id = v.design \
             order by e.design_id for no key update of e"
        );
        query(tx, text, values.clone()).await?;
    }
    let text = format!(
        "update round_entry set picks = picks + v.change from {v} \
         where brand_id = $1 and round_id = $2 and design_id = v.design and frozen = false returning *"
    );
    let counted = query(tx, text, values).await?;
    if counted.len() < designs.len() {
        return Ok(Written::Frozen);
    }
    count_communities(tx, round_id, changes).await?;
    let entries = counted.iter().map(|row| round_entry::Model::from_query_result(row, ""));
    Ok(Written::Counted(entries.collect::<Result<_, _>>()?))
}

/// Of a community's first pick there is no row yet; of one taken back there always is. The row to be
/// inserted holds no negative number, since it is checked before the conflict is found.
async fn count_communities(tx: &Tx, round_id: Uuid, changes: &BTreeMap<(Uuid, Uuid), i32>) -> Result<()> {
    for (sign, operator) in [(1, '+'), (-1, '-')] {
        let of_sign = changes.iter().filter(|(_, change)| change.signum() == sign);
        let row = |((design_id, community_id), change): (&(Uuid, Uuid), &i32)| json!({ "design": design_id, "community": community_id, "change": change.abs() });
        let of_sign: Vec<serde_json::Value> = of_sign.map(row).collect();
        if of_sign.is_empty() {
            continue;
        }
        let text = format!(
            "insert into round_tally (brand_id, round_id, design_id, community_id, picks) \
             select $1, $2, v.design, v.community, v.change from {} where true order by v.design, v.community \
             on conflict (brand_id, round_id, design_id, community_id) \
             do update set picks = round_tally.picks {operator} excluded.picks",
            rows(backend(tx), 3, &CHANGE)
        );
        let given = serde_json::Value::from(of_sign);
        execute(tx, text, vec![tx.brand_id().into(), round_id.into(), given.into()]).await?;
    }
    Ok(())
}
