//! The ship-by date is moved: each buyer accepts it or has her money back.

use chrono::Duration;
use entity::staff::StaffRole;
use serde_json::{Value, json};
use smallbatch::base::id::PromiseChangeId;
use smallbatch::flow::promise::service::silence;
use tests::floor::release_input;
use tests::{Answer, Person};

use super::shop::{Buyer, PRICE, Shop};
use super::*;

/// The ordinary promise is 30 days from the start, and buyers have three days to answer.
async fn change(shop: &Shop<'_>, days: i64, silence: &str) -> Answer {
    change_by(shop, days, silence, Duration::days(3)).await
}

async fn change_by(shop: &Shop<'_>, days: i64, silence: &str, answer_in: Duration) -> Answer {
    let input = json!({
        "presaleId": shop.presale,
        "promiseDate": day(shop, days),
        "reason": "面料晚到",
        "answerBy": shop.app.at(answer_in),
        "ifSilent": silence,
    });
    shop.brand.merchandiser().await.mutate("changePromise", input, "change { id fromDate promiseDate }").await
}

fn day(shop: &Shop<'_>, days: i64) -> Value {
    let promised: chrono::NaiveDate = shop.promise.parse().expect("a date");
    json!(promised + Duration::days(days - 30))
}

pub async fn changed(shop: &Shop<'_>, days: i64, silence: &str) {
    change(shop, days, silence).await.ok("changePromise.change.id");
    shop.app.settle().await;
}

/// What a buyer is asked, newest first: `(id, status, new date)`.
async fn questions(person: &Person<'_>, order: &str) -> Vec<(String, String, String)> {
    let query =
        "query($id: ID!) { promiseQuestions(orderId: $id) { nodes { id status promiseDate availableActions } } }";
    let nodes = person.gql(query, json!({ "id": order })).await.ok("promiseQuestions.nodes");
    let text = |node: &Value, field: &str| node[field].as_str().expect("text").to_owned();
    let one = |node: &Value| {
        let can_answer = node["availableActions"] == json!(["ANSWER"]);
        assert_eq!(can_answer, node["status"] == "ASKED");
        (text(node, "id"), text(node, "status"), text(node, "promiseDate"))
    };
    nodes.as_array().expect("a list").iter().map(one).collect()
}

async fn answer(buyer: &Buyer<'_>, question: &str, accept: bool) -> Answer {
    let input = json!({ "questionId": question, "accept": accept });
    buyer.person.mutate("answerPromiseChange", input, "question { status answeredAt }").await
}

pub async fn answers(shop: &Shop<'_>, buyer: &Buyer<'_>, order: &str, accept: bool) -> String {
    let open = questions(&buyer.person, order).await.remove(0).0;
    let answered = answer(buyer, &open, accept).await.text("answerPromiseChange.question.status");
    shop.app.settle().await;
    answered
}

async fn dates(buyer: &Buyer<'_>, order: &str) -> (Value, Value) {
    let found =
        buyer.person.gql("query($id: ID!) { order(id: $id) { promiseDate shipBy } }", json!({ "id": order })).await;
    (found.ok("order.promiseDate"), found.ok("order.shipBy"))
}

async fn counts(shop: &Shop<'_>) -> Value {
    let query =
        "query($id: ID!) { promiseChanges(presaleId: $id) { nodes { answers { asked accepted refused overtaken } } } }";
    let staff = shop.brand.staff(StaffRole::Support).await;
    staff.gql(query, json!({ "id": shop.presale })).await.ok("promiseChanges.nodes.0.answers")
}

async fn messages(buyer: &Buyer<'_>) -> Vec<String> {
    let found = buyer.person.gql("{ viewer { inbox(first: 10) { nodes { title } } } }", json!({})).await;
    let nodes = found.ok("viewer.inbox.nodes");
    nodes.as_array().expect("a list").iter().map(|node| node["title"].as_str().expect("text").to_owned()).collect()
}

/// A batch of all that is paid, taken by a factory: its id and epoch.
async fn taken(shop: &Shop<'_>, factory: &Person<'_>) -> (String, i64) {
    let release = release_input(&shop.presale, &[factory]);
    let batch = shop.desk.mutate("releaseBatch", release, "batch { id }").await.text("releaseBatch.batch.id");
    shop.app.settle().await;
    let epoch = factory.takes(&batch).await;
    (batch, epoch)
}

fn cells(shop: &Shop<'_>, pieces: i32) -> Value {
    json!([{ "skuId": shop.skus[0], "pieces": pieces }])
}

async fn packed_for(shop: &Shop<'_>, batch: &str) -> Vec<String> {
    let query = "query($id: ID!) { packingList(batchId: $id) { nodes { parcel { orderId } } } }";
    let nodes = shop.desk.gql(query, json!({ "id": batch })).await.ok("packingList.nodes");
    let order = |node: &Value| node["parcel"]["orderId"].as_str().expect("an id").to_owned();
    nodes.as_array().expect("a list").iter().map(order).collect()
}

e2e! {
    async fn each_buyer_accepts_the_new_date_or_has_her_money_back(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let (li, mei, yu) = (&shop.buyer("li").await, &shop.buyer("mei").await, &shop.buyer("yu").await);
        let (one, two, three) =
            (shop.bought(li, &[(0, 1)]).await, shop.bought(mei, &[(0, 2)]).await, shop.bought(yu, &[(0, 1)]).await);
        let old = json!(shop.promise);
        let made = change(shop, 50, "WAIT").await;
        assert_eq!((made.ok("changePromise.change.fromDate"), made.ok("changePromise.change.promiseDate")), (old.clone(), day(shop, 50)));
        app.settle().await;
        assert_eq!(counts(shop).await, json!({ "asked": 3, "accepted": 0, "refused": 0, "overtaken": 0 }));
        assert_eq!(messages(li).await, ["发货时间有变，请确认"]);
        assert_eq!(dates(li, &one).await, (old.clone(), old.clone()), "until she accepts");
        assert_eq!(answers(shop, li, &one, true).await, "ACCEPTED");
        assert_eq!(dates(li, &one).await, (old.clone(), day(shop, 50)));
        assert_eq!(answers(shop, mei, &two, false).await, "REFUSED");
        assert_eq!(shop.order_status(mei, &two).await, "REFUNDED");
        assert_eq!(shop.refunds(&two).await, [format!("PROMISE_REFUSED SUCCEEDED {}", 2 * PRICE)]);
        app.advance(Duration::days(4)).await;
        let yu = &shop.back(yu).await;
        assert_eq!(shop.order_status(yu, &three).await, "PAID", "the old promise stands");
        assert_eq!(messages(yu).await.len(), 2, "told, and reminded once");
        assert_eq!(answers(shop, yu, &three, false).await, "REFUSED", "she may still leave");
        assert_eq!(counts(shop).await, json!({ "asked": 0, "accepted": 1, "refused": 2, "overtaken": 0 }));
        assert_eq!(shop.takings(), PRICE);
    }

    async fn who_orders_afterwards_is_shown_the_new_date_and_not_asked(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let (li, mei, yu) = (&shop.buyer("li").await, &shop.buyer("mei").await, &shop.buyer("yu").await);
        let paying = shop.placed(li, &[(0, 1)]).await;
        changed(shop, 50, "REFUND").await;
        assert_eq!(questions(&li.person, &paying).await, [], "nothing is paid yet");
        assert_eq!(shop.place(mei, &[(0, 1)]).await.refused(), "STALE", "she was shown the old date");
        let mut basket = shop.basket(mei, &[(0, 1)]);
        basket["expectedPromiseDate"] = day(shop, 50);
        let new = mei.person.mutate("placeOrder", basket, "order { id promiseDate }").await;
        assert_eq!(new.ok("placeOrder.order.promiseDate"), day(shop, 50));
        let new = new.text("placeOrder.order.id");
        for (buyer, order) in [(li, &paying), (mei, &new)] {
            shop.pay_in_wechat(buyer, order).await;
        }
        app.settle().await;
        assert_eq!(questions(&mei.person, &new).await, []);
        let asked = questions(&li.person, &paying).await;
        assert_eq!((asked.len(), &*asked[0].1), (1, "ASKED"), "she paid for the old date");
        assert_eq!(answer(mei, &asked[0].0, true).await.fault(), "NOT_FOUND");
        assert_eq!(questions(&yu.person, &paying).await, []);
    }

    async fn silence_is_a_refund_where_the_change_says_so(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let (li, mei) = (&shop.buyer("li").await, &shop.buyer("mei").await);
        let (one, two) = (shop.bought(li, &[(0, 1)]).await, shop.bought(mei, &[(0, 1)]).await);
        changed(shop, 40, "REFUND").await;
        answers(shop, li, &one, true).await;
        app.advance(Duration::hours(71)).await;
        assert_eq!(shop.order_status(&shop.back(mei).await, &two).await, "PAID");
        app.advance(Duration::hours(2)).await;
        let (li, mei) = (&shop.back(li).await, &shop.back(mei).await);
        assert_eq!((shop.order_status(li, &one).await, shop.order_status(mei, &two).await), ("PAID".into(), "REFUNDED".into()));
        let asked = questions(&mei.person, &two).await.remove(0);
        assert_eq!(asked.1, "REFUSED");
        assert_eq!(answer(mei, &asked.0, true).await.refused(), "WRONG_STATE");
        assert_eq!(messages(mei).await, ["请确认新的发货时间", "发货时间有变，请确认"]);
        assert_eq!(messages(li).await, ["发货时间有变，请确认"], "she had answered");
    }

    async fn a_buyer_whose_piece_is_being_made_leaves_and_the_piece_stays_with_the_brand(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let (li, mei) = (&shop.buyer("li").await, &shop.buyer("mei").await);
        let first = shop.bought(li, &[(0, 2)]).await;
        app.advance(Duration::minutes(1)).await;
        let second = shop.bought(mei, &[(0, 1)]).await;
        shop.closed().await;
        let factory = app.factory("One").await;
        let (batch, epoch) = taken(shop, &factory).await;
        changed(shop, 60, "WAIT").await;
        assert_eq!(answers(shop, li, &first, false).await, "REFUSED");
        assert_eq!((shop.order_status(li, &first).await, shop.takings()), ("REFUNDED".into(), PRICE));
        factory.packs(&batch, epoch, cells(shop, 3)).await;
        factory.ships(&batch, epoch, "SF100001", cells(shop, 1), false).await.ok("shipBatch.batch");
        assert_eq!(packed_for(shop, &batch).await, std::slice::from_ref(&second), "she waits, though the other paid first");
        let late = questions(&mei.person, &second).await.remove(0).0;
        assert_eq!(answer(mei, &late, false).await.refused(), "WRONG_STATE", "it has left the factory");
        factory.ships(&batch, epoch, "SF100002", cells(shop, 2), false).await.ok("shipBatch.batch");
        assert_eq!(packed_for(shop, &batch).await, [second], "nobody waits for these two");
    }

    async fn a_batch_that_is_given_up_after_a_buyer_left_is_made_again_without_her(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let (li, mei) = (&shop.buyer("li").await, &shop.buyer("mei").await);
        let (first, second) = (shop.bought(li, &[(0, 2)]).await, shop.bought(mei, &[(0, 1)]).await);
        shop.closed().await;
        let factory = app.factory("One").await;
        let (batch, _) = taken(shop, &factory).await;
        changed(shop, 60, "WAIT").await;
        answers(shop, li, &first, false).await;
        let cancel = json!({ "batchId": batch, "reason": "no fabric" });
        shop.desk.mutate("cancelBatch", cancel, "batch { status }").await.ok("cancelBatch.batch.status");
        app.settle().await;
        assert_eq!((shop.order_status(li, &first).await, shop.order_status(mei, &second).await), ("REFUNDED".into(), "PAID".into()));
        let again = shop.desk.mutate("releaseBatch", release_input(&shop.presale, &[&factory]), "batch { pieces }").await;
        assert_eq!(again.int("releaseBatch.batch.pieces"), 1);
    }

    async fn a_deposit_comes_back_double_and_an_open_balance_is_closed_first(app) {
        let plan = json!({ "plan": { "deposit": { "amount": 3_000, "balanceDays": 3 } } });
        let shop = &Shop::open(app, &[5], plan).await;
        let li = &shop.buyer("li").await;
        let order = shop.committed(li, &[(0, 1)]).await;
        shop.closed().await;
        let params = shop.pay_params(li, &order).await;
        changed(shop, 60, "WAIT").await;
        assert_eq!(answers(shop, li, &order, false).await, "REFUSED");
        assert!(app.standin.pay(&params, &li.person.openid).is_err(), "closed at WeChat");
        assert_eq!((shop.order_status(li, &order).await, shop.takings()), ("REFUNDED".into(), 0));
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let owed = finance.gql("{ compensations { nodes { status amount { minorUnits } } } }", json!({})).await;
        assert_eq!(owed.ok("compensations.nodes"), json!([{ "status": "OWED", "amount": { "minorUnits": 3_000 } }]));
    }

    async fn nobody_forfeits_while_she_is_asked_about_a_later_date(app) {
        let plan = json!({ "plan": { "deposit": { "amount": 3_000, "balanceDays": 3 } } });
        let shop = &mut Shop::open(app, &[5], plan).await;
        let (li, mei) = (&shop.buyer("li").await, &shop.buyer("mei").await);
        let (one, two) = (shop.committed(li, &[(0, 1)]).await, shop.committed(mei, &[(0, 1)]).await);
        shop.closed().await;
        change_by(shop, 60, "WAIT", Duration::days(5)).await.ok("changePromise.change.id");
        app.settle().await;
        app.advance(Duration::days(4)).await;
        let (li, mei) = (&shop.back(li).await, &shop.back(mei).await);
        shop.desk = shop.brand.merchandiser().await;
        assert_eq!((shop.order_status(li, &one).await, shop.due(li, &one).await), ("BALANCE_DUE".into(), Some(PRICE - 3_000)));
        assert_eq!(answers(shop, li, &one, true).await, "ACCEPTED");
        shop.pay_in_wechat(li, &one).await;
        app.advance(Duration::days(3)).await;
        let (li, mei) = (&shop.back(li).await, &shop.back(mei).await);
        shop.desk = shop.brand.merchandiser().await;
        assert_eq!(shop.order_status(li, &one).await, "PAID");
        assert_eq!(shop.order_status(mei, &two).await, "REFUNDED", "she never took the later date");
        assert_eq!((shop.refunds(&two).await, shop.takings()), (vec!["BALANCE_UNPAID SUCCEEDED 3000".to_owned()], PRICE));
    }

    async fn who_is_asked_after_the_time_to_answer_has_a_day_and_then_her_money(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let li = &shop.buyer("li").await;
        let order = shop.bought(li, &[(0, 1)]).await;
        change_by(shop, 50, "REFUND", Duration::hours(25)).await.ok("changePromise.change.id");
        // As if the event were held up by another order that fails, while timers go off.
        assert_eq!(app.hold_up("presale.promise_changed", Duration::days(9)).await, 1);
        app.advance(Duration::hours(26)).await;
        assert!(questions(&shop.back(li).await.person, &order).await.is_empty());
        app.hold_up("presale.promise_changed", Duration::zero()).await;
        app.settle().await;
        let li = &shop.back(li).await;
        assert_eq!(questions(&li.person, &order).await.len(), 1);
        app.advance(Duration::hours(23)).await;
        assert_eq!(shop.order_status(&shop.back(li).await, &order).await, "PAID", "she has a day");
        app.advance(Duration::hours(2)).await;
        assert_eq!((shop.order_status(&shop.back(li).await, &order).await, shop.takings()), ("REFUNDED".into(), 0));
    }

    async fn a_reminder_that_is_begun_twice_reaches_her_once(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let li = &shop.buyer("li").await;
        shop.bought(li, &[(0, 1)]).await;
        let made = change(shop, 50, "WAIT").await.text("changePromise.change.id");
        app.settle().await;
        for _ in 0..2 {
            silence::remind(&app.app, shop.brand.id, PromiseChangeId::parse(&made).expect("an id").0).await.expect("reminded");
        }
        app.settle().await;
        assert_eq!(messages(li).await.len(), 2, "told, and reminded once");
    }

    async fn a_newer_date_asks_anew_and_the_older_question_is_over(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let (li, mei) = (&shop.buyer("li").await, &shop.buyer("mei").await);
        let (one, two) = (shop.bought(li, &[(0, 1)]).await, shop.bought(mei, &[(0, 1)]).await);
        changed(shop, 40, "WAIT").await;
        answers(shop, li, &one, true).await;
        changed(shop, 50, "WAIT").await;
        let (of_li, of_mei) = (questions(&li.person, &one).await, questions(&mei.person, &two).await);
        let stand = |all: &[(String, String, String)]| all.iter().map(|one| one.1.clone()).collect::<Vec<_>>();
        assert_eq!((stand(&of_li), stand(&of_mei)), (vec!["ASKED".into(), "ACCEPTED".into()], vec!["ASKED".into(), "OVERTAKEN".into()]));
        assert_eq!(answer(mei, &of_mei[1].0, false).await.refused(), "WRONG_STATE");
        answers(shop, mei, &two, true).await;
        assert_eq!(dates(mei, &two).await, (json!(shop.promise), day(shop, 50)));
        assert_eq!(dates(li, &one).await, (json!(shop.promise), day(shop, 40)), "what she last agreed to");
        shop.cancel(li, &one).await.ok("cancelOrder.order.id");
        app.settle().await;
        assert_eq!(questions(&li.person, &one).await[0].1, "OVERTAKEN");
    }

    async fn only_a_later_date_with_time_to_answer_and_by_whom_it_concerns(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let li = &shop.buyer("li").await;
        let order = shop.bought(li, &[(0, 1)]).await;
        for days in [29, 30, 331] {
            assert_eq!(change(shop, days, "WAIT").await.refused(), "INVALID", "{days}");
        }
        let with = |answer_in: Duration, key: &str| json!({
            "presaleId": shop.presale, "promiseDate": day(shop, 40), "reason": "面料晚到",
            "answerBy": app.at(answer_in), "ifSilent": "WAIT", "idempotencyKey": key });
        for hours in [-1, 23, 24 * 31] {
            let refused = shop.desk.mutate("changePromise", with(Duration::hours(hours), &format!("after-{hours:08}")), "change { id }").await;
            assert_eq!(refused.refused(), "INVALID", "{hours}");
        }
        let good = with(Duration::days(2), "the-same-key");
        assert_eq!(li.person.mutate("changePromise", good.clone(), "change { id }").await.fault(), "FORBIDDEN");
        let other = app.brand("other").await;
        assert_eq!(other.owner.mutate("changePromise", good.clone(), "change { id }").await.fault(), "NOT_FOUND");
        let made = shop.desk.mutate("changePromise", good.clone(), "replayed change { id }").await;
        let again = shop.desk.mutate("changePromise", good, "replayed change { id }").await;
        assert_eq!(made.ok("changePromise.change.id"), again.ok("changePromise.change.id"));
        assert_eq!(again.ok("changePromise.replayed"), json!(true));
        app.settle().await;
        assert_eq!(questions(&li.person, &order).await.len(), 1);
        assert_eq!(questions(&other.owner, &order).await, []);
    }
}
