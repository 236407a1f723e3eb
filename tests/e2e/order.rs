//! Orders: nobody gets what is not there, nobody gets more than her share, nobody touches another's.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::json;

use super::shop::{ORDER, PRICE, Shop};
use super::*;

e2e! {
    async fn only_one_of_many_gets_the_last_piece(app) {
        let shop = &Shop::open(app, &[1], json!({})).await;
        let mut buyers = Vec::new();
        for n in 0..6 {
            buyers.push(shop.buyer(&format!("buyer-{n}")).await);
        }
        let answers = join_all(buyers.iter().map(|buyer| shop.place(buyer, &[(0, 1)]))).await;
        let won = answers.iter().filter(|answer| answer.user_errors().is_empty()).count();
        assert_eq!(won, 1);
        for answer in answers.iter().filter(|answer| !answer.user_errors().is_empty()) {
            let refusal = answer.refusal();
            assert_eq!((&refusal["code"], &refusal["remaining"]), (&json!("SOLD_OUT"), &json!(0)));
        }
        assert_eq!(shop.book().await, (1, 0, 0));
    }

    async fn a_member_gets_no_more_than_her_share_however_she_asks(app) {
        let shop = &Shop::open(app, &[50], json!({ "memberLimit": 3 })).await;
        let buyer = &shop.buyer("li").await;
        let answers = join_all((0..5).map(|_| shop.place(buyer, &[(0, 1)]))).await;
        assert_eq!(answers.iter().filter(|answer| answer.user_errors().is_empty()).count(), 3);
        let refusal = shop.place(buyer, &[(0, 1)]).await.refusal();
        assert_eq!((&refusal["code"], &refusal["limit"]), (&json!("LIMIT_REACHED"), &json!(3)));
        let first = answers.iter().find(|answer| answer.user_errors().is_empty()).expect("one of them");
        let first = first.text("placeOrder.order.id");
        shop.cancel(buyer, &first).await.ok("cancelOrder.order.id");
        shop.placed(buyer, &[(0, 1)]).await;
    }

    async fn placing_takes_few_statements_and_one_effect_a_key(app) {
        let shop = &Shop::open(app, &[50], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let mut basket = shop.basket(buyer, &[(0, 1)]);
        basket["idempotencyKey"] = json!("the-same-key");
        let bare = "order { id orderNo status }";
        let first = buyer.person.mutate("placeOrder", basket.clone(), bare).await;
        let again = buyer.person.mutate("placeOrder", basket.clone(), &format!("{bare} replayed")).await;
        assert_eq!(first.text("placeOrder.order.id"), again.text("placeOrder.order.id"));
        assert_eq!(again.ok("placeOrder.replayed"), json!(true));
        assert_eq!(shop.book().await, (1, 0, 0));
        basket["lines"][0]["quantity"] = json!(2);
        basket["expectedAmount"] = json!(2 * PRICE);
        let other = buyer.person.mutate("placeOrder", basket, bare).await;
        assert_eq!(other.refused(), "IDEMPOTENCY_KEY_REUSED");
        // Five of its own and one to know who asks.
        assert!(first.statements() <= 6, "{} statements", first.statements());
    }

    async fn what_she_was_shown_is_what_she_pays(app) {
        let shop = &Shop::open(app, &[50], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let place = async |field: &str, value: serde_json::Value| {
            let mut basket = shop.basket(buyer, &[(0, 2)]);
            basket[field] = value;
            buyer.person.mutate("placeOrder", basket, ORDER).await
        };
        let refusal = place("expectedAmount", json!(PRICE)).await.refusal();
        assert_eq!((&refusal["code"], &refusal["current"]["minorUnits"]), (&json!("PRICE_CHANGED"), &json!(2 * PRICE)));
        assert_eq!(place("expectedPromiseDate", json!("2026-03-31")).await.refused(), "STALE");
        for quantity in [0, -1, 100, i32::MIN, i32::MAX] {
            let lines = json!([{ "skuId": shop.skus[0], "quantity": quantity }]);
            assert_eq!(place("lines", lines).await.refused(), "INVALID");
        }
        assert_eq!(shop.book().await, (0, 0, 0));
    }

    async fn what_belongs_to_another_does_not_exist(app) {
        let shop = &Shop::open(app, &[50], json!({})).await;
        let (li, wu) = (shop.buyer("li").await, shop.buyer("wu").await);
        let mut stolen = shop.basket(&wu, &[(0, 1)]);
        stolen["addressId"] = json!(li.address);
        assert_eq!(wu.person.mutate("placeOrder", stolen, ORDER).await.fault(), "NOT_FOUND");
        let order = shop.placed(&li, &[(0, 1)]).await;
        assert_eq!(wu.person.gql("query($id: ID!) { order(id: $id) { id } }", json!({ "id": order })).await.fault(), "NOT_FOUND");
        assert_eq!(shop.pay(&wu, &order).await.fault(), "NOT_FOUND");
        assert_eq!(shop.cancel(&wu, &order).await.fault(), "NOT_FOUND");
        let change = json!({ "orderId": order, "version": 1, "lines": [] });
        assert_eq!(wu.person.mutate("changeOrder", change, ORDER).await.fault(), "NOT_FOUND");
        let refunds = "query($id: ID!) { refunds(orderId: $id) { edges { cursor } } }";
        assert_eq!(wu.person.gql(refunds, json!({ "id": order })).await.fault(), "NOT_FOUND");
        let address = "query($id: ID!) { order(id: $id) { recipientMasked address { recipient } } }";
        let own = li.person.gql(address, json!({ "id": order })).await;
        assert_eq!(own.text("order.address.recipient"), "王小花");
        let staff = shop.desk.gql(address, json!({ "id": order })).await;
        assert_eq!(staff.text("order.recipientMasked"), "王*花");
        assert!(staff.at("order.address").is_null());
        assert_eq!(shop.book().await, (1, 0, 0));
    }

    async fn a_closed_presale_takes_no_order(app) {
        let shop = &Shop::open(app, &[50], json!({})).await;
        let buyer = &shop.buyer("li").await;
        shop.act("closePresale").await.ok("closePresale.presale.id");
        assert_eq!(shop.place(buyer, &[(0, 1)]).await.refused(), "CLOSED");
        assert_eq!(shop.remaining(0).await, 0);
    }

    async fn changing_the_size_moves_the_pieces_and_no_more(app) {
        let shop = &Shop::open(app, &[2, 1], json!({})).await;
        let (li, wu) = (shop.buyer("li").await, shop.buyer("wu").await);
        let order = shop.bought(&li, &[(0, 1)]).await;
        let found = li.person.gql("query($id: ID!) { order(id: $id) { version lines { id } } }", json!({ "id": order })).await;
        let (version, line) = (found.int("order.version"), found.text("order.lines.0.id"));
        let to = |sku: usize, version: i64| {
            json!({ "orderId": order, "version": version, "lines": [{ "lineId": line, "skuId": shop.skus[sku] }] })
        };
        let changed = li.person.mutate("changeOrder", to(1, version), ORDER).await;
        assert_eq!(changed.text("changeOrder.order.lines.0.sku.id"), shop.skus[1]);
        assert_eq!((shop.remaining(0).await, shop.remaining(1).await), (2, 0));
        assert_eq!(li.person.mutate("changeOrder", to(0, version), ORDER).await.refused(), "STALE");
        let other = shop.placed(&wu, &[(0, 1)]).await;
        let found = wu.person.gql("query($id: ID!) { order(id: $id) { lines { id } } }", json!({ "id": other })).await;
        let full = json!({ "orderId": other, "version": 1,
            "lines": [{ "lineId": found.text("order.lines.0.id"), "skuId": shop.skus[1] }] });
        assert_eq!(wu.person.mutate("changeOrder", full, ORDER).await.refused(), "SOLD_OUT");
        assert_eq!((shop.remaining(0).await, shop.remaining(1).await), (1, 0));
        assert_eq!(shop.book().await, (1, 1, 1));
    }

    async fn an_unpaid_order_gives_its_pieces_back_once(app) {
        let shop = &Shop::open(app, &[1], json!({})).await;
        let (li, wu) = (shop.buyer("li").await, shop.buyer("wu").await);
        let order = shop.placed(&li, &[(0, 1)]).await;
        shop.pay_params(&li, &order).await;
        app.advance(Duration::minutes(14)).await;
        assert_eq!(shop.place(&wu, &[(0, 1)]).await.refused(), "SOLD_OUT");
        app.advance(Duration::minutes(1)).await;
        assert_eq!(shop.order_status(&li, &order).await, "EXPIRED");
        assert_eq!(shop.book().await, (0, 0, 0));
        app.advance(Duration::hours(1)).await;
        assert_eq!(shop.book().await, (0, 0, 0));
        shop.placed(&wu, &[(0, 1)]).await;
        assert_eq!(shop.cancel(&li, &order).await.refused(), "WRONG_STATE");
        assert_eq!(shop.pay(&li, &order).await.refused(), "CLOSED");
    }
}
