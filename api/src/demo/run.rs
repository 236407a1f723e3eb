//! Starts everything, plays the pilot if it has not been played, prints the report.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use migration::{Migrator, MigratorTrait};

use super::caller::Caller;
use super::diary::Diary;
use super::pilot::{self, Pilot};
use crate::base::clock::Clock;
use crate::base::db::Db;
use crate::cli::{self, DemoArgs};
use crate::config::Config;

const PLAYED_AGO: chrono::Duration = chrono::Duration::days(2);

pub async fn run(config: Config, args: DemoArgs) -> Result<ExitCode> {
    let listener = cli::listen(&config)?;
    let diary = Diary::open(&config.data_dir)?;
    let played = diary.get("finished").is_some();
    let folder = config.data_dir.display().to_string();
    migrate(&config).await?;
    // The pilot is played two days ago, so that WeChat Pay's bill of it is there at the end.
    let clock = if played { Clock::System } else { Clock::beside(-PLAYED_AGO) };
    let running = cli::start_by(clock.clone(), config, listener, true).await?;
    let url = running.app.config.public_url.clone();
    let standin = running.standin.clone().context("the demo runs with the stand-in")?;

    let pilot = Pilot {
        app: &running.app,
        standin: &standin,
        diary: &diary,
        stranger: Caller::new(reqwest::Client::new(), &url, None),
        bar: if args.json { ProgressBar::hidden() } else { bar() },
    };
    let said = |text: &str| {
        if !args.json {
            println!("{text}");
        }
    };
    if played {
        said(&format!(
            "The pilot has been played in {folder} before; nothing is done twice. Remove the folder to play it again."
        ));
        pilot.greet_again().await?;
    } else {
        said(&format!("Replaying the pilot through {url}/graphql into {folder} …"));
        pilot
            .play()
            .await
            .with_context(|| format!("the pilot stopped; start the demo again to go on, or remove {folder}"))?;
        clock.advance(PLAYED_AGO);
        pilot.greet_again().await?;
        pilot.reconcile().await.context("the pilot's bill")?;
    }
    pilot.bar.finish_and_clear();
    let report = pilot.report().await?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report.json())?);
    } else {
        print!("{}", report.text());
    }
    if !args.exit && !args.json {
        println!("{}", tokens(&diary, &url)?);
        cli::signals()?.await;
        println!("\nStopping …");
    }
    running.stop().await?;
    Ok(ExitCode::SUCCESS)
}

/// The demo migrates whatever database it is given; a deployment does that by `migrate up`.
async fn migrate(config: &Config) -> Result<()> {
    let db = Db::connect(&config.database_url, 1).await?;
    Migrator::up(db.read(), None).await.context("cannot migrate the database")?;
    Ok(db.close().await?)
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:32} {pos:>4}/{len} {msg}").expect("a valid template");
    let bar = ProgressBar::new(pilot::STEPS).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// Ready to paste, one per role.
fn tokens(diary: &Diary, url: &str) -> Result<String> {
    let mut out = format!(
        "\nServing on {url}  (GraphiQL at {url}/, stop with Ctrl-C)\n\nTokens to paste (Authorization: Bearer …):\n"
    );
    for (role, note) in [
        ("member", "member.0.token"),
        ("KOC", "koc.token"),
        ("merchandiser", "merchandiser.token"),
        ("finance", "finance.token"),
        ("factory", "factory.token"),
    ] {
        out.push_str(&format!("  {role:<13}{}\n", diary.text(note)?));
    }
    Ok(out)
}
