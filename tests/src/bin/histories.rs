//! Plays histories of money by the thousand; see `tests::histories`.
//!
//! `histories (sqlite|postgres) COUNT [SEED]` plays as many, drawn from the seed; without one, from one that it
//! prints. `histories (sqlite|postgres) replay SEED` plays the one history of that seed, `… known` those that once did
//! not end well. PostgreSQL and Redis are
//! those of TEST_POSTGRES_URL and TEST_REDIS_URL. Ends with 1 when a history does not end well, or when a long run
//! never got into one of the states it is to get into.

use std::process::ExitCode;
use std::time::Instant;

use tests::Backend;
use tests::histories::{Failure, Plan, Reached, any_seed, known, read_seed, replay, run};

/// From so many histories on every kind of state must have been reached.
const LONG: usize = 1_500;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (backend, rest) = match words.split_first() {
        Some((&"sqlite", rest)) => (Backend::Sqlite, rest),
        Some((&"postgres", rest)) => (Backend::Postgres, rest),
        _ => return usage(),
    };
    match rest {
        ["known"] => play_known(backend).await,
        ["replay", seed] => match read_seed(seed) {
            Some(seed) => said(replay(backend, seed).await, 1),
            None => usage(),
        },
        [count, seed @ ..] => {
            match (count.parse(), seed.first().map_or_else(|| Some(any_seed()), |it| read_seed(it))) {
                (Ok(histories), Some(seed)) => play(backend, histories, seed).await,
                _ => usage(),
            }
        }
        [] => usage(),
    }
}

/// Those that once did not end well.
async fn play_known(backend: Backend) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for (name, history) in known::ALL {
        match tests::histories::play(backend, &history()).await {
            Ok(_) => println!("{name}: well"),
            Err(wrong) => {
                println!("{name}: {wrong}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

async fn play(backend: Backend, histories: usize, seed: u64) -> ExitCode {
    println!("seed {seed:#x}");
    let began = Instant::now();
    let plan = Plan { backend, histories, seed, season: 100, shrinks: 60 };
    let reached = run(plan, |done| {
        if done % 100 == 0 {
            eprintln!("{done} histories in {:.0} s", began.elapsed().as_secs_f64());
        }
    })
    .await;
    println!("{histories} histories on {backend:?} in {:.0} s", began.elapsed().as_secs_f64());
    said(reached, histories)
}

fn said(reached: Result<Reached, Failure>, histories: usize) -> ExitCode {
    let reached = match reached {
        Ok(reached) => reached,
        Err(failure) => {
            println!("{failure}");
            return ExitCode::FAILURE;
        }
    };
    println!("{reached}");
    let missing = reached.missing();
    if histories >= LONG && !missing.is_empty() {
        println!("never reached: {missing:?}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("histories (sqlite|postgres) COUNT [SEED]\nhistories (sqlite|postgres) replay SEED");
    ExitCode::FAILURE
}
