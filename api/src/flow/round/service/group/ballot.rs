//! What decides about each vote of a group, read for all of them together.

use chrono::{DateTime, Utc};
use entity::round::RoundStatus;
use sea_orm::{ActiveEnum, QueryResult};
use serde_json::json;
use uuid::Uuid;

use super::Vote;
use super::write::{backend, query};
use crate::base::rows::{Kind, left_join_one, rows};
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
    /// Hash of the input that the idempotency key was used with before, and what it answered.
    pub stored: Option<(Vec<u8>, serde_json::Value)>,
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

    /// The community that the vote counts for.
    pub fn community(&self) -> Option<Uuid> {
        self.earlier.or(self.joined)
    }

    /// Neither a repeat nor refused.
    pub fn is_taken(&self, now: DateTime<Utc>) -> bool {
        self.stored.is_none() && self.refusal(now).is_none()
    }
}

/// The community that a member's earlier picks count for, else the first of the round's that she
/// joined and is in; with the round, the slate and the key.
const BALLOTS: &str = "select r.status, r.opens_at, r.closes_at, i.input_hash, i.answer, \
    (select e.id from round_entry e where e.brand_id = $1 and e.round_id = $2 and e.design_id = v.design_id) as entry_id, \
    (select p.community_id from pick p where p.brand_id = $1 and p.member_id = v.member_id and p.round_id = $2 limit 1) as earlier, \
    (select m.community_id from membership m \
     join round_community c on c.brand_id = m.brand_id and c.community_id = m.community_id \
     where m.brand_id = $1 and m.member_id = v.member_id and m.status = 'active' and c.round_id = $2 \
     order by m.joined_at, m.community_id limit 1) as joined";

const VOTE: [(&str, Kind); 5] = [
    ("n", Kind::Int),
    ("member_id", Kind::Uuid),
    ("design_id", Kind::Uuid),
    ("operation", Kind::Text),
    ("key", Kind::Text),
];

/// Each at the place of its vote.
pub(super) async fn read(tx: &Tx, round_id: Uuid, votes: &[Vote]) -> Result<Vec<Ballot>> {
    let key = "i.brand_id = $1 and i.actor_id = v.member_id and i.operation = v.operation and i.key = v.key";
    let text = format!(
        "{BALLOTS} from {} left join round r on r.brand_id = $1 and r.id = $2 {} order by v.n",
        rows(backend(tx), 3, &VOTE),
        left_join_one(backend(tx), "idempotency", "i", key)
    );
    let row = |(n, vote): (usize, &Vote)| json!({ "n": n, "member_id": vote.member_id, "design_id": vote.design_id, "operation": vote.operation, "key": vote.once.key() });
    let asked: serde_json::Value = votes.iter().enumerate().map(row).collect();
    query(tx, text, vec![tx.brand_id().into(), round_id.into(), asked.into()]).await?.iter().map(ballot).collect()
}

fn ballot(row: &QueryResult) -> Result<Ballot> {
    let status: Option<String> = row.try_get("", "status")?;
    let round = status.map(|status| RoundStatus::try_from_value(&status)).transpose()?;
    let at = |name| -> Result<DateTime<Utc>> {
        Ok(row.try_get::<Option<DateTime<Utc>>>("", name)?.unwrap_or(DateTime::UNIX_EPOCH))
    };
    let input_hash: Option<Vec<u8>> = row.try_get("", "input_hash")?;
    Ok(Ballot {
        round,
        window: Window { opens_at: at("opens_at")?, closes_at: at("closes_at")? },
        on_slate: row.try_get::<Option<Uuid>>("", "entry_id")?.is_some(),
        joined: row.try_get("", "joined")?,
        earlier: row.try_get("", "earlier")?,
        stored: input_hash.zip(row.try_get("", "answer")?),
    })
}
