//! Payments: money meets its order once, whatever WeChat's messages do, and comes back when it must.

use chrono::Duration;
use entity::payment_attempt::{self, PaymentAttemptStatus};
use entity::{payment_leg, presale_buyer, provider_event};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::json;
use smallbatch::base::id::OrderId;
use smallbatch::wechat::pay::{Prepay, RefundStatus};
use smallbatch::wechat::standin::{Fault, FaultKind, PayFailure, Switches};
use tests::Brand;
use uuid::Uuid;

use super::shop::{Buyer, PRICE, Shop};
use super::*;

const PREPAY: &str = "/v3/pay/transactions/jsapi";
const REFUNDS: &str = "/v3/refund/domestic/refunds";

e2e! {
    async fn a_payment_is_taken_once_however_often_and_badly_it_is_reported(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let buyer = &shop.buyer("li").await;
        app.standin.set_switches(Switches { duplicate: true, probe_first: true, tamper_first: true, ..Switches::default() });
        let order = shop.bought(buyer, &[(0, 2)]).await;
        app.advance(Duration::hours(2)).await;
        assert_eq!(shop.order_status(buyer, &order).await, "PAID");
        assert_eq!(shop.book().await, (0, 2, 2));
        assert_eq!(shop.takings(), 2 * PRICE);
        assert!(shop.refunds(&order).await.is_empty());
        assert_eq!(shop.pay(buyer, &order).await.refused(), "ALREADY_PAID");
    }

    async fn a_lost_notification_is_found_by_asking(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let buyer = &shop.buyer("li").await;
        app.standin.set_switches(Switches { drop: true, ..Switches::default() });
        let first = shop.placed(buyer, &[(0, 1)]).await;
        shop.pay_in_wechat(buyer, &first).await;
        let confirmed = buyer.person.mutate("confirmPayment", json!({ "orderId": first }), "order { status }").await;
        assert_eq!(confirmed.text("confirmPayment.order.status"), "PAID");
        let second = shop.placed(buyer, &[(0, 1)]).await;
        shop.pay_in_wechat(buyer, &second).await;
        app.advance(Duration::seconds(10)).await;
        assert_eq!(shop.order_status(buyer, &second).await, "PAID");
    }

    async fn a_forged_notification_is_refused(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let url = format!("{}/wechat/pay/{}", app.url, shop.brand.slug);
        let bare = app.http.post(&url).body("{}").send().await.expect("an answer");
        assert_eq!(bare.status(), 401);
        assert_eq!(bare.json::<serde_json::Value>().await.expect("JSON")["code"], "FAIL");
        let forged = app.http.post(&url).body("{\"id\":\"x\"}").header("Wechatpay-Timestamp", app.now().timestamp())
            .header("Wechatpay-Nonce", "n").header("Wechatpay-Signature", "AAAA")
            .header("Wechatpay-Serial", &shop.brand.account.platform_key_id);
        assert_eq!(forged.send().await.expect("an answer").status(), 401);
        let large = app.http.post(&url).body(vec![b' '; 70_000]).send().await.expect("an answer");
        assert_eq!(large.status(), 413);
        let nobody = app.http.post(format!("{}/wechat/pay/nobody", app.url)).body("{}").send().await.expect("an answer");
        assert_eq!(nobody.status(), 404);
        assert!(problems(app).await.is_empty());
    }

    async fn a_payment_over_another_amount_or_unknown_number_changes_nothing(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.placed(buyer, &[(0, 1)]).await;
        app.standin.set_fault(PREPAY, Fault { times: 2, ..Fault::before(FaultKind::SystemError) });
        assert_eq!(shop.pay(buyer, &order).await.refused(), "PAYMENT_UNAVAILABLE");
        let number = attempt_of(app, &order).await.out_trade_no;
        pay_directly(shop, buyer, &number, 1).await;
        pay_directly(shop, buyer, &Uuid::nil().simple().to_string(), PRICE).await;
        app.settle().await;
        assert_eq!(shop.order_status(buyer, &order).await, "PENDING_PAYMENT");
        assert_eq!(shop.book().await, (1, 0, 0));
        assert_eq!(problems(app).await.len(), 2);
    }

    async fn a_payment_that_comes_too_late_goes_back_by_itself(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.placed(buyer, &[(0, 1)]).await;
        app.advance(Duration::minutes(15)).await;
        assert_eq!(shop.order_status(buyer, &order).await, "EXPIRED");
        let number = late_attempt(app, &order).await;
        pay_directly(shop, buyer, &number, PRICE).await;
        app.settle().await;
        assert_eq!(shop.order_status(buyer, &order).await, "EXPIRED");
        assert_eq!(shop.refunds(&order).await, [format!("LATE_PAYMENT SUCCEEDED {PRICE}")]);
        assert_eq!((shop.takings(), shop.book().await), (0, (0, 0, 0)));
    }

    async fn paying_twice_costs_once(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 1)]).await;
        let number = late_attempt(app, &order).await;
        pay_directly(shop, buyer, &number, PRICE).await;
        app.settle().await;
        assert_eq!(shop.order_status(buyer, &order).await, "PAID");
        assert_eq!(shop.refunds(&order).await, [format!("LATE_PAYMENT SUCCEEDED {PRICE}")]);
        assert_eq!((shop.takings(), shop.book().await), (PRICE, (0, 1, 1)));
    }

    async fn the_buyer_who_pays_in_the_last_second_keeps_the_order(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let buyer = &shop.buyer("li").await;
        app.standin.set_switches(Switches { drop: true, ..Switches::default() });
        let order = shop.placed(buyer, &[(0, 1)]).await;
        let params = shop.pay_params(buyer, &order).await;
        app.advance(Duration::minutes(14)).await;
        app.standin.pay(&params, &buyer.person.openid).expect("WeChat takes it");
        app.advance(Duration::minutes(1)).await;
        assert_eq!(shop.order_status(buyer, &order).await, "PAID");
        assert_eq!(shop.book().await, (0, 1, 1));
    }

    async fn pieces_stay_on_hold_while_nobody_knows_whether_they_are_paid(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.placed(buyer, &[(0, 1)]).await;
        let params = shop.pay_params(buyer, &order).await;
        app.standin.set_fault("/v3/pay/transactions/out-trade-no/", Fault { times: 6, ..Fault::before(FaultKind::BadGateway) });
        app.advance(Duration::minutes(15)).await;
        assert_eq!(shop.order_status(buyer, &order).await, "PENDING_PAYMENT");
        assert_eq!(shop.book().await, (1, 0, 0));
        for _ in 0..8 {
            app.advance(Duration::minutes(10)).await;
        }
        assert_eq!(shop.order_status(buyer, &order).await, "EXPIRED");
        assert_eq!(shop.book().await, (0, 0, 0));
        let late = app.standin.pay(&params, &buyer.person.openid);
        assert_eq!(late.unwrap_err(), PayFailure::Closed);
    }

    async fn a_prepay_whose_answer_was_lost_is_repeated_under_its_number(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.placed(buyer, &[(0, 1)]).await;
        app.standin.set_fault(PREPAY, Fault::after(FaultKind::Reset));
        let params = shop.pay_params(buyer, &order).await;
        let again = shop.pay_params(buyer, &order).await;
        assert_eq!(params.package, again.package);
        assert_eq!(app.standin.books(&shop.brand.account.mchid).transactions.len(), 1);
    }

    async fn cancelling_before_paying_closes_the_order_at_wechat(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.placed(buyer, &[(0, 1)]).await;
        let params = shop.pay_params(buyer, &order).await;
        let cancelled = shop.cancel(buyer, &order).await;
        assert_eq!(cancelled.text("cancelOrder.order.status"), "CANCELLED");
        assert_eq!(app.standin.pay(&params, &buyer.person.openid).unwrap_err(), PayFailure::Closed);
        app.advance(Duration::hours(1)).await;
        assert_eq!((shop.takings(), shop.book().await), (0, (0, 0, 0)));
    }

    async fn cancelling_after_paying_returns_everything_once(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 2)]).await;
        app.standin.set_switches(Switches { refund_seconds: 3600, duplicate: true, ..Switches::default() });
        let cancelled = shop.cancel(buyer, &order).await;
        assert_eq!(cancelled.text("cancelOrder.order.status"), "REFUND_PENDING");
        assert_eq!(shop.book().await, (0, 0, 0));
        assert_eq!(shop.cancel(buyer, &order).await.refused(), "WRONG_STATE");
        app.settle().await;
        assert_eq!(shop.refunds(&order).await, [format!("CANCELLED PROCESSING {}", 2 * PRICE)]);
        app.advance(Duration::hours(2)).await;
        assert_eq!(shop.order_status(buyer, &order).await, "REFUNDED");
        assert_eq!(shop.takings(), 0);
    }

    async fn a_refund_survives_errors_and_lost_answers_without_paying_twice(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 1)]).await;
        app.standin.set_fault(REFUNDS, Fault::before(FaultKind::SystemError));
        app.standin.set_fault(REFUNDS, Fault::after(FaultKind::Reset));
        app.standin.set_fault(REFUNDS, Fault::before(FaultKind::Throttled));
        shop.cancel(buyer, &order).await.ok("cancelOrder.order.id");
        app.settle().await;
        assert_eq!(shop.refunds(&order).await, [format!("CANCELLED PENDING {PRICE}")]);
        for _ in 0..6 {
            app.advance(Duration::minutes(5)).await;
        }
        assert_eq!(shop.order_status(buyer, &order).await, "REFUNDED");
        assert_eq!(app.standin.books(&shop.brand.account.mchid).refunds.len(), 1);
        assert_eq!(shop.takings(), 0);
    }

    async fn a_refund_that_wechat_closed_waits_for_people(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 1)]).await;
        app.standin.set_switches(Switches { refund_result: RefundStatus::Closed, ..Switches::default() });
        shop.cancel(buyer, &order).await.ok("cancelOrder.order.id");
        app.settle().await;
        assert_eq!(shop.refunds(&order).await, [format!("CANCELLED CLOSED {PRICE}")]);
        app.standin.set_switches(Switches::default());
        let finance = shop.brand.staff(entity::staff::StaffRole::Finance).await;
        let found = shop.desk.gql("{ refunds(status: [CLOSED]) { edges { node { id } } } }", json!({})).await;
        let input = json!({ "refundId": found.text("refunds.edges.0.node.id") });
        finance.mutate("retryRefund", input.clone(), "refund { id }").await.ok("retryRefund.refund.id");
        assert_eq!(finance.mutate("retryRefund", input, "refund { id }").await.refused(), "WRONG_STATE");
        app.settle().await;
        assert_eq!(shop.order_status(buyer, &order).await, "REFUNDED");
        assert_eq!(shop.takings(), 0);
    }

    async fn a_failed_presale_refunds_everyone_through_all_faults(app) {
        let shop = &Shop::open(app, &[200], json!({ "moq": 100 })).await;
        let mut orders = Vec::new();
        for n in 0..4 {
            let buyer = shop.buyer(&format!("buyer-{n}")).await;
            let order = shop.bought(&buyer, &[(0, n + 1)]).await;
            orders.push((buyer, order));
        }
        app.standin.set_fault(REFUNDS, Fault { times: 3, ..Fault::after(FaultKind::SystemError) });
        app.standin.set_fault(REFUNDS, Fault { times: 2, ..Fault::before(FaultKind::BadGateway) });
        app.standin.set_switches(Switches { drop: true, ..Switches::default() });
        shop.act("closePresale").await.ok("closePresale.presale.id");
        app.settle().await;
        assert_eq!(shop.status().await, "FAILED");
        assert_eq!(shop.book().await, (0, 0, 0));
        for _ in 0..12 {
            app.advance(Duration::minutes(5)).await;
        }
        for (buyer, order) in &orders {
            assert_eq!(shop.order_status(buyer, order).await, "REFUNDED");
        }
        assert_eq!(app.standin.books(&shop.brand.account.mchid).refunds.len(), 4);
        assert_eq!(shop.takings(), 0);
    }

    async fn an_order_that_cannot_be_refunded_holds_up_nobody_elses_money(app) {
        let shop = &Shop::open(app, &[200], json!({ "moq": 100 })).await;
        let mut orders = Vec::new();
        for n in 0..3 {
            let buyer = shop.buyer(&format!("buyer-{n}")).await;
            let order = shop.bought(&buyer, &[(0, 1)]).await;
            orders.push((buyer, order));
        }
        let (first, stuck) = &orders[0];
        miscount(shop, first, 0).await;
        shop.act("closePresale").await.ok("closePresale.presale.id");
        app.settle().await;
        assert_eq!(shop.order_status(first, stuck).await, "PAID");
        for (buyer, order) in &orders[1..] {
            assert_eq!(shop.order_status(buyer, order).await, "REFUNDED");
        }
        miscount(shop, first, 1).await;
        app.advance(Duration::minutes(5)).await;
        assert_eq!(shop.order_status(first, stuck).await, "REFUNDED");
        assert_eq!(shop.takings(), 0);
    }

    async fn a_cancellation_under_a_used_key_closes_nothing_at_wechat(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let (first, second) = (shop.placed(buyer, &[(0, 1)]).await, shop.placed(buyer, &[(0, 1)]).await);
        let params = shop.pay_params(buyer, &second).await;
        let cancel = |order: &str| json!({ "orderId": order, "idempotencyKey": "cancel-it" });
        let done = buyer.person.mutate("cancelOrder", cancel(&first), "order { status }").await;
        assert_eq!(done.text("cancelOrder.order.status"), "CANCELLED");
        let other = buyer.person.mutate("cancelOrder", cancel(&second), "order { status }").await;
        assert_eq!(other.refused(), "IDEMPOTENCY_KEY_REUSED");
        let again = buyer.person.mutate("cancelOrder", cancel(&first), "replayed").await;
        assert_eq!(again.ok("cancelOrder.replayed"), json!(true));
        app.standin.pay(&params, &buyer.person.openid).expect("WeChat takes the payment");
        app.settle().await;
        assert_eq!(shop.order_status(buyer, &second).await, "PAID");
    }

    async fn an_order_that_could_not_be_let_go_is_paid_with_a_payment_that_is_alive(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.placed(buyer, &[(0, 1)]).await;
        let dead = shop.pay_params(buyer, &order).await;
        miscount(shop, buyer, 0).await;
        shop.act("cancelPresale").await.ok("cancelPresale.presale.id");
        app.settle().await;
        assert_eq!(shop.order_status(buyer, &order).await, "PENDING_PAYMENT");
        assert_eq!(app.standin.pay(&dead, &buyer.person.openid).unwrap_err(), PayFailure::Closed);
        shop.pay_in_wechat(buyer, &order).await;
        miscount(shop, buyer, 1).await;
        app.advance(Duration::minutes(5)).await;
        assert_eq!(shop.order_status(buyer, &order).await, "REFUNDED");
        assert_eq!((shop.takings(), shop.book().await), (0, (0, 0, 0)));
    }

    async fn a_cancelled_presale_lets_nobody_pay_any_more(app) {
        let shop = &Shop::open(app, &[20], json!({})).await;
        let (li, wu, zhao) = (shop.buyer("li").await, shop.buyer("wu").await, shop.buyer("zhao").await);
        let paid = shop.bought(&li, &[(0, 1)]).await;
        let unpaid = shop.placed(&wu, &[(0, 1)]).await;
        let params = shop.pay_params(&wu, &unpaid).await;
        let faster = shop.placed(&zhao, &[(0, 1)]).await;
        shop.pay_in_wechat(&zhao, &faster).await;
        shop.act("cancelPresale").await.ok("cancelPresale.presale.id");
        app.settle().await;
        assert_eq!(shop.order_status(&li, &paid).await, "REFUNDED");
        assert_eq!(shop.order_status(&wu, &unpaid).await, "EXPIRED");
        assert_eq!(shop.order_status(&zhao, &faster).await, "REFUNDED");
        assert_eq!(app.standin.pay(&params, &wu.person.openid).unwrap_err(), PayFailure::Closed);
        assert_eq!((shop.takings(), shop.book().await), (0, (0, 0, 0)));
    }
}

fn uuid_of(order: &str) -> Uuid {
    OrderId::parse(order).expect("an order").0
}

async fn attempt_of(app: &TestApp, order: &str) -> payment_attempt::Model {
    let found = payment_attempt::Entity::find().filter(payment_attempt::Column::OrderId.eq(uuid_of(order)));
    found.one(app.app.db.read()).await.expect("a read").expect("an attempt")
}

/// An attempt that our side gave up: as after restoring a backup, or when WeChat broke its word about a close.
pub(super) async fn late_attempt(app: &TestApp, order: &str) -> String {
    let db = app.app.db.read();
    let leg = payment_leg::Entity::find().filter(payment_leg::Column::OrderId.eq(uuid_of(order)));
    let leg = leg.one(db).await.expect("a read").expect("a leg");
    let id = app.app.ids.next();
    let attempt = payment_attempt::ActiveModel {
        brand_id: Set(leg.brand_id),
        id: Set(id),
        leg_id: Set(leg.id),
        order_id: Set(leg.order_id),
        out_trade_no: Set(id.simple().to_string()),
        amount: Set(leg.amount),
        status: Set(PaymentAttemptStatus::Closed),
        prepay_id: Set(None),
        prepay_expires_at: Set(None),
        expires_at: Set(app.now()),
        refunded: Set(0),
        transaction_id: Set(None),
        paid_at: Set(None),
        settles: Set(false),
        created_at: Set(app.now()),
    };
    attempt.insert(db).await.expect("an attempt").out_trade_no
}

/// Makes the count of the pieces that a buyer took wrong, so that none can be given back, or right again.
async fn miscount(shop: &Shop<'_>, buyer: &Buyer<'_>, pieces: i32) {
    presale_buyer::Entity::update_many()
        .col_expr(presale_buyer::Column::Pieces, Expr::value(pieces))
        .filter(presale_buyer::Column::MemberId.eq(Brand::member_uuid(&buyer.person)))
        .exec(shop.app.app.db.read())
        .await
        .expect("a write");
}

/// Pays `fen` under `number` past our own API, as nobody could unless something went wrong before.
pub(super) async fn pay_directly(shop: &Shop<'_>, buyer: &Buyer<'_>, number: &str, fen: i64) {
    let (wechat, account) = (&shop.app.app.wechat, &shop.brand.account);
    let prepay = Prepay {
        out_trade_no: number.to_owned(),
        description: "x".to_owned(),
        amount_fen: fen,
        openid: buyer.person.openid.clone(),
        time_expire: shop.app.now() + Duration::minutes(30),
        notify_url: wechat.public_url(&format!("/wechat/pay/{}", account.slug)),
        attach: None,
        client_ip: None,
    };
    let prepay_id = wechat.prepay(account, &prepay).await.expect("WeChat takes the order");
    let params = wechat.pay_params(account, &prepay_id).expect("signed");
    shop.app.standin.pay(&params, &buyer.person.openid).expect("WeChat takes the payment");
}

/// What was reported and could not be applied.
async fn problems(app: &TestApp) -> Vec<String> {
    let kept = provider_event::Entity::find().filter(provider_event::Column::Problem.is_not_null());
    let kept = kept.all(app.app.db.read()).await.expect("a read");
    kept.into_iter().filter(|event| event.kind.starts_with("pay.")).filter_map(|event| event.problem).collect()
}
