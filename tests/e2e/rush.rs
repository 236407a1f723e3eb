//! Many order at once, at one server or two: nobody gets what is not there, everybody gets a true answer.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use chrono::Duration;
use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use smallbatch::app::App;
use smallbatch::base::id::PresaleId;
use smallbatch::invariants;
use tests::Answer;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::shop::{Buyer, Shop};
use super::*;

const PLACE: &str = "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } replayed \
    userErrors { code ... on SoldOut { skuId remaining } ... on LimitReached { limit } } } }";

async fn buyers<'a>(shop: &Shop<'a>, count: usize) -> Vec<Buyer<'a>> {
    let mut buyers = Vec::with_capacity(count);
    let names: Vec<_> = (0..count).map(|n| format!("buyer-{n}")).collect();
    for names in names.chunks(10) {
        buyers.extend(join_all(names.iter().map(|name| shop.buyer(name))).await);
    }
    buyers
}

/// Places `basket` at the server at `url`.
async fn place_at(shop: &Shop<'_>, url: &str, buyer: &Buyer<'_>, mut basket: Value) -> Answer {
    if basket.get("idempotencyKey").is_none() {
        basket["idempotencyKey"] = json!(shop.app.app.ids.next().to_string());
    }
    shop.app.send_to(url, buyer.person.token.as_deref(), PLACE, json!({ "input": basket })).await
}

/// Placed; otherwise a refusal, never an error.
#[track_caller]
fn is_placed(answer: &Answer) -> bool {
    assert!(answer.body.get("errors").is_none(), "{:#}", answer.body);
    answer.user_errors().is_empty()
}

/// Pieces of the presale on hold by SKU, as the rows have it.
async fn held(shop: &Shop<'_>) -> Vec<i64> {
    let query = "query($id: ID!) { presale(id: $id) { skus { held } } }";
    let answer = shop.desk.gql(query, json!({ "id": shop.presale })).await;
    let skus = answer.ok("presale.skus");
    skus.as_array().expect("a list").iter().map(|sku| sku["held"].as_i64().expect("a count")).collect()
}

fn lane(shop: &Shop<'_>) -> (Uuid, Uuid) {
    (shop.brand.id, PresaleId::parse(&shop.presale).expect("a presale").0)
}

pub(super) async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::task::yield_now().await;
    }
}

/// Lets `first` be written, but not committed, until `then` finds that enough others wait behind it at
/// `app`: what waits is written together.
async fn behind<A, B>(
    shop: &Shop<'_>,
    app: &App,
    first: impl Future<Output = A>,
    then: impl AsyncFnOnce(&Semaphore) -> B,
) -> (A, B) {
    let (held, gate) = (&Semaphore::new(0), &Semaphore::new(0));
    let (brand_id, _) = lane(shop);
    let holder = shop.app.app.write(brand_id, |tx| async move {
        let text = "update presale_sku set held = held where brand_id = $1";
        let statement = Statement::from_sql_and_values(tx.conn().get_database_backend(), text, [brand_id.into()]);
        tx.conn().execute_raw(statement).await?;
        held.add_permits(1);
        gate.acquire().await.expect("an open gate").forget();
        Ok(())
    });
    let rest = async {
        held.acquire().await.expect("a holder").forget();
        let behind = async {
            until(|| app.orders.waiting(&lane(shop)) == Some(0)).await;
            then(gate).await
        };
        tokio::join!(first, behind)
    };
    let (holder, rest) = tokio::join!(holder, rest);
    holder.expect("the holder commits");
    rest
}

/// Sends all of `orders` at once; they become one group.
async fn grouped<F: Future<Output = Answer>>(
    shop: &Shop<'_>,
    first: impl Future<Output = Answer>,
    orders: Vec<F>,
) -> (Answer, Vec<Answer>) {
    let app = &shop.app.app;
    let (count, lane) = (orders.len(), lane(shop));
    behind(shop, app, first, async |gate| {
        let open = async {
            until(|| app.orders.waiting(&lane) == Some(count)).await;
            gate.add_permits(1);
        };
        tokio::join!(join_all(orders), open).0
    })
    .await
}

e2e! {
    async fn three_hundred_want_a_hundred_pieces_of_twelve_skus(app) {
        let sku = |n: usize| {
            let (color, size, cap) = (format!("colour {}", n / 4), format!("size {}", n % 4), if n < 4 { 9 } else { 8 });
            json!({ "color": color, "size": size, "cap": cap })
        };
        let skus: Vec<_> = (0..12).map(sku).collect();
        let shop = &Shop::open(app, &[], json!({ "skus": skus })).await;
        let buyers = buyers(shop, 300).await;
        let place = async |n: usize| shop.place(&buyers[n], &[(n % 12, 1)]).await;
        let answers = join_all((0..300).map(place)).await;
        assert_eq!(answers.iter().filter(|answer| is_placed(answer)).count(), 100);
        for answer in answers.iter().filter(|answer| !is_placed(answer)) {
            let refusal = answer.refusal();
            assert_eq!((&refusal["code"], &refusal["remaining"]), (&json!("SOLD_OUT"), &json!(0)));
        }
        assert_eq!(shop.book().await.0, 100);
    }

    async fn two_servers_never_sell_a_piece_twice(app) {
        let shop = &Shop::open(app, &[20, 13, 9], json!({})).await;
        let second = app.sibling().await;
        let (urls, caps) = ([&app.url, &second.url], [20, 13, 9]);
        let buyers = buyers(shop, 60).await;
        let place = async |n: usize| {
            let (sku, other, pieces) = (n % 3, (n + 1) % 3, 1 + (n / 3 % 2) as i64);
            let basket = shop.basket(&buyers[n], &[(sku, pieces), (other, 1)]);
            (n, place_at(shop, urls[n % 2], &buyers[n], basket).await)
        };
        let answers = join_all((0..60).map(place)).await;
        let mut sold = vec![0; 3];
        for (n, answer) in &answers {
            let (sku, pieces) = (n % 3, 1 + (n / 3 % 2) as i64);
            if is_placed(answer) {
                sold[sku] += pieces;
                sold[(n + 1) % 3] += 1;
            } else {
                let refusal = answer.refusal();
                assert_eq!(refusal["code"], "SOLD_OUT", "{refusal}");
                let asked = if refusal["skuId"] == json!(shop.skus[sku]) { pieces } else { 1 };
                assert!(refusal["remaining"].as_i64().is_some_and(|left| (0..asked).contains(&left)), "{refusal}");
            }
        }
        assert_eq!(held(shop).await, sold);
        assert!(sold.iter().zip(caps).all(|(sold, cap)| *sold <= cap), "{sold:?}");
        assert!(sold.iter().zip(caps).any(|(sold, cap)| *sold == cap), "a rush that empties nothing shows nothing: {sold:?}");
        second.finish().await;
    }

    async fn one_key_places_one_order_at_whichever_server(app) {
        let shop = &Shop::open(app, &[50], json!({})).await;
        let second = app.sibling().await;
        let (urls, buyer) = ([&app.url, &second.url], &shop.buyer("li").await);
        for round in 0..5 {
            let mut basket = shop.basket(buyer, &[(0, 1)]);
            basket["idempotencyKey"] = json!(format!("the-same-key-{round}"));
            let answers = join_all((0..6).map(|n| place_at(shop, urls[n % 2], buyer, basket.clone()))).await;
            let ids: BTreeSet<_> = answers.iter().map(|answer| answer.text("placeOrder.order.id")).collect();
            assert_eq!(ids.len(), 1);
            assert_eq!(answers.iter().filter(|answer| answer.ok("placeOrder.replayed") == json!(false)).count(), 1);
            let id = ids.first().expect("an order");
            shop.cancel(buyer, id).await.ok("cancelOrder.order.id");
            basket["termsVersion"] = json!("other");
            assert_eq!(place_at(shop, urls[1], buyer, basket).await.refused(), "IDEMPOTENCY_KEY_REUSED");
        }
        second.finish().await;
    }

    async fn a_member_gets_no_more_than_her_share_at_two_servers(app) {
        let shop = &Shop::open(app, &[50, 50], json!({ "memberLimit": 4 })).await;
        let second = app.sibling().await;
        let (urls, buyer) = ([&app.url, &second.url], &shop.buyer("li").await);
        let place = |n: usize| place_at(shop, urls[n % 2], buyer, shop.basket(buyer, &[(n / 2 % 2, 1)]));
        let answers = join_all((0..12).map(place)).await;
        assert_eq!(answers.iter().filter(|answer| is_placed(answer)).count(), 4);
        for answer in answers.iter().filter(|answer| !is_placed(answer)) {
            assert_eq!(answer.refusal()["limit"], json!(4));
        }
        second.finish().await;
    }

    async fn a_refused_order_costs_the_others_of_its_group_nothing_and_keeps_no_key(app) {
        let shop = &Shop::open(app, &[10, 1], json!({ "memberLimit": 3 })).await;
        let buyers = &buyers(shop, 9).await;
        let twist = |n: usize, lines: &[(usize, i64)], field: &str, value: Value| {
            let mut basket = shop.basket(&buyers[n], lines);
            basket["idempotencyKey"] = json!(format!("key-of-buyer-{n}"));
            if !field.is_empty() {
                basket[field] = value;
            }
            basket
        };
        let unknown = json!([{ "skuId": shop.presale.replacen("presale", "sku", 1), "quantity": 1 }]);
        let baskets = vec![
            twist(1, &[(0, 1)], "", Value::Null),
            twist(2, &[(0, 1)], "addressId", json!(buyers[0].address)),
            twist(3, &[(0, 1)], "expectedAmount", json!(1)),
            twist(4, &[(0, 3), (1, 1)], "", Value::Null),
            twist(5, &[(0, 1)], "lines", unknown),
            twist(6, &[(1, 1)], "", Value::Null),
            twist(7, &[(0, 1), (1, 1)], "", Value::Null),
            twist(8, &[(0, 2)], "", Value::Null),
            twist(1, &[(0, 1)], "", Value::Null),
            twist(1, &[(0, 1)], "termsVersion", json!("other")),
        ];
        let places = [1, 2, 3, 4, 5, 6, 7, 8, 1, 1].into_iter().zip(baskets);
        let orders = places.map(|(n, basket)| place_at(shop, &app.url, &buyers[n], basket)).collect();
        let (_, answers) = grouped(shop, shop.place(&buyers[0], &[(0, 1)]), orders).await;
        let said = |n: usize| match answers[n].body.get("errors") {
            Some(_) => answers[n].fault(),
            None if answers[n].user_errors().is_empty() => "placed".to_owned(),
            None => answers[n].refused(),
        };
        let once = said(0) == "placed";
        assert_eq!([1, 2, 3, 4].map(said), ["NOT_FOUND", "PRICE_CHANGED", "LIMIT_REACHED", "NOT_FOUND"]);
        let last = [5, 6].map(said);
        assert!(last == ["placed", "SOLD_OUT"] || last == ["SOLD_OUT", "placed"], "one last piece: {last:?}");
        assert_eq!(said(7), "placed");
        // Three requests of one key, one of them with another input: whoever came first decides.
        let one_key: Vec<_> = [0, 8, 9].map(said).into();
        assert!(if once { one_key == ["placed", "placed", "IDEMPOTENCY_KEY_REUSED"] } else { one_key[2] == "placed" }, "{one_key:?}");
        for (n, buyer) in buyers.iter().enumerate().take(6).skip(2) {
            let right = twist(n, &[(0, 1)], "", Value::Null);
            assert!(is_placed(&place_at(shop, &app.url, buyer, right).await), "buyer {n}");
        }
        assert_eq!(held(shop).await[1], 1);
    }

    async fn orders_race_with_the_close_of_their_presale(app) {
        let shop = &Shop::open(app, &[500], json!({})).await;
        let second = app.sibling().await;
        let (urls, buyers) = ([&app.url, &second.url], buyers(shop, 24).await);
        let place = |n: usize| place_at(shop, urls[n % 2], &buyers[n], shop.basket(&buyers[n], &[(0, 1)]));
        let close = async {
            let early = join_all((0..12).map(place)).await;
            let (closed, late) = tokio::join!(shop.act("closePresale"), join_all((12..24).map(place)));
            closed.ok("closePresale.presale.id");
            early.into_iter().chain(late)
        };
        let answers: Vec<_> = close.await.collect();
        let placed = answers.iter().filter(|answer| is_placed(answer)).count();
        assert!(placed >= 12, "{placed} placed");
        assert!(answers.iter().all(|answer| is_placed(answer) || answer.refused() == "CLOSED"));
        assert_eq!(held(shop).await, [placed as i64]);
        assert_eq!(shop.place(&buyers[0], &[(0, 1)]).await.refused(), "CLOSED");
        second.finish().await;
    }

    async fn whoever_finds_the_queue_full_comes_again_with_the_same_key(app) {
        let shop = &Shop::open(app, &[50], json!({})).await;
        let small = app.sibling_with(|config| config.order_queue = 1).await;
        let buyers = &buyers(shop, 3).await;
        let basket = |n: usize| {
            let mut basket = shop.basket(&buyers[n], &[(0, 1)]);
            basket["idempotencyKey"] = json!(format!("key-of-buyer-{n}"));
            basket
        };
        let place = |n: usize| place_at(shop, &small.url, &buyers[n], basket(n));
        let (first, (waited, turned_away)) = behind(shop, &small.app, place(0), async |gate| {
            let third = async {
                until(|| small.app.orders.waiting(&lane(shop)) == Some(1)).await;
                let answer = place(2).await;
                gate.add_permits(1);
                answer
            };
            tokio::join!(place(1), third)
        }).await;
        assert!(is_placed(&first) && is_placed(&waited));
        assert_eq!(turned_away.refused(), "UNAVAILABLE");
        assert_eq!(held(shop).await, [2]);
        assert_eq!(place(2).await.ok("placeOrder.replayed"), json!(false));
        small.finish().await;
    }

    async fn the_order_of_a_buyer_who_hung_up_is_there_when_she_asks_again(app) {
        let shop = &Shop::open(app, &[50], json!({})).await;
        let buyers = &buyers(shop, 2).await;
        let mut basket = shop.basket(&buyers[1], &[(0, 1)]);
        basket["idempotencyKey"] = json!("the-same-key");
        let (first, ()) = behind(shop, &app.app, shop.place(&buyers[0], &[(0, 1)]), async |gate| {
            let waits = async { until(|| app.app.orders.waiting(&lane(shop)) == Some(1)).await };
            tokio::select! {
                answer = place_at(shop, &app.url, &buyers[1], basket.clone()) => panic!("answered behind a closed gate: {answer:?}"),
                () = waits => gate.add_permits(1),
            }
        }).await;
        assert!(is_placed(&first));
        until(|| app.app.orders.waiting(&lane(shop)).is_none()).await;
        let again = place_at(shop, &app.url, &buyers[1], basket).await;
        assert_eq!(again.ok("placeOrder.replayed"), json!(true));
        assert_eq!(held(shop).await, [2]);
    }

    async fn what_lapses_while_others_order_goes_back_once(app) {
        let shop = &Shop::open(app, &[2], json!({})).await;
        let buyers = buyers(shop, 9).await;
        let first = shop.placed(&buyers[0], &[(0, 2)]).await;
        app.app.clock.advance(Duration::minutes(16));
        let place = async |n: usize| shop.place(&buyers[n], &[(0, 1)]).await;
        let (answers, ()) = tokio::join!(join_all((1..9).map(place)), app.settle());
        let won = answers.iter().filter(|answer| is_placed(answer)).count();
        assert_eq!(shop.order_status(&buyers[0], &first).await, "EXPIRED");
        assert!(won <= 2);
        assert_eq!(held(shop).await, [won as i64]);
        assert_eq!(shop.remaining(0).await, 2 - won as i64);
    }

    async fn a_group_takes_no_more_statements_than_one_order(app) {
        let shop = &Shop::open(app, &[500, 500], json!({})).await;
        let buyers = buyers(shop, 101).await;
        let (lone, two) = (shop.basket(&buyers[0], &[(0, 1)]), shop.basket(&buyers[0], &[(0, 1), (1, 1)]));
        let alone = place_at(shop, &app.url, &buyers[0], lone).await.statements();
        assert!(alone <= 8, "{alone} statements alone");
        let of_two = place_at(shop, &app.url, &buyers[0], two).await.statements();
        // Her session is remembered for a second: one of them may have looked it up.
        assert!(of_two <= 8 && of_two.abs_diff(alone) <= 1, "{of_two} statements for two lines, {alone} for one");
        let place = |buyer| place_at(shop, &app.url, buyer, shop.basket(buyer, &[(0, 1), (1, 2)]));
        let orders = buyers[1..].iter().map(place).collect();
        let (_, answers) = grouped(shop, place_at(shop, &app.url, &buyers[0], shop.basket(&buyers[0], &[(0, 1)])), orders).await;
        assert!(answers.iter().all(is_placed));
        let all: u64 = answers.iter().map(Answer::statements).sum();
        assert!(all <= 300, "{all} statements for a hundred orders");
    }

    async fn any_rush_of_orders_and_cancels_adds_up(app) {
        let caps = [9, 6, 3];
        let shop = &Shop::open(app, &caps, json!({ "memberLimit": 4 })).await;
        let second = app.sibling().await;
        let (urls, buyers) = ([&app.url, &second.url], buyers(shop, 6).await);
        let mut model = Model::default();
        for (round, wishes) in rush(7, 16, buyers.len()).into_iter().enumerate() {
            let acts = wishes.iter().enumerate().map(|(n, wish)| act(shop, urls[(n + round) % 2], &buyers[n], wish, &model.orders[n % 6]));
            for (n, (wish, answer)) in wishes.iter().zip(join_all(acts).await).enumerate() {
                model.apply(n, wish, &answer);
            }
            let held = held(shop).await;
            assert_eq!(held, model.held(), "round {round}: {wishes:?}");
            assert!(held.iter().zip(caps).all(|(held, cap)| *held <= i64::from(cap)));
            let findings = invariants::check(app.app.db.read()).await.expect("the invariants can be checked");
            assert!(findings.iter().all(|finding| finding.breaches == 0), "round {round}: {findings:#?}");
        }
        second.finish().await;
    }
}

/// What a buyer does in one round.
#[derive(Clone, Debug)]
enum Wish {
    Order(BTreeMap<usize, i64>),
    CancelFirst,
}

fn rush(seed: u8, rounds: usize, buyers: usize) -> Vec<Vec<Wish>> {
    let wish = prop_oneof![
        3 => proptest::collection::btree_map(0..3usize, 1..3i64, 1..3).prop_map(Wish::Order),
        2 => Just(Wish::CancelFirst),
    ];
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let rounds = proptest::collection::vec(proptest::collection::vec(wish, buyers), rounds);
    rounds.new_tree(&mut runner).expect("a rush").current()
}

type Open = Vec<(String, BTreeMap<usize, i64>)>;

/// The buyer's answer; none when there was nothing to cancel.
async fn act(shop: &Shop<'_>, url: &str, buyer: &Buyer<'_>, wish: &Wish, open: &Open) -> Option<Answer> {
    match wish {
        Wish::Order(lines) => {
            let lines: Vec<_> = lines.iter().map(|(sku, n)| (*sku, *n)).collect();
            Some(place_at(shop, url, buyer, shop.basket(buyer, &lines)).await)
        }
        Wish::CancelFirst => Some(shop.cancel(buyer, &open.first()?.0).await),
    }
}

/// The open orders of six buyers, as their answers say.
#[derive(Default)]
struct Model {
    orders: [Open; 6],
}

impl Model {
    fn apply(&mut self, n: usize, wish: &Wish, answer: &Option<Answer>) {
        let mine: i64 = self.orders[n].iter().flat_map(|(_, lines)| lines.values()).sum();
        match (wish, answer) {
            (Wish::Order(lines), Some(answer)) => {
                let over = mine + lines.values().sum::<i64>() > 4;
                if is_placed(answer) {
                    assert!(!over, "beyond the limit of four");
                    self.orders[n].push((answer.text("placeOrder.order.id"), lines.clone()));
                } else {
                    assert_eq!(answer.refused(), if over { "LIMIT_REACHED" } else { "SOLD_OUT" });
                }
            }
            (Wish::CancelFirst, Some(answer)) => {
                answer.ok("cancelOrder.order.id");
                self.orders[n].remove(0);
            }
            (_, None) => {}
        }
    }

    fn held(&self) -> Vec<i64> {
        let mut held = vec![0; 3];
        for (_, lines) in self.orders.iter().flatten() {
            for (sku, n) in lines {
                held[*sku] += n;
            }
        }
        held
    }
}
