//! How the designs of a round stand while members pick. Picks tell no news, since they come by the thousand: whoever
//! shows a tally that was not read for her shows one that is at most a second old, read once for all who ask.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, Statement, Value};
use uuid::Uuid;

use crate::app::App;
use crate::base::db::placeholders;
use crate::base::fresh::{SHORT, Seen};
use crate::base::group::Group;
use crate::error::{Error, Result};

/// Rounds whose standing is remembered; about a kilobyte each.
const MAX_ENTRIES: u64 = 5_000;
/// Who may wait for one brand.
const MAX_WAITING: usize = 10_000;
/// Rounds of one statement.
const MAX_TOGETHER: usize = 100;

/// Members who pick it, by design.
pub type Standing = Arc<HashMap<Uuid, i32>>;

/// By (brand, round). Cheap to clone.
#[derive(Clone)]
pub struct Standings {
    known: moka::future::Cache<(Uuid, Uuid), (Seen, Standing)>,
    reading: Group<Uuid, Uuid, Result<Standing>>,
}

impl Default for Standings {
    fn default() -> Self {
        Standings {
            known: moka::future::Cache::builder().max_capacity(MAX_ENTRIES).time_to_live(SHORT).build(),
            reading: Group::new(MAX_WAITING, MAX_TOGETHER),
        }
    }
}

/// What was read at `seen` with something else.
pub async fn learn(app: &App, brand_id: Uuid, round_id: Uuid, seen: Seen, standing: Standing) {
    app.standings.known.insert((brand_id, round_id), (seen, standing)).await;
}

/// At most a second old: no statement then, else one, or a share of one.
pub async fn of(app: &App, brand_id: Uuid, round_id: Uuid) -> Result<Standing> {
    if let Some((seen, standing)) = app.standings.known.get(&(brand_id, round_id)).await
        && app.fresh.holds(&seen, &[], SHORT)
    {
        return Ok(standing);
    }
    let reader = app.clone();
    let read = move |rounds: Vec<Uuid>| {
        let app = reader.clone();
        async move {
            let seen = app.fresh.seen();
            match read(&app, brand_id, &rounds).await {
                Ok(found) => {
                    for (round_id, standing) in &found {
                        learn(&app, brand_id, *round_id, seen, standing.clone()).await;
                    }
                    rounds.iter().map(|id| Ok(found.get(id).cloned().unwrap_or_default())).collect()
                }
                Err(error) => rounds.iter().map(|_| Err(error.shared())).collect(),
            }
        }
    };
    app.standings.reading.join(brand_id, round_id, read).await?
}

async fn read(app: &App, brand_id: Uuid, rounds: &[Uuid]) -> Result<HashMap<Uuid, Standing>, Error> {
    let mut asked = rounds.to_vec();
    asked.sort_unstable();
    asked.dedup();
    let mut values: Vec<Value> = vec![brand_id.into()];
    let places = placeholders(&mut values, asked);
    let text =
        format!("select round_id, design_id, picks from round_entry where brand_id = $1 and round_id in ({places})");
    let statement = Statement::from_sql_and_values(app.db.backend(), text, values);
    let mut found: HashMap<Uuid, HashMap<Uuid, i32>> = HashMap::new();
    for row in app.db.read().query_all_raw(statement).await? {
        let (design_id, picks): (Uuid, i32) = (row.try_get("", "design_id")?, row.try_get("", "picks")?);
        found.entry(row.try_get("", "round_id")?).or_default().insert(design_id, picks);
    }
    Ok(found.into_iter().map(|(id, standing)| (id, Arc::new(standing))).collect())
}
