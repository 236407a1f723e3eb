//! One write for the picks of a round that are in flight together.
//!
//! What is refused is decided before anything is claimed, so that a refusal leaves no trace and
//! touches nobody else. Rows are written in key order, so that the groups of two servers cannot wait
//! for each other: keys, then picks, then entries; a community's tally is guarded by its entry.

mod ballot;
mod steps;
mod write;

use std::collections::{HashMap, HashSet};

use entity::round_entry;
use uuid::Uuid;

use self::ballot::Ballot;
use self::write::Written;
use crate::app::App;
use crate::base::group::Group;
use crate::base::neighbours::Neighbours;
use crate::base::once::{Done, Once};
use crate::base::tx::Tx;
use crate::error::{Error, Fault, Result};
use crate::flow::round::{query, rules};
use crate::news;

/// Votes of one transaction.
const LARGEST: usize = 300;

type Answer = Result<Done<round_entry::Model>>;

/// Votes that wait, by brand and round.
pub type Votes = Group<(Uuid, Uuid), Vote, Answer>;

/// At most `capacity` votes wait for one round.
pub fn votes(capacity: usize, neighbours: Neighbours) -> Votes {
    Group::paced(capacity, move |(brand_id, _)| neighbours.pace(*brand_id, LARGEST))
}

pub struct Vote {
    pub(super) member_id: Uuid,
    pub(super) operation: &'static str,
    pub(super) once: Once,
    pub(super) design_id: Uuid,
    /// Whether the pick shall stand or be taken back.
    pub(super) picked: bool,
}

/// Writes `votes` in the order of their arrival, each member's as if they had come one by one.
pub(super) async fn write(app: App, brand_id: Uuid, round_id: Uuid, votes: Vec<Vote>) -> Vec<Answer> {
    let mut answers: Vec<(usize, Answer)> = Vec::with_capacity(votes.len());
    let mut left: Vec<(usize, Vote)> = votes.into_iter().enumerate().collect();
    while !left.is_empty() {
        let (wave, later) = apart(left);
        let (places, wave): (Vec<usize>, Vec<Vote>) = wave.into_iter().unzip();
        answers.extend(places.into_iter().zip(together(&app, brand_id, round_id, &wave).await));
        left = later;
    }
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// Votes that are written together, each with its place in the group.
type Wave = Vec<(usize, Vote)>;

/// Those that can be written together, and those that must see what these did: a member's next vote
/// on the same design, and her next use of the same key.
fn apart(votes: Wave) -> (Wave, Wave) {
    let (mut designs, mut keys) = (HashSet::new(), HashSet::new());
    votes.into_iter().partition(|(_, vote)| {
        let design = designs.insert((vote.member_id, vote.design_id));
        let key = keys.insert((vote.member_id, vote.operation, vote.once.key().to_owned()));
        design && key
    })
}

async fn together(app: &App, brand_id: Uuid, round_id: Uuid, votes: &[Vote]) -> Vec<Answer> {
    match one_write(app, brand_id, round_id, votes).await {
        Ok(answers) => answers,
        // What one of them broke shall not fail the others.
        Err(error) if votes.len() > 1 && error.may_be_of_one() => {
            tracing::warn!(%error, votes = votes.len(), "a group of picks failed; each is written alone");
            let mut answers = Vec::with_capacity(votes.len());
            for vote in votes {
                match one_write(app, brand_id, round_id, std::slice::from_ref(vote)).await {
                    Ok(alone) => answers.extend(alone),
                    Err(error) => answers.push(Err(error)),
                }
            }
            answers
        }
        Err(error) => votes.iter().map(|_| Err(error.shared())).collect(),
    }
}

async fn one_write(app: &App, brand_id: Uuid, round_id: Uuid, votes: &[Vote]) -> Result<Vec<Answer>> {
    let run = || app.write(brand_id, |tx| async move { take(&tx, round_id, votes).await });
    // A tally frozen under our hands undoes the write; looking again finds the round closed.
    let outcome = match run().await {
        Err(Error::Refused(_)) => run().await,
        outcome => outcome,
    };
    let (answers, changed) = outcome?;
    if changed {
        app.bus.publish(&news::round(round_id));
    }
    Ok(answers)
}

/// The answers, and whether a tally changed.
async fn take(tx: &Tx, round_id: Uuid, votes: &[Vote]) -> Result<(Vec<Answer>, bool)> {
    let ballots = ballot::read(tx, round_id, votes).await?;
    let taken: Vec<(&Vote, &Ballot)> =
        votes.iter().zip(&ballots).filter(|(_, ballot)| ballot.is_taken(tx.now())).collect();
    let mut entries: HashMap<Uuid, round_entry::Model> = HashMap::new();
    if let Some((_, ballot)) = taken.first() {
        match write::write(tx, round_id, &taken).await? {
            Written::Overtaken => return Err(Fault::Overtaken("a key of a vote").into()),
            Written::Frozen => return Err(rules::closed(ballot.window.closes_at).into()),
            Written::Counted(counted) => entries.extend(counted.into_iter().map(|entry| (entry.design_id, entry))),
        }
    }
    let has_changed = !entries.is_empty();
    let shown = |(vote, ballot): (&Vote, &Ballot)| {
        let is_shown = ballot.stored.is_some() || ballot.is_taken(tx.now());
        is_shown && !entries.contains_key(&vote.design_id)
    };
    if votes.iter().zip(&ballots).any(shown) {
        for entry in query::entries_of(tx.conn(), tx.brand_id(), round_id).await? {
            entries.entry(entry.design_id).or_insert(entry);
        }
    }
    let answers = votes.iter().zip(&ballots).map(|(vote, ballot)| answer(tx, vote, ballot, &entries)).collect();
    Ok((answers, has_changed))
}

fn answer(tx: &Tx, vote: &Vote, ballot: &Ballot, entries: &HashMap<Uuid, round_entry::Model>) -> Answer {
    let entry = |id| entries.get(&id).cloned().ok_or_else(|| Error::not_found("design of this round"));
    if let Some((input_hash, stored)) = &ballot.stored {
        return vote.once.recall(input_hash, stored.clone()).and_then(entry).map(Done::replay);
    }
    match ballot.refusal(tx.now()) {
        Some(refusal) => Err(refusal),
        None => entry(vote.design_id).map(Done::new),
    }
}
