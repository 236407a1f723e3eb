//! What members pick. When a round opens thousands look at the same slate, each with her own picks: those who look
//! while others are read are read together next.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::base::db::sql;
use crate::base::group::Group;
use crate::base::rows::{ANY_BRAND, Kind, join_by_index, rows, rows_as};
use crate::error::Result;

/// Members who wait for one set of rounds.
const MAX_WAITING: usize = 10_000;
/// Members of one statement.
const MAX_TOGETHER: usize = 100;

/// The designs a member picks, by round, in the order she picked them.
pub type Picks = HashMap<Uuid, Vec<Uuid>>;

/// Members who wait, by brand and rounds. Cheap to clone.
#[derive(Clone)]
pub struct Reading(Group<(Uuid, Vec<Uuid>), Uuid, Result<Picks>>);

impl Default for Reading {
    fn default() -> Self {
        Reading(Group::new(MAX_WAITING, MAX_TOGETHER))
    }
}

/// One statement, or a share of one. Rounds without a pick of hers are left out.
pub async fn picks(app: &App, brand_id: Uuid, member_id: Uuid, mut rounds: Vec<Uuid>) -> Result<Picks> {
    rounds.sort_unstable();
    rounds.dedup();
    let (reader, of) = (app.clone(), rounds.clone());
    let read = move |members: Vec<Uuid>| {
        let (app, rounds) = (reader.clone(), of.clone());
        async move {
            match picks_of_all(&app, brand_id, &members, &rounds).await {
                Ok(mut found) => members.iter().map(|id| Ok(found.get_mut(id).cloned().unwrap_or_default())).collect(),
                Err(error) => members.iter().map(|_| Err(error.shared())).collect(),
            }
        }
    };
    app.picks.0.join((brand_id, rounds), member_id, read).await?
}

async fn picks_of_all(app: &App, brand_id: Uuid, members: &[Uuid], rounds_of: &[Uuid]) -> Result<HashMap<Uuid, Picks>> {
    let backend = app.db.backend();
    let members_in = rows(backend, 2, &[("member_id", Kind::Uuid)]);
    let rounds_in = rows_as(backend, "w", 3, &[("round_id", Kind::Uuid)]);
    let hers = format!("p.brand_id = {ANY_BRAND} and p.member_id = v.member_id and p.round_id = w.round_id");
    let picks = join_by_index(backend, "pick", "p", &hers);
    let text = format!(
        "select v.member_id as who, w.round_id as what, p.design_id from {members_in} cross join {rounds_in} {picks} \
         order by p.picked_at, p.design_id"
    );
    let list = |name: &str, ids: &[Uuid]| -> Value { ids.iter().map(|id| json!({ name: id })).collect() };
    let values = [brand_id.into(), list("member_id", members).into(), list("round_id", rounds_of).into()];
    let mut found: HashMap<Uuid, Picks> = HashMap::new();
    for row in app.db.read().query_all_raw(sql(backend, &text, values)).await? {
        let (who, what): (Uuid, Uuid) = (row.try_get("", "who")?, row.try_get("", "what")?);
        found.entry(who).or_default().entry(what).or_default().push(row.try_get("", "design_id")?);
    }
    Ok(found)
}
