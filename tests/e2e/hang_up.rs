//! People who hang up: what they asked for is dropped wherever it is.

use sea_orm::{ConnectionTrait, Statement};
use tests::histories::cut;
use tests::histories::script::How;
use tests::{Backend, TestApp};

/// Transactions of the app that wait for their next statement.
async fn left_open(app: &TestApp) -> i64 {
    let db = app.app.db.read();
    let text = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), text)).await;
    row.expect("a count").expect("a row").try_get_by_index(0).expect("a number")
}

/// A connection that comes back with a transaction takes the next one's writes into it, and nobody commits them.
async fn nobody_leaves_a_transaction_open(app: &TestApp) {
    let brand = app.brand("linen").await;
    for (waits, midway) in (1..20).flat_map(|waits| [(waits, true), (waits, false)]) {
        let written = app.app.write(brand.id, |tx| async move { tx.next_number("design").await });
        cut(written, How::Cut { waits, midway }).await;
        let mut looks = 0;
        while left_open(app).await > 0 {
            looks += 1;
            assert!(looks < 300, "hung up after {waits} waits, midway: {midway}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_hangs_up_leaves_no_transaction_open() {
    tests::ends(Backend::Postgres, async |app| nobody_leaves_a_transaction_open(app).await).await;
}
