//! Payment plans: what is paid first, what is paid then, what becomes of it, and what a piece costs in the end.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use smallbatch::wechat::standin::{PayFailure, Switches};

use super::payment::{late_attempt, pay_directly};
use super::shop::{Buyer, ORDER, PRICE, Shop};
use super::*;

/// Fen of each piece that are paid when ordering.
const FIRST: i64 = 3_000;

pub fn deposit() -> Value {
    json!({ "plan": { "deposit": { "amount": FIRST, "balanceDays": 3 } } })
}

fn prepayment() -> Value {
    json!({ "plan": { "prepayment": { "amount": FIRST, "balanceDays": 3 } } })
}

fn with(mut terms: Value, more: Value) -> Value {
    for (key, value) in more.as_object().expect("an object") {
        terms[key] = value.clone();
    }
    terms
}

impl<'a> Shop<'a> {
    /// Places an order and pays what is due first.
    pub async fn committed(&self, buyer: &Buyer<'_>, lines: &[(usize, i64)]) -> String {
        let order = self.placed(buyer, lines).await;
        self.pay_in_wechat(buyer, &order).await;
        self.app.settle().await;
        assert_eq!(self.order_status(buyer, &order).await, "DEPOSIT_PAID");
        order
    }

    /// What `payOrder` would charge; `None` when nothing.
    pub async fn due(&self, buyer: &Buyer<'_>, order: &str) -> Option<i64> {
        let query = "query($id: ID!) { order(id: $id) { amountDue { minorUnits } } }";
        buyer.person.gql(query, json!({ "id": order })).await.at("order.amountDue.minorUnits").as_i64()
    }

    /// The buyer, signed in again after days.
    pub async fn back(&self, buyer: &Buyer<'a>) -> Buyer<'a> {
        Buyer { person: self.brand.member(&buyer.person.openid).await, address: buyer.address.clone() }
    }

    pub async fn closed(&self) {
        self.act("closePresale").await.ok("closePresale.presale.id");
        self.app.settle().await;
    }
}

async fn inbox(buyer: &Buyer<'_>) -> Vec<String> {
    let found = buyer.person.gql("{ viewer { inbox(first: 10) { nodes { title } } } }", json!({})).await;
    let nodes = found.ok("viewer.inbox.nodes");
    nodes.as_array().expect("a list").iter().map(|node| node["title"].as_str().expect("text").to_owned()).collect()
}

e2e! {
    async fn a_deposit_is_paid_then_the_balance_and_nothing_is_made_before_that(app) {
        let shop = &Shop::open(app, &[9], deposit()).await;
        let (li, wu) = (&shop.buyer("li").await, &shop.buyer("wu").await);
        let order = shop.placed(li, &[(0, 2)]).await;
        assert_eq!(shop.due(li, &order).await, Some(2 * FIRST));
        shop.pay_in_wechat(li, &order).await;
        app.settle().await;
        assert_eq!(shop.order_status(li, &order).await, "DEPOSIT_PAID");
        assert_eq!((shop.due(li, &order).await, shop.book().await), (None, (0, 2, 0)));
        assert_eq!(shop.pay(li, &order).await.refused(), "WRONG_STATE", "the balance is not due yet");
        let other = shop.committed(wu, &[(0, 1)]).await;
        shop.closed().await;
        assert_eq!((shop.status().await, shop.order_status(li, &order).await), ("SUCCEEDED".into(), "BALANCE_DUE".into()));
        assert_eq!(shop.due(li, &order).await, Some(2 * (PRICE - FIRST)));
        assert_eq!(inbox(li).await, ["预售已成团，请支付尾款"]);
        let factory = app.factory("One").await;
        let release = tests::floor::release_input(&shop.presale, &[&factory]);
        let nothing = shop.desk.mutate("releaseBatch", release.clone(), "batch { pieces }").await;
        assert_eq!(nothing.refused(), "NOTHING_TO_RELEASE");
        shop.pay_in_wechat(li, &order).await;
        app.settle().await;
        assert_eq!((shop.order_status(li, &order).await, shop.book().await), ("PAID".into(), (0, 3, 2)));
        let released = shop.desk.mutate("releaseBatch", release, "batch { pieces }").await;
        assert_eq!(released.int("releaseBatch.batch.pieces"), 2, "the other balance is not paid");
        app.advance(Duration::days(3)).await;
        let wu = &shop.back(wu).await;
        assert_eq!(shop.order_status(wu, &other).await, "FORFEITED");
        assert_eq!(shop.takings(), 2 * PRICE + FIRST);
    }

    async fn the_plan_is_shown_and_kept_as_it_was_shown(app) {
        let shop = &Shop::open(app, &[9], deposit()).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.placed(buyer, &[(0, 2)]).await;
        let query = "query($order: ID!, $presale: ID!) { \
            order(id: $order) { amount { minorUnits } paymentPlan { ...plan } legs { kind status amount { minorUnits } } } \
            presale(id: $presale) { paymentPlan { ...plan } balanceClosesAt } } \
            fragment plan on PaymentPlan { kind firstLeg { minorUnits } balanceDays unpaidRule }";
        let shown = buyer.person.gql(query, json!({ "order": order, "presale": shop.presale })).await;
        let plan = json!({ "kind": "DEPOSIT", "firstLeg": { "minorUnits": FIRST }, "balanceDays": 3, "unpaidRule": "FORFEITS" });
        assert_eq!((shown.at("order.paymentPlan"), shown.at("presale.paymentPlan")), (&plan, &plan));
        assert_eq!(shown.int("order.amount.minorUnits"), 2 * PRICE);
        assert_eq!(shown.at("order.legs"), &json!([{ "kind": "DEPOSIT", "status": "DUE", "amount": { "minorUnits": 2 * FIRST } }]));
        assert!(shown.at("presale.balanceClosesAt").is_null());
    }

    async fn a_deposit_is_forfeited_when_the_balance_is_not_paid(app) {
        let shop = &mut Shop::open(app, &[9], deposit()).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.committed(buyer, &[(0, 1)]).await;
        assert_eq!(shop.cancel(buyer, &order).await.refused(), "WRONG_STATE", "a deposit binds");
        shop.closed().await;
        assert_eq!(shop.cancel(buyer, &order).await.refused(), "WRONG_STATE", "a deposit binds");
        app.advance(Duration::days(2)).await;
        let buyer = &shop.back(buyer).await;
        assert_eq!(inbox(buyer).await, ["尾款即将到期", "预售已成团，请支付尾款"]);
        let params = shop.pay_params(buyer, &order).await;
        app.advance(Duration::days(1)).await;
        let buyer = &shop.back(buyer).await;
        shop.desk = shop.brand.merchandiser().await;
        assert_eq!(shop.order_status(buyer, &order).await, "FORFEITED");
        assert_eq!((shop.book().await, shop.takings()), ((0, 0, 0), FIRST));
        assert!(app.standin.pay(&params, &buyer.person.openid).is_err());
        assert_eq!(shop.pay(buyer, &order).await.refused(), "CLOSED");
    }

    async fn a_prepayment_is_returned_when_the_balance_is_not_paid(app) {
        let shop = &mut Shop::open(app, &[9], prepayment()).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.committed(buyer, &[(0, 2)]).await;
        shop.closed().await;
        shop.pay_params(buyer, &order).await;
        app.advance(Duration::days(3)).await;
        let buyer = &shop.back(buyer).await;
        shop.desk = shop.brand.merchandiser().await;
        assert_eq!(shop.order_status(buyer, &order).await, "REFUNDED");
        assert_eq!(shop.refunds(&order).await, [format!("BALANCE_UNPAID SUCCEEDED {}", 2 * FIRST)]);
        assert_eq!((shop.book().await, shop.takings()), ((0, 0, 0), 0));
    }

    async fn a_prepayment_is_returned_to_a_buyer_who_leaves(app) {
        let shop = &Shop::open(app, &[9], prepayment()).await;
        let (li, wu) = (&shop.buyer("li").await, &shop.buyer("wu").await);
        let early = shop.committed(li, &[(0, 1)]).await;
        let late = shop.committed(wu, &[(0, 1)]).await;
        assert_eq!(shop.cancel(li, &early).await.text("cancelOrder.order.status"), "REFUND_PENDING");
        shop.closed().await;
        let params = shop.pay_params(wu, &late).await;
        assert_eq!(shop.cancel(wu, &late).await.text("cancelOrder.order.status"), "REFUND_PENDING");
        assert_eq!(app.standin.pay(&params, &wu.person.openid).unwrap_err(), PayFailure::Closed);
        app.settle().await;
        assert_eq!((shop.order_status(li, &early).await, shop.order_status(wu, &late).await), ("REFUNDED".into(), "REFUNDED".into()));
        assert_eq!((shop.book().await, shop.takings()), ((0, 0, 0), 0));
    }

    async fn a_balance_can_be_paid_for_days_with_one_attempt_after_another(app) {
        let shop = &Shop::open(app, &[9], deposit()).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.committed(buyer, &[(0, 1)]).await;
        shop.closed().await;
        let first = shop.pay_params(buyer, &order).await;
        assert_eq!(shop.pay_params(buyer, &order).await.package, first.package, "while it lives");
        app.advance(Duration::hours(3)).await;
        let second = shop.pay_params(buyer, &order).await;
        assert_ne!(second.package, first.package);
        assert!(app.standin.pay(&first, &buyer.person.openid).is_err(), "closed before the next one was made");
        app.standin.pay(&second, &buyer.person.openid).expect("WeChat takes the payment");
        app.settle().await;
        assert_eq!((shop.order_status(buyer, &order).await, shop.takings()), ("PAID".into(), PRICE));
    }

    async fn the_buyer_who_pays_her_balance_in_the_last_second_keeps_the_order(app) {
        let shop = &Shop::open(app, &[9], deposit()).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.committed(buyer, &[(0, 1)]).await;
        shop.closed().await;
        app.standin.set_switches(Switches { drop: true, ..Switches::default() });
        app.advance(Duration::days(3) - Duration::minutes(2)).await;
        let buyer = &shop.back(buyer).await;
        let params = shop.pay_params(buyer, &order).await;
        app.standin.pay(&params, &buyer.person.openid).expect("WeChat takes it");
        app.app.clock.advance(Duration::minutes(2));
        app.settle().await;
        assert_eq!((shop.order_status(buyer, &order).await, shop.takings()), ("PAID".into(), PRICE));
    }

    async fn paying_a_part_twice_or_too_late_costs_it_once(app) {
        let shop = &Shop::open(app, &[9], deposit()).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.committed(buyer, &[(0, 1)]).await;
        let (again, late) = (late_attempt(app, &order).await, late_attempt(app, &order).await);
        pay_directly(shop, buyer, &again, FIRST).await;
        app.settle().await;
        assert_eq!(shop.order_status(buyer, &order).await, "DEPOSIT_PAID");
        assert_eq!(shop.refunds(&order).await, [format!("LATE_PAYMENT SUCCEEDED {FIRST}")]);
        shop.closed().await;
        pay_directly(shop, buyer, &late, FIRST).await;
        app.settle().await;
        assert_eq!(shop.order_status(buyer, &order).await, "BALANCE_DUE", "a first part again is no balance");
        assert_eq!(shop.takings(), FIRST);
        shop.pay_in_wechat(buyer, &order).await;
        app.settle().await;
        assert_eq!((shop.order_status(buyer, &order).await, shop.takings()), ("PAID".into(), PRICE));
    }

    async fn a_presale_that_fails_returns_deposits_and_prepayments_alike(app) {
        let shop = &Shop::open(app, &[9], with(deposit(), json!({ "moq": 5 }))).await;
        let (li, wu) = (&shop.buyer("li").await, &shop.buyer("wu").await);
        let first = shop.committed(li, &[(0, 2)]).await;
        let second = shop.committed(wu, &[(0, 1)]).await;
        shop.closed().await;
        assert_eq!(shop.status().await, "FAILED");
        assert_eq!((shop.order_status(li, &first).await, shop.order_status(wu, &second).await), ("REFUNDED".into(), "REFUNDED".into()));
        assert_eq!(compensations(shop).await, json!([]), "nobody broke a promise");
        assert_eq!((shop.book().await, shop.takings()), ((0, 0, 0), 0));
        let query = "query($id: ID!) { presale(id: $id) { refundDueAt refundProgress { orders refunded pending amount { minorUnits } } } }";
        let staff = shop.desk.gql(query, json!({ "id": shop.presale })).await;
        let progress = json!({ "orders": 2, "refunded": 2, "pending": 0, "amount": { "minorUnits": 3 * FIRST } });
        assert_eq!(staff.at("presale.refundProgress"), &progress);
        assert_eq!(staff.text("presale.refundDueAt")[..10], (app.now() + Duration::days(15)).to_rfc3339()[..10]);
        assert!(li.person.gql(query, json!({ "id": shop.presale })).await.at("presale.refundProgress").is_null());
    }

    async fn more_balances_than_one_run_takes_become_due_one_and_all(app) {
        let shop = &Shop::open(app, &[60], prepayment()).await;
        let names: Vec<_> = (0..53).map(|n| format!("buyer-{n}")).collect();
        for names in names.chunks(10) {
            join_all(names.iter().map(|name| async {
                let buyer = shop.buyer(name).await;
                let order = shop.placed(&buyer, &[(0, 1)]).await;
                shop.pay_in_wechat(&buyer, &order).await;
            }))
            .await;
        }
        app.settle().await;
        shop.closed().await;
        let query = "{ orders(status: [BALANCE_DUE], first: 100) { nodes { amountDue { minorUnits } balanceDueAt } } }";
        let due = shop.desk.gql(query, json!({})).await.ok("orders.nodes");
        let due = due.as_array().expect("a list");
        assert_eq!(due.len(), 53);
        assert!(due.iter().all(|node| node["amountDue"]["minorUnits"] == json!(PRICE - FIRST) && node == &due[0]));
        shop.act("cancelPresale").await.ok("cancelPresale.presale.id");
        app.settle().await;
        let query = "query($id: ID!) { presale(id: $id) { refundProgress { orders refunded pending } } }";
        let progress = shop.desk.gql(query, json!({ "id": shop.presale })).await;
        assert_eq!(progress.at("presale.refundProgress"), &json!({ "orders": 53, "refunded": 53, "pending": 0 }));
        assert_eq!((shop.book().await, shop.takings()), ((0, 0, 0), 0));
    }

    async fn pieces_with_a_deposit_count_towards_the_target(app) {
        let shop = &Shop::open(app, &[9], with(deposit(), json!({ "moq": 3 }))).await;
        let buyer = &shop.buyer("li").await;
        shop.committed(buyer, &[(0, 3)]).await;
        shop.closed().await;
        assert_eq!(shop.status().await, "SUCCEEDED");
    }

    async fn a_brand_that_calls_a_success_off_owes_the_double(app) {
        let shop = &Shop::open(app, &[9], deposit()).await;
        let (li, wu, zhao) = (&shop.buyer("li").await, &shop.buyer("wu").await, &shop.buyer("zhao").await);
        let waiting = shop.committed(li, &[(0, 2)]).await;
        let paying = shop.committed(wu, &[(0, 1)]).await;
        let paid = shop.committed(zhao, &[(0, 1)]).await;
        shop.closed().await;
        shop.pay_in_wechat(zhao, &paid).await;
        app.settle().await;
        let params = shop.pay_params(wu, &paying).await;
        assert_eq!(shop.act("cancelPresale").await.text("cancelPresale.presale.status"), "CANCELLED");
        app.settle().await;
        for (buyer, order) in [(li, &waiting), (wu, &paying), (zhao, &paid)] {
            assert_eq!(shop.order_status(buyer, order).await, "REFUNDED");
        }
        assert_eq!(app.standin.pay(&params, &wu.person.openid).unwrap_err(), PayFailure::Closed);
        let owed = |order: &str, pieces: i64| json!({ "orderId": order, "status": "OWED", "amount": { "minorUnits": pieces * FIRST } });
        let found = compensations(shop).await;
        let found = found.as_array().expect("a list");
        assert_eq!(found.len(), 3);
        for due in [owed(&waiting, 2), owed(&paying, 1), owed(&paid, 1)] {
            assert!(found.contains(&due), "{due} among {found:?}");
        }
        assert_eq!((shop.book().await, shop.takings()), ((0, 0, 0), 0));
        let history = shop.history().await;
        assert_eq!(history.last().map(String::as_str), Some("withdrawn"));
    }

    async fn nobody_loses_her_deposit_before_a_withdrawn_presale_comes_to_her(app) {
        let shop = &mut Shop::open(app, &[9], deposit()).await;
        let (li, wu, zhao) = (&shop.buyer("li").await, &shop.buyer("wu").await, &shop.buyer("zhao").await);
        let waiting = shop.committed(li, &[(0, 2)]).await;
        let (leaving, refunded) = (shop.committed(wu, &[(0, 1)]).await, shop.committed(zhao, &[(0, 1)]).await);
        shop.closed().await;
        for (buyer, order) in [(wu, &leaving), (zhao, &refunded)] {
            shop.pay_in_wechat(buyer, order).await;
        }
        app.settle().await;
        shop.act("cancelPresale").await.ok("cancelPresale.presale.id");
        assert_eq!(app.hold_up("presale.withdrawn", Duration::days(9)).await, 1);
        shop.cancel(wu, &leaving).await.ok("cancelOrder.order.id");
        let input = json!({ "orderId": refunded, "reason": "she asked" });
        shop.brand.staff(entity::staff::StaffRole::Support).await.mutate("refundOrder", input, "order { id }").await.ok("refundOrder.order.id");
        app.advance(Duration::days(4)).await;
        shop.desk = shop.brand.merchandiser().await;
        for (buyer, order, pieces) in [(li, &waiting, 2), (wu, &leaving, 1), (zhao, &refunded, 1)] {
            assert_eq!(shop.order_status(&shop.back(buyer).await, order).await, "REFUNDED");
            let owed = json!({ "orderId": order, "status": "OWED", "amount": { "minorUnits": pieces * FIRST } });
            assert!(compensations(shop).await.as_array().expect("a list").contains(&owed), "{owed}");
        }
        app.hold_up("presale.withdrawn", Duration::zero()).await;
        app.settle().await;
        assert_eq!((compensations(shop).await.as_array().expect("a list").len(), shop.takings()), (3, 0));
    }

    async fn a_prepayment_is_not_owed_double(app) {
        let shop = &Shop::open(app, &[9], prepayment()).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.committed(buyer, &[(0, 1)]).await;
        shop.closed().await;
        shop.act("cancelPresale").await.ok("cancelPresale.presale.id");
        app.settle().await;
        assert_eq!(shop.order_status(buyer, &order).await, "REFUNDED");
        assert_eq!((compensations(shop).await, shop.takings()), (json!([]), 0));
    }

    async fn the_tier_that_all_reach_together_is_taken_off_the_balance(app) {
        let tiers = json!({ "priceTiers": [{ "fromPieces": 3, "unitPrice": 17_000 }, { "fromPieces": 9, "unitPrice": 15_000 }] });
        let shop = &Shop::open(app, &[20], with(deposit(), tiers)).await;
        let (li, wu) = (&shop.buyer("li").await, &shop.buyer("wu").await);
        let first = shop.committed(li, &[(0, 2)]).await;
        let second = shop.committed(wu, &[(0, 1)]).await;
        shop.closed().await;
        assert_eq!((shop.due(li, &first).await, shop.due(wu, &second).await), (Some(2 * 14_000), Some(14_000)));
        for (buyer, order) in [(li, &first), (wu, &second)] {
            shop.pay_in_wechat(buyer, order).await;
        }
        app.settle().await;
        assert_eq!((shop.order_status(li, &first).await, shop.takings()), ("PAID".into(), 3 * 17_000));
        shop.cancel(li, &first).await.ok("cancelOrder.order.id");
        app.settle().await;
        assert_eq!(shop.takings(), 17_000);
    }

    async fn the_tier_that_all_reach_together_is_refunded_to_those_who_paid_all(app) {
        let tiers = json!({ "priceTiers": [{ "fromPieces": 4, "unitPrice": 17_000 }] });
        let shop = &Shop::open(app, &[20], tiers).await;
        let (li, wu) = (&shop.buyer("li").await, &shop.buyer("wu").await);
        let first = shop.bought(li, &[(0, 3)]).await;
        let second = shop.bought(wu, &[(0, 1)]).await;
        shop.closed().await;
        assert_eq!(shop.refunds(&first).await, [format!("PRICE_TIER SUCCEEDED {}", 3 * (PRICE - 17_000))]);
        assert_eq!(shop.refunds(&second).await, [format!("PRICE_TIER SUCCEEDED {}", PRICE - 17_000)]);
        assert_eq!((shop.order_status(li, &first).await, shop.takings()), ("PAID".into(), 4 * 17_000));
        assert_eq!(shop.book().await, (0, 4, 4));
    }

    async fn a_tier_that_was_not_reached_changes_nothing(app) {
        let tiers = json!({ "priceTiers": [{ "fromPieces": 4, "unitPrice": 17_000 }] });
        let shop = &Shop::open(app, &[20], tiers).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 3)]).await;
        shop.closed().await;
        assert_eq!((shop.refunds(&order).await.len(), shop.takings()), (0, 3 * PRICE));
    }

    async fn a_plan_beyond_the_law_or_reason_is_refused(app) {
        let shop = &Shop::draft(app, &[5], json!({})).await;
        let refused = async |terms: Value| {
            let terms = super::presale::presale_terms(shop, terms);
            shop.desk.mutate("changePresale", terms, "presale { id }").await.refusal()["field"].clone()
        };
        let first = |kind: &str, amount: i64, days: i32| json!({ "plan": { kind: { "amount": amount, "balanceDays": days } } });
        assert_eq!(refused(first("deposit", PRICE / 5 + 1, 3)).await, json!(["plan", "deposit", "amount"]));
        assert_eq!(refused(first("deposit", FIRST, 0)).await, json!(["plan", "deposit", "balanceDays"]));
        assert_eq!(refused(first("prepayment", PRICE, 3)).await, json!(["plan", "prepayment", "amount"]));
        let cheap = json!({ "priceTiers": [{ "fromPieces": 9, "unitPrice": 5 * FIRST - 1 }] });
        assert_eq!(refused(with(deposit(), cheap)).await, json!(["plan", "deposit", "amount"]), "of the lowest tier");
        let dearer = json!({ "priceTiers": [{ "fromPieces": 9, "unitPrice": PRICE }] });
        assert_eq!(refused(dearer).await, json!(["priceTiers"]));
        let terms = super::presale::presale_terms(shop, with(deposit(), json!({ "priceTiers": [{ "fromPieces": 9, "unitPrice": 5 * FIRST }] })));
        let fields = "presale { paymentPlan { kind } priceTiers { fromPieces unitPrice { minorUnits } } }";
        let changed = shop.desk.mutate("changePresale", terms, fields).await;
        assert_eq!(changed.at("changePresale.presale.priceTiers"), &json!([{ "fromPieces": 9, "unitPrice": { "minorUnits": 5 * FIRST } }]));
    }

    async fn placing_with_a_deposit_takes_no_more_statements(app) {
        let shop = &Shop::open(app, &[50], deposit()).await;
        let buyer = &shop.buyer("li").await;
        let placed = buyer.person.mutate("placeOrder", shop.basket(buyer, &[(0, 1)]), "order { id }").await;
        placed.ok("placeOrder.order.id");
        assert!(placed.statements() <= 6, "{} statements", placed.statements());
    }

    async fn an_order_of_which_the_first_part_is_paid_may_change_its_size(app) {
        let shop = &Shop::open(app, &[2, 2], deposit()).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.committed(buyer, &[(0, 1)]).await;
        let found = buyer.person.gql("query($id: ID!) { order(id: $id) { version lines { id } } }", json!({ "id": order })).await;
        let line = json!([{ "lineId": found.text("order.lines.0.id"), "skuId": shop.skus[1] }]);
        let input = json!({ "orderId": order, "version": found.int("order.version"), "lines": line });
        buyer.person.mutate("changeOrder", input, ORDER).await.ok("changeOrder.order.id");
        assert_eq!((shop.remaining(0).await, shop.remaining(1).await), (2, 1));
    }
}

async fn compensations(shop: &Shop<'_>) -> Value {
    let finance = shop.brand.staff(entity::staff::StaffRole::Finance).await;
    finance
        .gql("{ compensations { nodes { orderId status amount { minorUnits } } } }", json!({}))
        .await
        .ok("compensations.nodes")
}
