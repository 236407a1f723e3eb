//! How long a server takes to its first answer on a migrated database, and what it holds then.

use anyhow::Result;
use load::plan::{Plan, Size};
use load::process::resident_mb;

use crate::Shared;
use crate::place::Place;
use crate::table::median;

pub async fn run(shared: &Shared) -> Result<()> {
    let plan = Plan::new(Size { brands: 10, members: 1_000, first: 0, skew: 1.0 });
    let place = Place::seeded(shared, "start", &plan).await?;
    let (mut took, mut held) = (Vec::new(), Vec::new());
    for _ in 0..shared.rounds.max(3) {
        let server = place.serve(shared).await?;
        took.push(server.started_in.as_secs_f64() * 1000.0);
        held.extend(resident_mb(server.pid()).map(|(now, _)| now));
        server.stop()?;
    }
    println!("start to first answer: {:.0} ms of {took:.0?} (target 300)", median(took.clone()));
    println!("memory then: {:.0} MB of {held:.0?} (target 40)", median(held.clone()));
    let said = serde_json::json!({ "started_ms": took, "memory_mb": held });
    std::fs::write(shared.out.join("start.json"), serde_json::to_vec_pretty(&said)?)?;
    place.drop().await
}
