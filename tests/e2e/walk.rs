//! Random walks through buying: whatever people, WeChat and time do in whatever order, and two at a
//! time, pieces and money stay counted right. Walks are the same in every run.

use chrono::Duration;
use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;
use smallbatch::invariants;
use smallbatch::wechat::standin::{Fault, FaultKind, Switches};

use super::shop::{Buyer, ORDER, PRICE, Shop};
use super::*;

const BUYERS: usize = 3;
const SKUS: usize = 2;
/// Fen paid first of each piece, and what a piece costs from the second on.
const FIRST: i64 = 3_000;
const LOWER: i64 = 17_000;

/// What somebody does next.
#[derive(Clone, Debug)]
enum Step {
    Place {
        buyer: usize,
        sku: usize,
        pieces: i64,
    },
    /// Taps “pay” on the latest order and confirms in WeChat, if that works.
    Pay {
        buyer: usize,
    },
    /// Taps “pay” and goes away.
    Prepay {
        buyer: usize,
    },
    Confirm {
        buyer: usize,
    },
    ChangeSize {
        buyer: usize,
        sku: usize,
    },
    Cancel {
        buyer: usize,
    },
    /// The worker and WeChat's callbacks get a turn.
    Settle,
    Wait {
        minutes: i64,
    },
    /// The next call to WeChat goes wrong.
    Break {
        applied: bool,
    },
    Switch {
        drop: bool,
        duplicate: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let buyer = 0..BUYERS;
    prop_oneof![
        4 => (buyer.clone(), 0..SKUS, 1..3i64).prop_map(|(buyer, sku, pieces)| Step::Place { buyer, sku, pieces }),
        4 => buyer.clone().prop_map(|buyer| Step::Pay { buyer }),
        2 => buyer.clone().prop_map(|buyer| Step::Prepay { buyer }),
        1 => buyer.clone().prop_map(|buyer| Step::Confirm { buyer }),
        2 => (buyer.clone(), 0..SKUS).prop_map(|(buyer, sku)| Step::ChangeSize { buyer, sku }),
        2 => buyer.prop_map(|buyer| Step::Cancel { buyer }),
        3 => Just(Step::Settle),
        2 => (1..9i64).prop_map(|minutes| Step::Wait { minutes }),
        1 => any::<bool>().prop_map(|applied| Step::Break { applied }),
        1 => any::<(bool, bool)>().prop_map(|(drop, duplicate)| Step::Switch { drop, duplicate }),
    ]
}

fn walk(seed: u8, steps: usize) -> Vec<Step> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    proptest::collection::vec(step(), steps).new_tree(&mut runner).expect("a walk").current()
}

e2e! {
    async fn pieces_and_money_stay_counted_right_on_any_walk(app) {
        let shop = &Shop::open(app, &[6, 4], json!({ "memberLimit": 6 })).await;
        let buyers = walked(shop).await;
        assert_eq!(buyers.len(), BUYERS);
        app.standin.set_switches(Switches::default());
        for _ in 0..10 {
            app.advance(Duration::hours(1)).await;
        }
        let (held, paid, _) = shop.book().await;
        assert_eq!(held, 0);
        assert_eq!(shop.takings(), paid * PRICE, "WeChat's books and ours");
        assert!(paid > 0, "a walk on which nobody bought shows nothing");
    }

    async fn they_do_with_deposits_too_until_the_last_balance_is_paid_or_forfeited(app) {
        let plan = json!({ "memberLimit": 6, "plan": { "deposit": { "amount": FIRST, "balanceDays": 1 } },
            "priceTiers": [{ "fromPieces": 2, "unitPrice": LOWER }] });
        let shop = &mut Shop::open(app, &[6, 4], plan).await;
        let mut buyers = walked(shop).await;
        app.standin.set_switches(Switches::default());
        for _ in 0..10 {
            app.advance(Duration::hours(1)).await;
        }
        shop.desk = shop.brand.merchandiser().await;
        for buyer in &mut buyers {
            *buyer = shop.back(buyer).await;
        }
        let (_, committed, _) = shop.book().await;
        assert!(committed >= 2, "a walk on which nobody bought shows nothing");
        shop.act("closePresale").await.ok("closePresale.presale.id");
        app.settle().await;
        for seed in [7, 8] {
            let steps = walk(seed, 20).into_iter().filter(|step| !matches!(step, Step::Wait { .. }));
            for step in steps.collect::<Vec<_>>().chunks(2) {
                join_all(step.iter().map(|step| take(shop, &buyers, step))).await;
                hold(app, seed, step).await;
            }
        }
        app.standin.set_switches(Switches::default());
        for _ in 0..40 {
            app.advance(Duration::hours(1)).await;
        }
        shop.desk = shop.brand.merchandiser().await;
        let (held, paid, open) = shop.book().await;
        assert_eq!((held, paid), (0, open), "no balance is waited for any more");
        let forfeited = "{ orders(status: [FORFEITED]) { nodes { pieces } } }";
        let forfeited = shop.desk.gql(forfeited, json!({})).await.ok("orders.nodes");
        let forfeited: i64 = forfeited.as_array().expect("a list").iter().filter_map(|node| node["pieces"].as_i64()).sum();
        assert_eq!(shop.takings(), paid * LOWER + forfeited * FIRST, "WeChat's books and ours");
    }
}

/// Buyers of a presale after three walks.
async fn walked<'a>(shop: &Shop<'a>) -> Vec<Buyer<'a>> {
    let mut buyers = Vec::new();
    for n in 0..BUYERS {
        buyers.push(shop.buyer(&format!("buyer-{n}")).await);
    }
    for seed in 0..3 {
        let steps = walk(seed, 40);
        for pair in steps.chunks(2) {
            join_all(pair.iter().map(|step| take(shop, &buyers, step))).await;
            hold(shop.app, seed, pair).await;
        }
    }
    buyers
}

async fn hold(app: &TestApp, seed: u8, pair: &[Step]) {
    let findings = invariants::check(app.app.db.read()).await.expect("the invariants can be checked");
    let broken: Vec<_> = findings.iter().filter(|finding| finding.breaches > 0).collect();
    assert!(broken.is_empty(), "walk {seed}, after {pair:?}: {broken:#?}");
}

async fn take(shop: &Shop<'_>, buyers: &[Buyer<'_>], step: &Step) {
    let app = shop.app;
    match *step {
        Step::Place { buyer, sku, pieces } => drop(shop.place(&buyers[buyer], &[(sku, pieces)]).await),
        Step::Pay { buyer } => pay(shop, &buyers[buyer], true).await,
        Step::Prepay { buyer } => pay(shop, &buyers[buyer], false).await,
        Step::Confirm { buyer } => act(shop, &buyers[buyer], "confirmPayment").await,
        Step::Cancel { buyer } => act(shop, &buyers[buyer], "cancelOrder").await,
        Step::ChangeSize { buyer, sku } => change_size(shop, &buyers[buyer], sku).await,
        Step::Settle => app.settle().await,
        Step::Wait { minutes } => app.advance(Duration::minutes(minutes)).await,
        Step::Break { applied } => {
            app.standin.set_fault("/v3/", Fault { kind: FaultKind::SystemError, applied, times: 1 });
        }
        Step::Switch { drop, duplicate } => {
            app.standin.set_switches(Switches { drop, duplicate, ..Switches::default() });
        }
    }
}

/// The buyer's latest order: id, version and first line.
async fn latest(buyer: &Buyer<'_>) -> Option<(String, i64, String)> {
    let found =
        buyer.person.gql("{ myOrders(first: 1) { edges { node { id version lines { id } } } } }", json!({})).await;
    let node = found.at("myOrders.edges.0.node");
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    Some((text(&node["id"])?, node["version"].as_i64()?, text(&node["lines"][0]["id"])?))
}

async fn pay(shop: &Shop<'_>, buyer: &Buyer<'_>, confirm: bool) {
    let Some((order, ..)) = latest(buyer).await else { return };
    let answer = shop.pay(buyer, &order).await;
    let params = answer.at("payOrder.params");
    if confirm && !params.is_null() {
        let params = serde_json::from_value(params.clone()).expect("what wx.requestPayment takes");
        // WeChat may refuse what was paid, closed or let expire meanwhile.
        let _ = shop.app.standin.pay(&params, &buyer.person.openid);
    }
}

async fn act(shop: &Shop<'_>, buyer: &Buyer<'_>, verb: &str) {
    let Some((order, ..)) = latest(buyer).await else { return };
    let answer = buyer.person.mutate(verb, json!({ "orderId": order }), "order { id }").await;
    assert!(
        answer.body["errors"].is_null() || is_unavailable(&answer),
        "{verb} on {}: {:#}",
        shop.presale,
        answer.body
    );
}

/// What may happen to a request that races with another, or when WeChat breaks.
fn is_unavailable(answer: &tests::Answer) -> bool {
    answer.fault() == "UNAVAILABLE"
}

async fn change_size(shop: &Shop<'_>, buyer: &Buyer<'_>, sku: usize) {
    let Some((order, version, line)) = latest(buyer).await else { return };
    let lines = json!([{ "lineId": line, "skuId": shop.skus[sku] }]);
    let input = json!({ "orderId": order, "version": version, "lines": lines });
    let answer = buyer.person.mutate("changeOrder", input, ORDER).await;
    assert!(answer.body["errors"].is_null(), "{:#}", answer.body);
}
