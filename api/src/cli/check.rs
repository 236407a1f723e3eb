//! `check`: what must always hold, on a live database.

use std::process::ExitCode;

use anyhow::Result;

use crate::config::Config;
use crate::invariants;

pub async fn run(config: Config) -> Result<ExitCode> {
    let app = super::offline(config).await?;
    let findings = invariants::check(app.db.read()).await?;
    print!("{}", invariants::table(&findings));
    app.db.close().await?;
    let breaches: i64 = findings.iter().map(|finding| finding.breaches).sum();
    if breaches > 0 {
        println!("\n{breaches} breaches");
        return Ok(ExitCode::FAILURE);
    }
    println!("\nall hold");
    Ok(ExitCode::SUCCESS)
}
