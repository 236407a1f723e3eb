//! Rate limits of an actor and of a brand, and what a loud brand leaves to the others.

use serde_json::json;
use tests::{Answer, Backend, Person, TestApp};

const ASK: &str = "{ viewer { kind member { id } } }";

/// Asks until refused, at most `most` times; the refusal.
async fn until_refused(person: &Person<'_>, most: usize) -> Answer {
    for _ in 0..most {
        let answer = person.gql(ASK, json!({})).await;
        if answer.status == 429 {
            return answer;
        }
        answer.ok("viewer.kind");
    }
    panic!("{most} requests and no refusal");
}

/// Buckets that do not refill while the test runs.
async fn limited(backend: Backend, more: &[(&str, &str)]) -> TestApp {
    let mut settings = vec![("rate_per_second", "1"), ("brand_rate_per_second", "1")];
    settings.extend(more);
    TestApp::start_with(backend, &settings).await
}

async fn an_actor_who_spent_her_points_waits_and_others_do_not(backend: Backend) {
    let app = limited(backend, &[("rate_burst", "300")]).await;
    let brand = app.brand("linen").await;
    let (mei, lan) = (brand.member("mei").await, brand.member("lan").await);
    let refused = until_refused(&mei, 200).await;
    assert_eq!(refused.fault(), "RATE_LIMITED");
    let seconds = refused.body["errors"][0]["extensions"]["retryAfterSeconds"].as_u64();
    assert!(seconds.is_some_and(|seconds| (1..=300).contains(&seconds)), "{:#}", refused.body);
    lan.gql(ASK, json!({})).await.ok("viewer.member.id");
    app.finish().await;
}

async fn a_brand_that_spent_its_points_waits_and_others_do_not(backend: Backend) {
    let app = limited(backend, &[("rate_burst", "100000"), ("brand_rate_burst", "600")]).await;
    let (linen, denim) = (app.brand("linen").await, app.brand("denim").await);
    let (mei, lan) = (linen.member("mei").await, linen.member("lan").await);
    let eve = denim.member("eve").await;
    assert_eq!(until_refused(&mei, 400).await.fault(), "RATE_LIMITED");
    assert_eq!(lan.gql(ASK, json!({})).await.fault(), "RATE_LIMITED");
    let answer = app.http.post(format!("{}/graphql", app.url)).bearer_auth(lan.token.as_ref().expect("a token"));
    let answer = answer.json(&json!({ "query": ASK })).send().await.expect("an answer");
    let after: u64 = answer.headers()["retry-after"].to_str().expect("a number").parse().expect("a number");
    assert!((1..=600).contains(&after));
    eve.gql(ASK, json!({})).await.ok("viewer.member.id");
    app.caller(None).gql("{ viewer { kind } }", json!({})).await.ok("viewer.kind");
    app.finish().await;
}

/// Many more read what is kept than may ask for what has to be run.
async fn what_is_kept_costs_a_tenth(backend: Backend) {
    let app = limited(backend, &[("rate_burst", "100000"), ("brand_rate_burst", "600")]).await;
    let brand = app.brand("linen").await;
    let mei = brand.member("mei").await;
    let feed = "{ rounds(first: 10) { edges { node { title } } } }";
    let first = mei.gql(feed, json!({})).await;
    let cost = first.body["extensions"]["cost"].as_u64().expect("a cost");
    let mut answered = 1;
    loop {
        let answer = mei.gql(feed, json!({})).await;
        if answer.status == 429 {
            break;
        }
        answer.ok("rounds.edges");
        answered += 1;
        assert!(answered < 2_000, "never refused");
    }
    // It is run anew each second.
    assert!(answered > 600 / cost * 3, "{answered} of {cost} points each");
    app.finish().await;
}

/// Two processes never admit more than the bucket holds, and lose at most a chunk each.
async fn two_processes_share_a_bucket(one: &TestApp, two: &TestApp) {
    let key = format!("shared-{}", one.app.ids.next());
    let mut admitted = 0;
    for turn in 0..400 {
        let limiter = if turn % 2 == 0 { &one.app.limiter } else { &two.app.limiter };
        admitted += u32::from(limiter.take(&key, 5).await.is_ok()) * 5;
    }
    assert!((1000 - 2 * 10 - 5..=1005).contains(&admitted), "{admitted} points of a bucket of 1000");
}

macro_rules! both {
    ($($name:ident)+) => {
        $(mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(Backend::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::$name(Backend::Postgres).await;
            }
        })+
    };
}

both! { what_is_kept_costs_a_tenth an_actor_who_spent_her_points_waits_and_others_do_not a_brand_that_spent_its_points_waits_and_others_do_not }

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_share_redis_share_the_buckets() {
    let settings = [("rate_per_second", "1"), ("rate_burst", "1000"), ("redis_prefix", "smallbatch-test-shared")];
    let one = TestApp::start_with(Backend::Postgres, &settings).await;
    let two = TestApp::start_with(Backend::Postgres, &settings).await;
    two_processes_share_a_bucket(&one, &two).await;
    one.finish().await;
    two.finish().await;
}

/// A place of a brand's share is taken, as by a long query; what the engine has to run is refused, and neither what is
/// kept nor what its staff asks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_brand_whose_share_is_busy_is_told_to_come_back_and_others_are_served() {
    let settings = [("database_connections", "4"), ("brand_share_percent", "25"), ("brand_queue", "0")];
    let app = TestApp::start_with(Backend::Sqlite, &settings).await;
    let (linen, denim) = (app.brand("linen").await, app.brand("denim").await);
    let (mei, eve) = (linen.member("mei").await, denim.member("eve").await);
    let kept = "{ rounds(first: 1) { edges { node { title } } } }";
    mei.gql(kept, json!({})).await.ok("rounds.edges");
    let busy = app.app.shares.wait(linen.id).await;
    assert_eq!(mei.gql(ASK, json!({})).await.fault(), "RATE_LIMITED");
    mei.gql(kept, json!({})).await.ok("rounds.edges");
    assert_eq!(mei.gql(&kept.replace("title", "id"), json!({})).await.fault(), "RATE_LIMITED");
    linen.owner.gql("{ viewer { kind } }", json!({})).await.ok("viewer.kind");
    eve.gql(ASK, json!({})).await.ok("viewer.member.id");
    drop(busy);
    mei.gql(ASK, json!({})).await.ok("viewer.member.id");
    app.finish().await;
}
