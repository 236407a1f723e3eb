//! How the designs of a round stand while members pick. Picks tell no news, since they come by the thousand.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, Statement, Value};
use uuid::Uuid;

use crate::app::App;
use crate::base::db::placeholders;
use crate::base::moment::Moment;
use crate::error::Result;

/// Members who pick it, by design.
pub type Standing = Arc<HashMap<Uuid, i32>>;

/// By (brand, round).
pub type Standings = Moment<Standing>;

/// At most a second old: no statement then, else one, or a share of one.
pub async fn of(app: &App, brand_id: Uuid, round_id: Uuid) -> Result<Standing> {
    let reader = app.clone();
    let read = move |rounds| {
        let app = reader.clone();
        async move { read(&app, brand_id, rounds).await }
    };
    app.standings.of(&app.fresh, brand_id, round_id, read).await
}

async fn read(app: &App, brand_id: Uuid, rounds: Vec<Uuid>) -> Result<HashMap<Uuid, Standing>> {
    let mut values: Vec<Value> = vec![brand_id.into()];
    let places = placeholders(&mut values, rounds);
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
