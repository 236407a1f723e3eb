//! What a round's feed shows, in one statement: the slate with its tallies and designs, and what the caller picks.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use chrono::{DateTime, Utc};
use entity::round_entry;
use sea_orm::{ConnectionTrait, FromQueryResult, QueryResult, Statement, Value};
use uuid::Uuid;

use crate::base::db::{columns, columns_where, placeholders};
use crate::error::{Error, Result};
use crate::flow::design::shown::{self, Shown};
use crate::load::{Load, grouped};

use super::mine;

/// How much of a slate is asked for; more answers less.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Only what the member picks.
    Picks,
    /// Entries and picks.
    Entries,
    /// Entries with their designs as shown, and picks.
    Designs,
}

/// The slate of (brand, round) as `member` meets it; nobody's picks without one. What several fields of a request
/// ask of it at once is one statement.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SlateOf {
    pub brand_id: Uuid,
    pub round_id: Uuid,
    pub member_id: Option<Uuid>,
    pub part: Part,
}

/// An entry with its design, when that was asked for.
#[derive(Clone, Debug)]
pub struct Slated {
    pub entry: round_entry::Model,
    pub shown: Option<Arc<Shown>>,
}

#[derive(Clone, Debug, Default)]
pub struct Slate {
    /// In the order of the slate; empty when only picks were asked for.
    pub entries: Vec<Slated>,
    /// Designs in the order they were picked.
    pub picks: Vec<Uuid>,
}

impl Loader<SlateOf> for Load {
    type Value = Arc<Slate>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[SlateOf]) -> Result<HashMap<SlateOf, Self::Value>, Arc<Error>> {
        let mut slates = HashMap::<(Uuid, Uuid, Option<Uuid>), Arc<Slate>>::new();
        // One request has one caller, so this is one statement.
        for ((brand_id, member_id), asked) in
            grouped(keys.iter().map(|key| ((key.brand_id, key.member_id), (key.part, key.round_id))))
        {
            let most = asked.iter().map(|(part, _)| *part).max().unwrap_or(Part::Picks);
            let rounds: Vec<Uuid> = asked.into_iter().map(|(_, round_id)| round_id).collect();
            let read = self.slates(brand_id, member_id, rounds, most).await.map_err(Arc::new)?;
            slates.extend(read.into_iter().map(|(id, slate)| ((brand_id, id, member_id), Arc::new(slate))));
        }
        let answer = |key: &SlateOf| Some((*key, slates.get(&(key.brand_id, key.round_id, key.member_id))?.clone()));
        Ok(keys.iter().filter_map(answer).collect())
    }
}

impl Load {
    async fn slates(
        &self,
        brand_id: Uuid,
        member_id: Option<Uuid>,
        mut rounds: Vec<Uuid>,
        part: Part,
    ) -> Result<HashMap<Uuid, Slate>> {
        rounds.sort_unstable();
        rounds.dedup();
        let db = self.app.db.read();
        if part == Part::Picks {
            let Some(member_id) = member_id else { return Ok(HashMap::new()) };
            let picks = mine::picks(&self.app, brand_id, member_id, rounds).await?;
            return Ok(picks.into_iter().map(|(id, picks)| (id, Slate { entries: Vec::new(), picks })).collect());
        }
        let mut values: Vec<Value> = vec![brand_id.into()];
        let (picked, pick) = match member_id {
            None => ("", String::new()),
            Some(member_id) => {
                let member = placeholders(&mut values, [member_id]);
                let join = format!(
                    "left join pick k on k.brand_id = e.brand_id and k.round_id = e.round_id \
                     and k.design_id = e.design_id and k.member_id = {member}"
                );
                (", k.picked_at", join)
            }
        };
        let (entry, columns_of_design, design, then) = match part {
            Part::Picks | Part::Entries => {
                (columns::<round_entry::Entity>("e", "e_"), String::new(), String::new(), "")
            }
            Part::Designs => (
                columns_where::<round_entry::Entity>("e", "e_", shown::FIRST),
                format!(", {}", shown::columns()),
                format!(
                    "join design_version v on v.brand_id = e.brand_id and v.id = e.design_version_id {}",
                    shown::JOINS
                ),
                ", p.position",
            ),
        };
        let text = format!(
            "select e.round_id, e.id, {entry}{picked}{columns_of_design} from round_entry e {design} {pick} \
             where e.brand_id = $1 and e.round_id in ({}) order by e.round_id, e.position{then}",
            placeholders(&mut values, rounds)
        );
        let statement = Statement::from_sql_and_values(self.app.db.backend(), text, values);
        gather(&db.query_all_raw(statement).await?, member_id.is_some(), part == Part::Designs)
    }
}

/// A slate while its rows come in.
#[derive(Default)]
struct Gathered {
    entries: Vec<(round_entry::Model, Option<Shown>)>,
    picks: Vec<(DateTime<Utc>, Uuid)>,
}

impl Gathered {
    fn slate(mut self) -> Slate {
        self.picks.sort_unstable();
        let entries = self.entries.into_iter().map(|(entry, shown)| Slated { entry, shown: shown.map(Arc::new) });
        Slate { entries: entries.collect(), picks: self.picks.into_iter().map(|(_, id)| id).collect() }
    }
}

/// Rows of one entry stand together.
fn gather(rows: &[QueryResult], with_picks: bool, with_designs: bool) -> Result<HashMap<Uuid, Slate>> {
    let mut found = HashMap::<Uuid, Gathered>::new();
    for row in rows {
        let (round_id, entry_id): (Uuid, Uuid) = (row.try_get("", "round_id")?, row.try_get("", "id")?);
        let gathered = found.entry(round_id).or_default();
        if let Some((entry, Some(shown))) = gathered.entries.last_mut()
            && entry.id == entry_id
        {
            shown.read_more(row)?;
            continue;
        }
        let entry = round_entry::Model::from_query_result(row, "e_")?;
        let picked: Option<DateTime<Utc>> = if with_picks { row.try_get("", "picked_at")? } else { None };
        gathered.picks.extend(picked.map(|at| (at, entry.design_id)));
        let shown = if with_designs { Some(Shown::read(row)?) } else { None };
        gathered.entries.push((entry, shown));
    }
    Ok(found.into_iter().map(|(id, gathered)| (id, gathered.slate())).collect())
}
