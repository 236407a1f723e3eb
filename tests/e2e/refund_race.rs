//! What a person gives up while its last fen is arriving. PostgreSQL only: SQLite has one writer.

use chrono::Duration;
use entity::staff::StaffRole;
use futures_util::future::{Either, join, select};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::json;
use smallbatch::wechat::standin::Switches;
use std::pin::pin;
use tests::Backend;

use super::refund::{line, refund};
use super::shop::{PRICE, Shop};
use super::*;

/// Holds back whoever is about to post to a ledger, until it is let go of.
struct Held(DatabaseConnection);

impl Held {
    async fn take(app: &TestApp) -> Self {
        let options = ConnectOptions::new(&app.app.config.database_url).max_connections(1).to_owned();
        let db = Database::connect(options).await.expect("a connection");
        // One connection, so that what follows is in the transaction that it begins.
        for text in ["begin", "update ledger_head set seq = seq"] {
            db.execute_unprepared(text).await.expect("the ledgers are ours");
        }
        Held(db)
    }

    async fn let_go(self) {
        self.0.execute_unprepared("commit").await.expect("an end");
        self.0.close().await.expect("the connection closes");
    }
}

/// Until so many transactions wait for rows that others hold.
async fn until_waiting(app: &TestApp, wanted: i64) {
    let db = app.app.db.read();
    let text = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    loop {
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), text)).await;
        let waiting: i64 = row.expect("a count").expect("a row").try_get_by_index(0).expect("a number");
        if waiting >= wanted {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn an_order_ends(app: &TestApp) {
    let shop = &Shop::open(app, &[5], json!({})).await;
    let (buyer, finance) = (&shop.buyer("li").await, &shop.brand.staff(StaffRole::Finance).await);
    let order = shop.bought(buyer, &[(0, 2)]).await;
    refund(finance, &order, json!({ "amount": 2 * PRICE - 1 })).await.ok("refundOrder.order.status");
    app.settle().await;
    app.standin.set_switches(Switches { refund_seconds: 60, ..Switches::default() });
    let last = json!({ "lines": [{ "lineId": line(buyer, &order, 0).await, "pieces": 1 }] });
    refund(finance, &order, last).await.ok("refundOrder.order.status");
    app.settle().await;
    assert_eq!(shop.order_status(buyer, &order).await, "PAID", "one piece will be made, and costs nothing by now");
    let held = Held::take(app).await;
    app.app.clock.advance(Duration::seconds(60));
    app.standin.tick();
    until_waiting(app, 1).await;
    let giving_up = pin!(refund(finance, &order, json!({})));
    match select(giving_up, pin!(until_waiting(app, 2))).await {
        Either::Left((given_up, _)) => {
            held.let_go().await;
            given_up.ok("refundOrder.order.status");
        }
        Either::Right(((), giving_up)) => {
            let (given_up, ()) = join(giving_up, held.let_go()).await;
            given_up.ok("refundOrder.order.status");
        }
    }
    app.settle().await;
    assert_eq!((shop.order_status(buyer, &order).await, shop.takings()), ("REFUNDED".into(), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_ends_that_is_given_up_while_its_last_fen_arrives() {
    tests::ends(Backend::Postgres, async |app| an_order_ends(app).await).await;
}
