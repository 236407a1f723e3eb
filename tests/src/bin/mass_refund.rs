//! Kills (-9) a server in the middle of refunding a failed presale until everyone has the money back; see
//! `tests::mass`.
//!
//! `mass_refund (sqlite|postgres) ORDERS KILLS [SEED [PROGRAM]]`; PROGRAM is `smallbatch`, this program itself when
//! not given. PostgreSQL and Redis are those of TEST_POSTGRES_URL and TEST_REDIS_URL. Panics when anything is wrong.

use std::path::PathBuf;
use std::process::ExitCode;

use tests::Backend;
use tests::histories::{any_seed, read_seed};
use tests::mass::{Plan, run, serve};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["serve", "--config", file] = words[..] {
        serve(file).await;
        return ExitCode::SUCCESS;
    }
    let Some(plan) = plan(&words) else {
        eprintln!("mass_refund (sqlite|postgres) ORDERS KILLS [SEED [PROGRAM]]");
        return ExitCode::FAILURE;
    };
    println!("seed {:#x}", plan.seed);
    println!("{:?}: {}", plan.backend, run(&plan).await);
    ExitCode::SUCCESS
}

fn plan(words: &[&str]) -> Option<Plan> {
    let (backend, orders, kills, rest) = match words {
        ["sqlite", orders, kills, rest @ ..] => (Backend::Sqlite, orders, kills, rest),
        ["postgres", orders, kills, rest @ ..] => (Backend::Postgres, orders, kills, rest),
        _ => return None,
    };
    Some(Plan {
        backend,
        orders: orders.parse().ok()?,
        kills: kills.parse().ok()?,
        seed: rest.first().map_or_else(|| Some(any_seed()), |seed| read_seed(seed))?,
        program: rest.get(1).map_or_else(|| std::env::current_exe().ok(), |path| Some(PathBuf::from(path)))?,
    })
}
