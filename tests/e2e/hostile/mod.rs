//! Hostile requests: the corpus of `tests/corpus`, limits of actors and brands, and slowness.

mod limits;
mod schema;
mod slow;

use std::path::Path;

use tests::Backend;
use tests::hostile::{Budget, run};

/// Sends the whole corpus. CPU is judged by the program `hostile`, built as a release.
async fn the_corpus(backend: Backend) {
    let program = Path::new(env!("CARGO_BIN_EXE_hostile"));
    let report = run(program, backend, Budget { cpu: None }, &[]).await;
    println!("{report}");
    assert!(report.sent() >= 1000, "a corpus of {} requests", report.sent());
    assert!(report.problems.is_empty(), "{}\n{report}", report.problems.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_hostile_request_is_refused_cheaply_or_answered_harmlessly_on_sqlite() {
    the_corpus(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_hostile_request_is_refused_cheaply_or_answered_harmlessly_on_postgres() {
    the_corpus(Backend::Postgres).await;
}
