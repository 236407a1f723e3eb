//! Kill −9 in the middle of a mass refund: what it is is told in `tests::mass`. The program `mass_refund` does it
//! to thousands of orders.

use std::path::Path;

use tests::Backend;
use tests::histories::any_seed;
use tests::mass::{Plan, run};

async fn everyone_is_refunded(backend: Backend) {
    let seed = any_seed();
    println!("seed {seed:#x}");
    let program = Path::new(env!("CARGO_BIN_EXE_mass_refund")).to_owned();
    let report = run(&Plan { backend, orders: 60, kills: 5, seed, program }).await;
    println!("{report}");
    assert!(report.steps > 5, "progress was hardly seen: {report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_mass_refund_refunds_each_buyer_exactly_once_on_sqlite() {
    everyone_is_refunded(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_mass_refund_refunds_each_buyer_exactly_once_on_postgres() {
    everyone_is_refunded(Backend::Postgres).await;
}
