//! The writes of a group of votes, each statement one text for any number of them: all in one statement where that can
//! be, else in steps (see `steps`).

use entity::round_entry;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, QueryResult, Statement, Value};
use serde_json::json;
use uuid::Uuid;

use super::ballot::Ballot;
use super::{Vote, steps};
use crate::base::rows::{Kind, bytes, rows};
use crate::base::tx::Tx;
use crate::error::Result;

/// What a group of picks did.
pub(super) enum Written {
    /// Another server was faster with a key: nothing stands.
    Overtaken,
    /// The tally is frozen: nothing may stand.
    Frozen,
    /// The entries whose tally changed, as they are now.
    Counted(Vec<round_entry::Model>),
}

/// Writes what `votes` do, all of it or nothing that may stand.
pub(super) async fn write(tx: &Tx, round_id: Uuid, votes: &[(&Vote, &Ballot)]) -> Result<Written> {
    match backend(tx) {
        DbBackend::Postgres if votes.iter().all(|(vote, _)| vote.picked) => at_once(tx, round_id, votes).await,
        _ => steps::write(tx, round_id, votes).await,
    }
}

/// Claims the keys of `votes`, writes their picks and counts them, in one trip to PostgreSQL: a group is a chain of
/// trips, and on a busy machine each waits for a processor on both sides. Rows are locked in the order of the others:
/// keys, picks, entries, tallies.
async fn at_once(tx: &Tx, round_id: Uuid, votes: &[(&Vote, &Ballot)]) -> Result<Written> {
    const COLUMNS: [(&str, Kind); 6] = [
        ("member_id", Kind::Uuid),
        ("operation", Kind::Text),
        ("key", Kind::Text),
        ("input_hash", Kind::Bytes),
        ("design_id", Kind::Uuid),
        ("community_id", Kind::Uuid),
    ];
    let text = format!(
        "with v as materialized (select v.* from {}), \
         claimed as (insert into idempotency (brand_id, actor_id, operation, key, input_hash, answer, created_at) \
           select $1, v.member_id, v.operation, v.key, v.input_hash, to_jsonb(v.design_id), $4 from v \
           order by v.member_id, v.operation, v.key \
           on conflict (brand_id, actor_id, operation, key) do nothing returning 1), \
         added as (insert into pick (brand_id, round_id, design_id, member_id, community_id, picked_at) \
           select $1, $2, v.design_id, v.member_id, v.community_id, $4 from v \
           where (select count(*) from claimed) = (select count(*) from v) order by v.design_id, v.member_id \
           on conflict (brand_id, round_id, design_id, member_id) do nothing returning design_id, community_id), \
         change as materialized (select design_id, community_id, cast(count(*) as integer) as picks from added group by 1, 2), \
         entry as materialized (select e.id, c.picks \
           from (select design_id, cast(sum(picks) as integer) as picks from change group by 1) c \
           join round_entry e on e.brand_id = $1 and e.round_id = $2 and e.design_id = c.design_id \
           order by e.design_id for no key update of e), \
         counted as (update round_entry e set picks = e.picks + n.picks from entry n \
           where e.brand_id = $1 and e.round_id = $2 and e.id = n.id and e.frozen = false returning e.*), \
         tallied as (insert into round_tally as t (brand_id, round_id, design_id, community_id, picks) \
           select $1, $2, c.design_id, c.community_id, c.picks from change c where (select count(*) from counted) > 0 \
           order by c.design_id, c.community_id \
           on conflict (brand_id, round_id, design_id, community_id) do update set picks = t.picks + excluded.picks) \
         select (select count(*) from claimed) as claimed, (select count(*) from entry) as changed, c.* \
         from (select 1) one left join counted c on true",
        rows(backend(tx), 3, &COLUMNS)
    );
    let values = vec![tx.brand_id().into(), round_id.into(), given(votes), tx.now().into()];
    let counted = query(tx, text, values).await?;
    let of_all = |name| counted.first().map_or(Ok(0), |row| row.try_get::<i64>("", name));
    if of_all("claimed")? < votes.len() as i64 {
        return Ok(Written::Overtaken);
    }
    let mut entries = Vec::new();
    for row in &counted {
        // Of the one row without any entry there is nothing but the counts.
        if row.try_get::<Option<Uuid>>("", "id")?.is_some() {
            entries.push(round_entry::Model::from_query_result(row, "")?);
        }
    }
    Ok(if (entries.len() as i64) < of_all("changed")? { Written::Frozen } else { Written::Counted(entries) })
}

/// All that the statements are given of `votes`; each names what it takes of it.
pub(super) fn given(votes: &[(&Vote, &Ballot)]) -> Value {
    let row = |(vote, ballot): &(&Vote, &Ballot)| {
        json!({
            "member_id": vote.member_id,
            "operation": vote.operation,
            "key": vote.once.key(),
            "input_hash": bytes(vote.once.input_hash()),
            "design_id": vote.design_id,
            "community_id": ballot.community(),
        })
    };
    votes.iter().map(row).collect::<serde_json::Value>().into()
}

pub(super) fn backend(tx: &Tx) -> DbBackend {
    tx.conn().get_database_backend()
}

pub(super) async fn query(tx: &Tx, text: String, values: Vec<Value>) -> Result<Vec<QueryResult>> {
    Ok(tx.conn().query_all_raw(Statement::from_sql_and_values(backend(tx), text, values)).await?)
}

pub(super) async fn execute(tx: &Tx, text: String, values: Vec<Value>) -> Result<u64> {
    Ok(tx.conn().execute_raw(Statement::from_sql_and_values(backend(tx), text, values)).await?.rows_affected())
}
