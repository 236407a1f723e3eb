//! A brand whose queries wait in their line: what was waited for is fresh, and nobody else waits along.

use std::time::Duration;

use futures_util::future::{join, join_all};
use sea_orm::{ConnectionTrait, DbBackend};
use serde_json::json;
use smallbatch::base::db::sql;
use smallbatch::base::share::Place;
use tests::{Backend, Brand, Person, TestApp};
use uuid::Uuid;

use super::e2e;
use super::rush::until;
use super::shop::{Buyer, Shop};

/// Nobody waits this long for a turn that comes.
const PATIENCE: Duration = Duration::from_secs(60);

/// All places of the brand's members.
async fn all_places(brand: &Brand<'_>) -> Vec<Place<Uuid>> {
    let app = &brand.app.app;
    join_all((0..app.config.member_share).map(|_| app.shares.wait(brand.id))).await
}

/// Until so many queries of the brand wait for one of [`all_places`].
async fn until_waiting(brand: &Brand<'_>, queries: usize) {
    let app = &brand.app.app;
    let wait = until(|| app.shares.inside(&brand.id) >= app.config.member_share + queries);
    tokio::time::timeout(PATIENCE, wait).await.expect("they come to wait");
}

e2e! {
    async fn no_statement_is_compiled_for_the_guess_that_its_lists_are_long(app) {
        let db = app.app.db.read();
        if db.get_database_backend() == DbBackend::Postgres {
            let asked = sql(DbBackend::Postgres, "select setting, source from pg_settings where name = 'jit'", []);
            let jit = db.query_one_raw(asked).await.expect("an answer").expect("a row");
            let text = |n: usize| jit.try_get_by_index::<String>(n).expect("a text");
            assert_eq!((text(0).as_str(), text(1).as_str()), ("off", "client"));
        }
    }

    async fn what_was_waited_for_is_no_older_than_it_says(app) {
        let shop = Shop::open(app, &[5], json!({})).await;
        let (li, wang) = (shop.buyer("li").await, shop.buyer("wang").await);
        let page = "query($id: ID!) { presale(id: $id) { skus { remaining } availableActions } }";
        let see = async |who: &Buyer<'_>| who.person.gql(page, json!({ "id": shop.presale })).await;
        let places = all_places(&shop.brand).await;
        let later = async {
            until_waiting(&shop.brand, 1).await;
            app.app.clock.advance(chrono::Duration::seconds(2));
            drop(places);
        };
        let (seen, ()) = join(see(&li), later).await;
        assert_eq!(seen.int("presale.skus.0.remaining"), 5);
        let again = see(&wang).await;
        assert_eq!(again.int("presale.skus.0.remaining"), 5);
        assert!(again.statements() <= 1, "{} statements: it was not kept", again.statements());
    }

    async fn first_reads_that_wait_hold_up_nobody_elses(app) {
        let (loud, quiet) = (app.brand("first").await, app.brand("second").await);
        let (mei, lan) = (loud.member("mei").await, quiet.member("lan").await);
        let places = all_places(&loud).await;
        // Each is a question of its own.
        let questions: Vec<String> = (0..200).map(|n| format!("{{ rounds(first: 1) {{ edges {{ q{n}: cursor }} }} }}")).collect();
        let crowd = join_all(questions.iter().map(|question| mei.gql(question, json!({}))));
        let beside = async {
            until_waiting(&loud, questions.len()).await;
            let asked = lan.gql("{ rounds(first: 1) { edges { cursor } } }", json!({}));
            let seen = tokio::time::timeout(PATIENCE, asked).await.expect("nobody of hers is there");
            assert_eq!(seen.ok("rounds.edges"), json!([]));
            drop(places);
        };
        for answer in join(crowd, beside).await.0 {
            assert_eq!(answer.ok("rounds.edges"), json!([]));
        }
    }
}

/// Sixty requests of one brand at once.
async fn crowd(of: &Person<'_>) {
    for answer in join_all((0..60).map(|_| of.gql("{ viewer { kind } }", json!({})))).await {
        answer.ok("viewer.kind");
    }
}

/// `crowd` while `other`, of another brand, asks all the time.
async fn beside(other: &Person<'_>, crowd: impl Future<Output = ()>) {
    let ask = async || {
        other.gql("{ viewer { kind } }", json!({})).await.ok("viewer.kind");
    };
    ask().await;
    tokio::select! {
        () = async { loop { ask().await } } => {}
        () = crowd => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_comes_in_slowly_while_others_are_there() {
    let app = TestApp::start_with(Backend::Sqlite, &[("crowd_per_second", "1")]).await;
    let loud = app.brand("loud").await;
    let mei = loud.member("mei").await;
    let held_back = || app.app.metrics.held_back.get();
    crowd(&mei).await;
    assert_eq!(held_back(), 0, "alone nobody waits");
    let other = app.brand("other").await.member("wang").await;
    let quiet = app.brand("quiet").await;
    beside(&quiet.member("lan").await, crowd(&other)).await;
    assert!((1..=60).contains(&held_back()), "{} of the crowd waited", held_back());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_of_sockets_comes_in_slowly_too() {
    let app = TestApp::start_with(Backend::Sqlite, &[("crowd_per_second", "1")]).await;
    let (loud, quiet) = (app.brand("loud").await, app.brand("quiet").await);
    let mut mei = loud.member("mei").await.socket().await;
    let crowd = async {
        for n in 0..20 {
            mei.subscribe(&n.to_string(), "{ viewer { kind } }", json!({})).await;
        }
        let mut answered = 0;
        while answered < 20 {
            let message = mei.next().await;
            assert!(message["type"] == "next" || message["type"] == "complete", "{message}");
            answered += usize::from(message["type"] == "complete");
        }
    };
    beside(&quiet.member("lan").await, crowd).await;
    let held_back = app.app.metrics.held_back.get();
    assert!((1..=20).contains(&held_back), "{held_back} of twenty waited");
    app.finish().await;
}
