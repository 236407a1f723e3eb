//! One write for the picks of a round that are in flight together.
//!
//! What is refused is decided before anything is claimed, so that a refusal leaves no trace and
//! touches nobody else. Rows are written in key order, so that the groups of two servers cannot wait
//! for each other: keys, then picks, then entries; a community's tally is guarded by its entry.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use entity::round_entry;
use uuid::Uuid;

use super::group_sql as db;
use crate::app::App;
use crate::base::group::Group;
use crate::base::id::RoundId;
use crate::base::once::{Done, Once, reused};
use crate::base::stats::{self, SqlStats};
use crate::base::tx::Tx;
use crate::error::{Error, Fault, Result};
use crate::flow::round::{query, rules};

type Answer = Result<Done<round_entry::Model>>;

/// By brand and round; an answer comes with its share of the statements.
pub type Votes = Group<(Uuid, Uuid), Vote, (Answer, u64)>;

#[derive(Clone)]
pub struct Vote {
    pub(super) once: Once,
    pub(super) design_id: Uuid,
    /// Whether the pick shall stand or be taken back.
    pub(super) picked: bool,
}

/// Writes `votes` in the order of their arrival, each member's as if they had come one by one.
pub(super) async fn write(app: App, brand_id: Uuid, round_id: Uuid, votes: Vec<Vote>) -> Vec<(Answer, u64)> {
    let count = votes.len();
    let stats = Arc::new(SqlStats::default());
    let answers = stats::scope(stats.clone(), async {
        let mut answers: Vec<Option<Answer>> = votes.iter().map(|_| None).collect();
        let mut left: Vec<(usize, Vote)> = votes.into_iter().enumerate().collect();
        while !left.is_empty() {
            let (wave, later) = apart(left);
            let (places, wave): (Vec<usize>, Vec<Vote>) = wave.into_iter().unzip();
            for (place, answer) in places.into_iter().zip(write_wave(&app, brand_id, round_id, &wave).await) {
                answers[place] = Some(answer);
            }
            left = later;
        }
        answers
    })
    .await;
    let (total, count) = (stats.statements(), count as u64);
    let share = |n: u64| total / count + u64::from(n < total % count);
    let lost = || Err(anyhow::anyhow!("a vote of a group has no answer").into());
    answers.into_iter().zip(0..).map(|(answer, n)| (answer.unwrap_or_else(lost), share(n))).collect()
}

/// Those that can be written together, and those that must see what these did.
fn apart(votes: Vec<(usize, Vote)>) -> (Vec<(usize, Vote)>, Vec<(usize, Vote)>) {
    let (mut members, mut waiting) = (HashSet::new(), HashSet::new());
    votes.into_iter().partition(|(_, vote)| {
        let member = vote.once.actor_id;
        !waiting.contains(&member) && members.insert(member) || {
            waiting.insert(member);
            false
        }
    })
}

async fn write_wave(app: &App, brand_id: Uuid, round_id: Uuid, votes: &[Vote]) -> Vec<Answer> {
    let run = || app.write(brand_id, |tx| async move { take(&tx, round_id, votes).await });
    // A tally frozen under our hands undoes the write; looking again finds the round closed.
    let outcome = match run().await {
        Err(Error::Refused(_)) => run().await,
        outcome => outcome,
    };
    match outcome {
        Ok((answers, changed)) => {
            if changed {
                app.bus.publish(&format!("round:{}", RoundId::new(round_id)));
            }
            answers
        }
        Err(error) => votes.iter().map(|_| Err(same(&error))).collect(),
    }
}

/// The fault of a whole group, for each who was in it.
fn same(error: &Error) -> Error {
    match error {
        Error::Refused(refusal) => Error::Refused(refusal.clone()),
        Error::Fault(Fault::Database(error)) => Fault::Database(error.clone()).into(),
        Error::Fault(Fault::Unavailable(why)) => Fault::Unavailable(why.clone()).into(),
        Error::Fault(fault) => anyhow::anyhow!("{fault}").into(),
    }
}

/// The answers, and whether a tally changed.
async fn take(tx: &Tx, round_id: Uuid, votes: &[Vote]) -> Result<(Vec<Answer>, bool)> {
    let mut ballots = db::read_ballots(tx, round_id, votes).await?;
    let fresh = |ballots: &[db::Ballot]| -> Vec<usize> {
        let able = |n: &usize| ballots[*n].stored.is_none() && ballots[*n].refusal(tx.now()).is_none();
        (0..votes.len()).filter(able).collect()
    };
    let asked = fresh(&ballots);
    if !db::claim(tx, votes, &asked).await? {
        // Another server had the same key under way; what it stored is there now.
        return Err(Fault::Database(again()).into());
    }
    let mut changes: BTreeMap<(Uuid, Uuid), i32> = BTreeMap::new();
    let (adding, removing): (Vec<usize>, Vec<usize>) = asked.iter().partition(|n| votes[**n].picked);
    for place in db::add(tx, round_id, votes, &ballots, &adding).await? {
        *changes.entry(place).or_default() += 1;
    }
    for place in db::remove(tx, round_id, votes, &removing).await? {
        *changes.entry(place).or_default() -= 1;
    }
    let mut entries = HashMap::new();
    if !changes.is_empty() {
        let closes_at: DateTime<Utc> = ballots[0].window.closes_at;
        let counted = db::count(tx, round_id, &changes).await?.ok_or_else(|| rules::closed(closes_at))?;
        entries.extend(counted.into_iter().map(|entry| (entry.design_id, entry)));
    }
    let answered = |n: &usize| ballots[*n].stored.is_some() || asked.contains(n);
    if (0..votes.len()).filter(answered).any(|n| !entries.contains_key(&votes[n].design_id)) {
        for entry in query::entries_of(tx.conn(), tx.brand_id(), round_id).await? {
            entries.entry(entry.design_id).or_insert(entry);
        }
    }
    let answer = |(vote, ballot): (&Vote, &mut db::Ballot)| {
        let entry = || entries.get(&vote.design_id).cloned().ok_or_else(|| Error::not_found("design of this round"));
        match ballot.stored.take() {
            Some(hash) if hash == vote.once.input_hash => entry().map(Done::replay),
            Some(_) => Err(reused().into()),
            None => match ballot.refusal(tx.now()) {
                Some(refusal) => Err(refusal),
                None => entry().map(Done::new),
            },
        }
    };
    let answers = votes.iter().zip(&mut ballots).map(answer).collect();
    Ok((answers, !changes.is_empty()))
}

/// Makes the transaction run again.
fn again() -> sea_orm::DbErr {
    sea_orm::DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout)
}
