//! The loader against a small server in this process: correctness of the loader and of the seeded data,
//! nothing about speed.

use std::collections::BTreeMap;
use std::time::Duration;

use load::client::{Client, Member, Outcome};
use load::open_loop::{self, Pace};
use load::plan::{FLASH, KEYS, Plan, Size};
use load::scenario::{Mix, NAMES, Scenario};
use tests::{Backend, TestApp};

/// A server that is seeded with `size`; [`TestApp::finish`] checks every invariant.
async fn seeded(backend: Backend, plan: &Plan) -> TestApp {
    let app = TestApp::start_with(backend, &[("encryption_keys", KEYS)]).await;
    load::seed::seed(app.app.db.read(), plan, app.now(), |_| {}).await.expect("a seeded database");
    app
}

fn client(app: &TestApp) -> Client {
    let address = app.url.strip_prefix("http://").expect("an address").parse().expect("an address");
    Client::new(address, Duration::from_secs(30))
}

async fn mixed(backend: Backend) {
    let plan = Plan::new(Size { brands: 3, members: 60, first: 0, skew: 1.0 });
    let app = seeded(backend, &plan).await;
    let mix = Mix { reads: 60.0, picks: 30.0, orders: 10.0 };
    let scenario = Scenario::new(&plan, mix, 1, &BTreeMap::new());
    let pace = Pace { rate: mix.rate(), warm_up: Duration::from_millis(500), duration: Duration::from_millis(1_500) };
    let clients = (0..16).map(|_| client(&app)).collect();
    let record = open_loop::run(pace, &NAMES, clients, async |client: &mut Client, n| {
        let (operation, request) = scenario.request(n);
        (operation, client.send(&request).await)
    })
    .await;
    assert_eq!((record.warm_up, record.measured()), (50, 150), "every intended request is accounted for");
    for operation in &record.operations {
        assert_eq!(
            operation.ok,
            operation.latency.len(),
            "{}: {:?} {:?}",
            operation.name,
            operation.errors,
            operation.refused
        );
        assert!(operation.ok > 0, "{} was never sent", operation.name);
    }
    app.finish().await;
}

#[tokio::test]
async fn the_mix_is_answered_in_full_on_sqlite() {
    mixed(Backend::Sqlite).await;
}

#[tokio::test]
async fn the_mix_is_answered_in_full_on_postgres() {
    mixed(Backend::Postgres).await;
}

#[tokio::test]
async fn a_person_knows_what_became_of_her_calls() {
    let plan = Plan::new(Size { brands: 1, members: 10, first: 0, skew: 1.0 });
    let app = seeded(Backend::Sqlite, &plan).await;
    let (mut client, ann, ben) = (client(&app), Member { brand: 0, index: 1 }, Member { brand: 0, index: 2 });
    assert_eq!(client.place_order(ann, FLASH, &[0], "ann-order").await, Outcome::Ok);
    let order = client.placed().expect("an order");
    assert_eq!(client.place_order(ann, FLASH, &[0], "ann-order").await, Outcome::Ok, "a repeat");
    assert_eq!(client.placed().map(|order| order.0), Some(order.0));
    assert!(matches!(client.place_order(ann, FLASH, &[0], "ann-again").await, Outcome::Refused(_)), "one a member");
    assert_eq!(
        client.claim(0, "batch_01h2xcejqtf2nbrexx3vqjhp41", "claim-it").await,
        Outcome::Failed("NOT_FOUND".into())
    );
    let mut nobody = Client::new("127.0.0.1:9".parse().expect("an address"), Duration::from_secs(30));
    assert!(matches!(nobody.pick(ben, 0, "ben-picks").await, Outcome::Failed(_)), "nothing was sent");
    let mut hasty =
        Client::new(app.url.strip_prefix("http://").expect("http").parse().expect("an address"), Duration::ZERO);
    assert!(!matches!(hasty.pick(ben, 0, "ben-picks").await, Outcome::Ok | Outcome::Refused(_)), "no answer was read");
    app.finish().await;
}
