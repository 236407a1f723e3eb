//! The hot path: thousands of members pick in the minutes after a round opens.
//!
//! One pick is five statements (key, ballot, pick, entry, community tally), each by primary key.
//! There is no outbox row: its per-aggregate sequence would make all picks of a round wait for one
//! another, and nobody downstream acts on a single pick. Screens that show the tally are told
//! through the bus after the commit and read it again.

use chrono::{DateTime, Utc};
use entity::round::RoundStatus;
use entity::round_entry;
use sea_orm::{ActiveEnum, ConnectionTrait};
use uuid::Uuid;

use super::tally;
use crate::app::App;
use crate::base::db::sql;
use crate::base::once::{Done, Once};
use crate::base::tx::Tx;
use crate::error::{Error, Result};
use crate::flow::round::query;
use crate::flow::round::rules::{self, Window};
use crate::news;
use crate::people::actor::Actor;

/// "I would wear this." Picking again changes nothing. Refused outside the window and for members
/// of none of the round's communities.
pub async fn pick(
    app: &App,
    actor: &Actor,
    key: &str,
    round_id: Uuid,
    design_id: Uuid,
) -> Result<Done<round_entry::Model>> {
    change(app, actor, key, Vote { round_id, design_id, picked: true }).await
}

/// Takes a pick back while the round is open; without one nothing changes.
pub async fn unpick(
    app: &App,
    actor: &Actor,
    key: &str,
    round_id: Uuid,
    design_id: Uuid,
) -> Result<Done<round_entry::Model>> {
    change(app, actor, key, Vote { round_id, design_id, picked: false }).await
}

#[derive(Clone, Copy)]
struct Vote {
    round_id: Uuid,
    design_id: Uuid,
    /// Whether the pick shall stand or be taken back.
    picked: bool,
}

async fn change(app: &App, actor: &Actor, key: &str, vote: Vote) -> Result<Done<round_entry::Model>> {
    let member = actor.member()?;
    let (brand_id, member_id) = (member.brand_id, member.id);
    let operation = if vote.picked { "pickDesign" } else { "unpickDesign" };
    let once = &Once::new(member_id, operation, key, &(vote.round_id, vote.design_id))?;
    let (done, changed) = app
        .write(brand_id, |tx| async move {
            if once.begin(&tx, &vote.design_id).await?.is_some() {
                let entry = query::find_entry_of(tx.conn(), brand_id, vote.round_id, vote.design_id).await?;
                return Ok((Done::replay(entry), false));
            }
            let ballot = read_ballot(&tx, member_id, vote).await?;
            let counted = match vote.picked {
                true => add(&tx, member_id, vote, &ballot).await?,
                false => remove(&tx, member_id, vote, &ballot).await?,
            };
            match counted {
                Some(entry) => Ok((Done::new(entry), true)),
                None => {
                    let entry = query::find_entry_of(tx.conn(), brand_id, vote.round_id, vote.design_id).await?;
                    Ok((Done::new(entry), false))
                }
            }
        })
        .await?;
    if changed {
        app.bus.publish(&news::round(vote.round_id));
    }
    Ok(done)
}

/// What decides whether a vote is taken, and where it counts.
struct Ballot {
    community_id: Uuid,
    closes_at: DateTime<Utc>,
}

/// One statement: the round, whether the design is on its slate, the community this member's
/// earlier picks count for, and the first of the round's communities that she joined and is in.
const BALLOT: &str = "select r.status, r.opens_at, r.closes_at, \
    (select e.id from round_entry e where e.brand_id = r.brand_id and e.round_id = r.id and e.design_id = $4) as entry_id, \
    (select p.community_id from pick p where p.brand_id = r.brand_id and p.member_id = $3 and p.round_id = r.id limit 1) as earlier, \
    (select m.community_id from membership m \
     join round_community c on c.brand_id = m.brand_id and c.community_id = m.community_id \
     where m.brand_id = r.brand_id and m.member_id = $3 and m.status = 'active' and c.round_id = r.id \
     order by m.joined_at, m.community_id limit 1) as joined \
    from round r where r.brand_id = $1 and r.id = $2";

async fn read_ballot(tx: &Tx, member_id: Uuid, vote: Vote) -> Result<Ballot> {
    let values = [tx.brand_id().into(), vote.round_id.into(), member_id.into(), vote.design_id.into()];
    let row = tx.conn().query_one_raw(sql(tx.conn().get_database_backend(), BALLOT, values)).await?;
    let row = row.ok_or_else(|| Error::not_found("round"))?;
    let joined: Option<Uuid> = row.try_get("", "joined")?;
    let joined = joined.ok_or_else(rules::not_yours)?;
    let window = Window { opens_at: row.try_get("", "opens_at")?, closes_at: row.try_get("", "closes_at")? };
    let status = RoundStatus::try_from_value(&row.try_get("", "status")?)?;
    if let Some(refusal) = window.refusal(status, tx.now()) {
        return Err(refusal.into());
    }
    let entry: Option<Uuid> = row.try_get("", "entry_id")?;
    entry.ok_or_else(|| Error::not_found("design of this round"))?;
    let earlier: Option<Uuid> = row.try_get("", "earlier")?;
    Ok(Ballot { community_id: earlier.unwrap_or(joined), closes_at: window.closes_at })
}

/// The entry with its new tally; `None` when the pick stood already.
async fn add(tx: &Tx, member_id: Uuid, vote: Vote, ballot: &Ballot) -> Result<Option<round_entry::Model>> {
    let statement = sql(
        tx.conn().get_database_backend(),
        "insert into pick (brand_id, round_id, design_id, member_id, community_id, picked_at) \
         values ($1, $2, $3, $4, $5, $6) on conflict (brand_id, round_id, design_id, member_id) do nothing",
        [
            tx.brand_id().into(),
            vote.round_id.into(),
            vote.design_id.into(),
            member_id.into(),
            ballot.community_id.into(),
            tx.now().into(),
        ],
    );
    if tx.conn().execute_raw(statement).await?.rows_affected() == 0 {
        return Ok(None);
    }
    let place = tally::Place { round_id: vote.round_id, design_id: vote.design_id, community_id: ballot.community_id };
    tally::count(tx, place, 1).await?.ok_or_else(|| rules::closed(ballot.closes_at).into()).map(Some)
}

/// The entry with its new tally; `None` when there was no pick to take back.
async fn remove(tx: &Tx, member_id: Uuid, vote: Vote, ballot: &Ballot) -> Result<Option<round_entry::Model>> {
    let statement = sql(
        tx.conn().get_database_backend(),
        "delete from pick where brand_id = $1 and round_id = $2 and design_id = $3 and member_id = $4 \
         returning community_id",
        [tx.brand_id().into(), vote.round_id.into(), vote.design_id.into(), member_id.into()],
    );
    let Some(row) = tx.conn().query_one_raw(statement).await? else { return Ok(None) };
    let community_id = row.try_get("", "community_id")?;
    let place = tally::Place { round_id: vote.round_id, design_id: vote.design_id, community_id };
    tally::count(tx, place, -1).await?.ok_or_else(|| rules::closed(ballot.closes_at).into()).map(Some)
}
