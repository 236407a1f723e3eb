//! Sends the corpus of hostile requests to a server in a process of its own and prints what each family takes.
//!
//! `cargo run --release -p tests --bin hostile -- [sqlite|postgres] [part of a name …]`; PostgreSQL and Redis are
//! those of TEST_POSTGRES_URL and TEST_REDIS_URL. Ends with 1 when a request is answered wrongly or takes too much:
//! 20 ms of CPU in a release build, 5 MiB, 64 KiB of answer, SQL before a refusal.

// The answers of a whole server are one future, and its type is deep.
#![recursion_limit = "256"]

use std::process::ExitCode;
use std::time::Duration;

use tests::Backend;
use tests::hostile::{Budget, meter, run, server};

#[global_allocator]
static ALLOCATOR: meter::Counting = meter::Counting;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let serves = words.first().is_some_and(|word| word == "serve");
    if serves {
        words.remove(0);
    }
    let backend = match words.first().map(String::as_str) {
        Some("postgres") => Backend::Postgres,
        _ => Backend::Sqlite,
    };
    words.retain(|word| !["sqlite", "postgres"].contains(&word.as_str()));
    if serves {
        server::serve(backend).await;
        return ExitCode::SUCCESS;
    }
    let cpu = (!cfg!(debug_assertions)).then_some(Duration::from_millis(20));
    let program = std::env::current_exe().expect("this program");
    let report = run(&program, backend, Budget { cpu }, &words).await;
    for problem in &report.problems {
        println!("{problem}");
    }
    println!("{report}");
    if report.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
