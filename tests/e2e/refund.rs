//! Money that people decide to give back: all, pieces, an amount; and after shipment through a case.

use chrono::Duration;
use entity::staff::StaffRole;
use serde_json::{Value, json};
use smallbatch::wechat::standin::Switches;
use tests::{Answer, Person};

use super::shop::{Buyer, PRICE, Shop};
use super::*;

pub async fn refund(person: &Person<'_>, order: &str, what: Value) -> Answer {
    let mut input = json!({ "orderId": order, "reason": "agreed on the phone" });
    for (key, value) in what.as_object().expect("an object") {
        input[key] = value.clone();
    }
    person.mutate("refundOrder", input, "replayed order { status }").await
}

pub async fn line(buyer: &Buyer<'_>, order: &str, n: usize) -> String {
    let query = "query($id: ID!) { order(id: $id) { lines { id } } }";
    buyer.person.gql(query, json!({ "id": order })).await.text(&format!("order.lines.{n}.id"))
}

e2e! {
    async fn pieces_go_back_one_by_one_and_the_last_ends_the_order(app) {
        let shop = &Shop::open(app, &[5, 5], json!({})).await;
        let (buyer, support) = (&shop.buyer("li").await, &shop.brand.staff(StaffRole::Support).await);
        let order = shop.bought(buyer, &[(0, 2), (1, 1)]).await;
        let (two, one) = (line(buyer, &order, 0).await, line(buyer, &order, 1).await);
        let pieces = |line: &str, n: i32| json!({ "lines": [{ "lineId": line, "pieces": n }] });
        assert_eq!(refund(support, &order, pieces(&two, 3)).await.refusal()["allowed"], json!(2));
        assert_eq!(refund(&buyer.person, &order, pieces(&two, 1)).await.fault(), "FORBIDDEN");
        refund(support, &order, pieces(&two, 1)).await.ok("refundOrder.order.status");
        app.settle().await;
        assert_eq!((shop.order_status(buyer, &order).await, shop.book().await), ("PAID".into(), (0, 2, 2)));
        assert_eq!(shop.refunds(&order).await, [format!("AGREED SUCCEEDED {PRICE}")]);
        refund(support, &order, pieces(&one, 1)).await.ok("refundOrder.order.status");
        refund(support, &order, pieces(&two, 1)).await.ok("refundOrder.order.status");
        app.settle().await;
        assert_eq!((shop.order_status(buyer, &order).await, shop.book().await), ("REFUNDED".into(), (0, 0, 0)));
        assert_eq!(shop.takings(), 0);
        assert_eq!(refund(support, &order, json!({})).await.refused(), "WRONG_STATE");
    }

    async fn a_refunded_piece_is_not_made(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let (buyer, finance) = (&shop.buyer("li").await, &shop.brand.staff(StaffRole::Finance).await);
        let order = shop.bought(buyer, &[(0, 3)]).await;
        let lines = json!({ "lines": [{ "lineId": line(buyer, &order, 0).await, "pieces": 1 }] });
        refund(finance, &order, lines.clone()).await.ok("refundOrder.order.status");
        shop.closed().await;
        let factory = app.factory("One").await;
        let release = tests::floor::release_input(&shop.presale, &[&factory]);
        let released = shop.desk.mutate("releaseBatch", release, "batch { id pieces }").await;
        assert_eq!(released.int("releaseBatch.batch.pieces"), 2);
        assert_eq!(refund(finance, &order, lines).await.refused(), "WRONG_STATE", "its pieces are being made");
        refund(finance, &order, json!({ "amount": 1_000 })).await.ok("refundOrder.order.status");
        app.settle().await;
        assert_eq!((shop.order_status(buyer, &order).await, shop.takings()), ("IN_BATCH".into(), 2 * PRICE - 1_000));
    }

    async fn an_amount_goes_back_once_and_never_more_than_was_paid(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let (buyer, finance) = (&shop.buyer("li").await, &shop.brand.staff(StaffRole::Finance).await);
        let order = shop.bought(buyer, &[(0, 1)]).await;
        let same = json!({ "amount": 500, "idempotencyKey": "the-same-key" });
        refund(finance, &order, same.clone()).await.ok("refundOrder.order.status");
        assert_eq!(refund(finance, &order, same).await.ok("refundOrder.replayed"), json!(true));
        for amount in [0, -1, PRICE - 500, PRICE] {
            assert_eq!(refund(finance, &order, json!({ "amount": amount })).await.refused(), "INVALID");
        }
        let both = json!({ "amount": 1, "lines": [{ "lineId": line(buyer, &order, 0).await, "pieces": 1 }] });
        assert_eq!(refund(finance, &order, both).await.refused(), "INVALID");
        app.settle().await;
        assert_eq!((shop.refunds(&order).await, shop.takings()), (vec!["AGREED SUCCEEDED 500".to_owned()], PRICE - 500));
        shop.cancel(buyer, &order).await.ok("cancelOrder.order.id");
        app.settle().await;
        assert_eq!((shop.order_status(buyer, &order).await, shop.takings()), ("REFUNDED".into(), 0));
    }

    async fn two_people_who_give_the_same_back_do_so_once(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let order = shop.bought(&shop.buyer("li").await, &[(0, 2)]).await;
        let (one, other) = (shop.brand.staff(StaffRole::Support).await, shop.brand.staff(StaffRole::Finance).await);
        let seen = one.gql("query($id: ID!) { order(id: $id) { version } }", json!({ "id": order })).await.int("order.version");
        let what = json!({ "amount": 5_000, "version": seen });
        refund(&one, &order, what.clone()).await.ok("refundOrder.order.status");
        assert_eq!(refund(&other, &order, what).await.refused(), "STALE");
        app.settle().await;
        assert_eq!(shop.refunds(&order).await, ["AGREED SUCCEEDED 5000"]);
        let line = json!({ "lines": [{ "lineId": line(&shop.buyer("li").await, &order, 0).await, "pieces": 1 }], "version": seen + 1 });
        refund(&one, &order, line.clone()).await.ok("refundOrder.order.status");
        assert_eq!(refund(&other, &order, line).await.refused(), "STALE");
    }

    async fn the_balance_goes_back_before_the_deposit_and_both_before_the_order_is_refunded(app) {
        let plan = json!({ "plan": { "deposit": { "amount": 3_000, "balanceDays": 3 } } });
        let shop = &Shop::open(app, &[5], plan).await;
        let (buyer, finance) = (&shop.buyer("li").await, &shop.brand.staff(StaffRole::Finance).await);
        let order = shop.committed(buyer, &[(0, 1)]).await;
        let some = json!({ "lines": [{ "lineId": line(buyer, &order, 0).await, "pieces": 1 }] });
        assert_eq!(refund(finance, &order, some).await.refused(), "WRONG_STATE", "whole, while a balance is open");
        shop.closed().await;
        shop.pay_in_wechat(buyer, &order).await;
        app.settle().await;
        refund(finance, &order, json!({ "amount": PRICE - 3_000 + 100 })).await.ok("refundOrder.order.status");
        app.settle().await;
        let mut parts = shop.refunds(&order).await;
        parts.sort();
        assert_eq!(parts, ["AGREED SUCCEEDED 100".to_owned(), format!("AGREED SUCCEEDED {}", PRICE - 3_000)]);
        assert_eq!((shop.order_status(buyer, &order).await, shop.takings()), ("PAID".into(), 2_900));
        refund(finance, &order, json!({})).await.ok("refundOrder.order.status");
        app.settle().await;
        assert_eq!((shop.order_status(buyer, &order).await, shop.takings()), ("REFUNDED".into(), 0));
    }

    async fn the_brand_may_let_a_buyer_go_whose_balance_is_open_for_payment(app) {
        let plan = json!({ "plan": { "deposit": { "amount": 3_000, "balanceDays": 3 } } });
        let shop = &Shop::open(app, &[5], plan).await;
        let (buyer, finance) = (&shop.buyer("li").await, &shop.brand.staff(StaffRole::Finance).await);
        let order = shop.committed(buyer, &[(0, 1)]).await;
        shop.closed().await;
        let params = shop.pay_params(buyer, &order).await;
        refund(finance, &order, json!({})).await.ok("refundOrder.order.status");
        assert!(app.standin.pay(&params, &buyer.person.openid).is_err());
        app.settle().await;
        assert_eq!((shop.order_status(buyer, &order).await, shop.takings()), ("REFUNDED".into(), 0));
    }

    async fn an_order_with_two_payments_is_refunded_when_both_are_back(app) {
        let plan = json!({ "plan": { "prepayment": { "amount": 3_000, "balanceDays": 3 } } });
        let shop = &Shop::open(app, &[5], plan).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.committed(buyer, &[(0, 1)]).await;
        shop.closed().await;
        shop.pay_in_wechat(buyer, &order).await;
        app.settle().await;
        let refunds = "/v3/refund/domestic/refunds";
        use smallbatch::wechat::standin::{Fault, FaultKind};
        app.standin.set_fault(refunds, Fault::before(FaultKind::SystemError));
        shop.cancel(buyer, &order).await.ok("cancelOrder.order.id");
        app.settle().await;
        assert_eq!(shop.order_status(buyer, &order).await, "REFUND_PENDING", "one of two is back");
        app.advance(Duration::minutes(5)).await;
        assert_eq!((shop.order_status(buyer, &order).await, shop.takings()), ("REFUNDED".into(), 0));
        assert_eq!(shop.refunds(&order).await.len(), 2);
    }

    async fn money_that_comes_back_too_late_bears_interest(app) {
        let shop = &Shop::open(app, &[5], json!({ "moq": 4 })).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 1)]).await;
        app.standin.set_switches(Switches { refund_seconds: 3600 * 24 * 16, ..Switches::default() });
        shop.closed().await;
        let query = "query($id: ID!) { presale(id: $id) { refundProgress { orders refunded pending } } }";
        let progress = shop.desk.gql(query, json!({ "id": shop.presale })).await;
        assert_eq!(progress.at("presale.refundProgress"), &json!({ "orders": 1, "refunded": 0, "pending": 1 }));
        let terms = json!({ "refundDays": 15, "lateInterestBp": 0 });
        let finance = shop.brand.staff(StaffRole::Finance).await;
        finance.mutate("setRefundTerms", terms, "brand { id }").await.ok("setRefundTerms.brand");
        for _ in 0..17 {
            app.advance(Duration::days(1)).await;
        }
        let buyer = &shop.back(buyer).await;
        let query = "query($id: ID!) { refunds(orderId: $id) { nodes { status dueAt interest { minorUnits } } } }";
        let found = buyer.person.gql(query, json!({ "id": order })).await;
        assert_eq!(found.text("refunds.nodes.0.status"), "SUCCEEDED");
        // A day begun at three percent a year of 199 yuan, which held when she was to be paid.
        assert_eq!(found.int("refunds.nodes.0.interest.minorUnits"), 2);
    }

    async fn after_shipment_money_goes_back_through_a_case(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 2)]]).await;
        let (buyer, order) = (&sold.orders[0].0, &sold.orders[0].1);
        let (support, finance) = (&brand.staff(StaffRole::Support).await, &brand.staff(StaffRole::Finance).await);
        let found = buyer.gql("query($id: ID!) { order(id: $id) { lines { id } } }", json!({ "id": order })).await;
        let line = found.text("order.lines.0.id");
        let open = async |pieces: i32| {
            let input = json!({ "orderId": order, "lines": [{ "lineId": line, "pieces": pieces }], "reason": "a seam is open" });
            buyer.mutate("openAfterSales", input, "afterSales { id status amount { minorUnits } }").await
        };
        let decide = async |case: &str, approve: bool| {
            let input = json!({ "caseId": case, "approve": approve, "answer": "as the photo shows" });
            support.mutate("decideAfterSales", input, "afterSales { status answer }").await
        };
        assert_eq!(open(1).await.refused(), "WRONG_STATE", "not shipped");
        super::delivery::sent(&brand, &sold, &factory, 2).await;
        assert_eq!(refund(finance, order, json!({})).await.refused(), "WRONG_STATE");
        assert_eq!(refund(finance, order, json!({ "amount": 1 })).await.refused(), "WRONG_STATE");
        assert_eq!(open(3).await.refused(), "QUANTITY_OUT_OF_RANGE");
        let first = open(1).await;
        assert_eq!(first.int("openAfterSales.afterSales.amount.minorUnits"), PRICE);
        assert_eq!(open(1).await.refused(), "WRONG_STATE", "one at a time");
        let case = first.text("openAfterSales.afterSales.id");
        assert_eq!(decide(&case, false).await.text("decideAfterSales.afterSales.status"), "REFUSED");
        assert_eq!(decide(&case, true).await.refused(), "WRONG_STATE", "decided once");
        let second = open(1).await.text("openAfterSales.afterSales.id");
        assert_eq!(decide(&second, true).await.text("decideAfterSales.afterSales.status"), "APPROVED");
        app.settle().await;
        assert_eq!(open(2).await.refused(), "QUANTITY_OUT_OF_RANGE", "one piece is left");
        let query = "query($id: ID!) { afterSales(orderId: $id) { nodes { status lines { pieces } } } \
            order(id: $id) { status lines { quantity refunded returned } } \
            refunds(orderId: $id) { nodes { reason status note amount { minorUnits } } } }";
        let seen = buyer.gql(query, json!({ "id": order })).await;
        assert_eq!(seen.at("afterSales.nodes"), &json!([
            { "status": "REFUNDED", "lines": [{ "pieces": 1 }] }, { "status": "REFUSED", "lines": [{ "pieces": 1 }] }]));
        assert_eq!(seen.at("order.lines"), &json!([{ "quantity": 2, "refunded": 1, "returned": 1 }]));
        assert_eq!(seen.at("refunds.nodes"), &json!([{ "reason": "AFTER_SALES", "status": "SUCCEEDED",
            "note": "as the photo shows", "amount": { "minorUnits": PRICE } }]));
        assert_eq!(seen.text("order.status"), "SHIPPED");
        let stranger = brand.member("stranger").await;
        assert_eq!(stranger.gql("{ afterSales { nodes { id } } }", json!({})).await.ok("afterSales.nodes"), json!([]));
    }

    async fn a_case_ends_when_what_was_left_of_the_money_is_back(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 1)]]).await;
        let (buyer, order) = (&sold.orders[0].0, &sold.orders[0].1);
        let finance = brand.staff(StaffRole::Finance).await;
        let closed = smallbatch::wechat::pay::RefundStatus::Closed;
        app.standin.set_switches(Switches { refund_result: closed, ..Switches::default() });
        refund(&finance, order, json!({ "amount": 50 })).await.ok("refundOrder.order.status");
        app.settle().await;
        app.standin.set_switches(Switches::default());
        super::delivery::sent(&brand, &sold, &factory, 1).await;
        let found = buyer.gql("query($id: ID!) { order(id: $id) { lines { id } } }", json!({ "id": order })).await;
        let lines = json!([{ "lineId": found.text("order.lines.0.id"), "pieces": 1 }]);
        let input = json!({ "orderId": order, "lines": lines, "reason": "wrong colour" });
        let opened = buyer.mutate("openAfterSales", input, "afterSales { id amount { minorUnits } }").await;
        assert_eq!(opened.int("openAfterSales.afterSales.amount.minorUnits"), PRICE);
        // The amount that was agreed on before goes back after all, and is not part of the case then.
        let refunds = finance.gql("{ refunds(status: [CLOSED]) { nodes { id } } }", json!({})).await;
        let again = json!({ "refundId": refunds.text("refunds.nodes.0.id") });
        finance.mutate("retryRefund", again, "refund { id }").await.ok("retryRefund.refund.id");
        let input = json!({ "caseId": opened.text("openAfterSales.afterSales.id"), "approve": true, "answer": "sorry" });
        finance.mutate("decideAfterSales", input, "afterSales { id }").await.ok("decideAfterSales.afterSales.id");
        app.settle().await;
        let cases = buyer.gql("{ afterSales { nodes { status amount { minorUnits } } } }", json!({})).await;
        assert_eq!(cases.ok("afterSales.nodes"), json!([{ "status": "REFUNDED", "amount": { "minorUnits": PRICE - 50 } }]));
        let trail = finance.gql("{ auditTrail { nodes { action amount { minorUnits } } } }", json!({})).await.ok("auditTrail.nodes");
        let decided = json!({ "action": "AFTER_SALES_DECIDED", "amount": { "minorUnits": PRICE - 50 } });
        assert!(trail.as_array().expect("a list").contains(&decided), "{trail}");
    }

    async fn a_case_whose_refund_wechat_closed_ends_with_the_next_one(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 1)]]).await;
        let (buyer, order) = (&sold.orders[0].0, &sold.orders[0].1);
        super::delivery::sent(&brand, &sold, &factory, 1).await;
        let found = buyer.gql("query($id: ID!) { order(id: $id) { lines { id } } }", json!({ "id": order })).await;
        let lines = json!([{ "lineId": found.text("order.lines.0.id"), "pieces": 1 }]);
        let input = json!({ "orderId": order, "lines": lines, "reason": "wrong colour" });
        let opened = buyer.mutate("openAfterSales", input, "afterSales { id }").await;
        let closed = smallbatch::wechat::pay::RefundStatus::Closed;
        app.standin.set_switches(Switches { refund_result: closed, ..Switches::default() });
        let finance = brand.staff(StaffRole::Finance).await;
        let input = json!({ "caseId": opened.text("openAfterSales.afterSales.id"), "approve": true, "answer": "sorry" });
        finance.mutate("decideAfterSales", input, "afterSales { id }").await.ok("decideAfterSales.afterSales.id");
        app.settle().await;
        app.standin.set_switches(Switches::default());
        let refunds = finance.gql("{ refunds(status: [CLOSED]) { nodes { id } } }", json!({})).await;
        let again = json!({ "refundId": refunds.text("refunds.nodes.0.id") });
        finance.mutate("retryRefund", again, "refund { id }").await.ok("retryRefund.refund.id");
        app.settle().await;
        let cases = buyer.gql("{ afterSales { nodes { status } } }", json!({})).await;
        assert_eq!(cases.ok("afterSales.nodes"), json!([{ "status": "REFUNDED" }]));
    }
}
