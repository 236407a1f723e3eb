//! Presales: offered to whom they are meant for, open when they are, judged when nobody can pay any more.

use chrono::Duration;
use serde_json::{Value, json};
use smallbatch::base::id::PresaleId;
use smallbatch::flow::presale::service;

use super::shop::Shop;
use super::*;

e2e! {
    async fn a_presale_opens_and_closes_by_itself_and_succeeds_at_its_target(app) {
        let shop = Shop::draft(app, &[5], json!({ "moq": 2, "closesAt": app.at(Duration::hours(20)) })).await;
        shop.act("schedulePresale").await.ok("schedulePresale.presale.id");
        app.settle().await;
        assert_eq!(shop.status().await, "SCHEDULED");
        app.advance(Duration::hours(1)).await;
        assert_eq!(shop.status().await, "OPEN");
        let buyer = shop.buyer("li").await;
        shop.bought(&buyer, &[(0, 2)]).await;
        app.advance(Duration::hours(19)).await;
        assert_eq!(shop.status().await, "SUCCEEDED");
        assert_eq!(shop.book().await, (0, 2, 2));
    }

    async fn a_presale_whose_whole_window_was_slept_through_ends_without_being_announced(app) {
        let shop = Shop::draft(app, &[5], json!({})).await;
        shop.act("schedulePresale").await.ok("schedulePresale.presale.id");
        app.settle().await;
        app.advance(Duration::days(8)).await;
        assert_eq!(shop.history().await, ["drafted", "scheduled", "missed", "failed"]);
    }

    async fn a_presale_that_is_closed_before_it_was_opened_stays_closed(app) {
        let shop = Shop::draft(app, &[5], json!({})).await;
        shop.act("schedulePresale").await.ok("schedulePresale.presale.id");
        app.settle().await;
        app.app.clock.advance(Duration::days(8));
        let id = PresaleId::parse(&shop.presale).expect("a presale").0;
        service::close_when_due(&app.app, shop.brand.id, id).await.expect("closed");
        service::open_when_due(&app.app, shop.brand.id, id).await.expect("nothing to open");
        app.settle().await;
        assert_eq!(shop.history().await, ["drafted", "scheduled", "missed", "failed"]);
    }

    async fn a_presale_is_not_judged_while_somebody_may_still_pay(app) {
        let shop = Shop::open(app, &[5], json!({ "moq": 2 })).await;
        let (li, wu) = (shop.buyer("li").await, shop.buyer("wu").await);
        shop.bought(&li, &[(0, 1)]).await;
        let last = shop.placed(&wu, &[(0, 1)]).await;
        shop.act("closePresale").await.ok("closePresale.presale.id");
        app.settle().await;
        assert_eq!(shop.status().await, "CLOSED");
        shop.pay_in_wechat(&wu, &last).await;
        app.settle().await;
        assert_eq!(shop.status().await, "SUCCEEDED");
    }

    async fn a_presale_fails_when_the_last_hold_lapses_below_the_target(app) {
        let shop = Shop::open(app, &[5], json!({ "moq": 2 })).await;
        let (li, wu) = (shop.buyer("li").await, shop.buyer("wu").await);
        let first = shop.bought(&li, &[(0, 1)]).await;
        shop.placed(&wu, &[(0, 1)]).await;
        shop.act("closePresale").await.ok("closePresale.presale.id");
        app.settle().await;
        assert_eq!(shop.status().await, "CLOSED");
        app.advance(Duration::minutes(15)).await;
        assert_eq!(shop.status().await, "FAILED");
        assert_eq!(shop.order_status(&li, &first).await, "REFUNDED");
        assert_eq!(shop.takings(), 0);
    }

    async fn strangers_cannot_tell_a_hidden_presale_from_none(app) {
        let shop = Shop::draft(app, &[5], json!({})).await;
        let query = "query($id: ID!) { presale(id: $id) { id design { version { title } } } presales { edges { node { id } } } }";
        let find = json!({ "id": shop.presale });
        let li = shop.buyer("li").await;
        assert_eq!(li.person.gql(query, find.clone()).await.fault(), "NOT_FOUND", "a draft");
        let koc = shop.brand.koc("koc").await;
        let wu = shop.buyer("wu").await;
        let community = shop.brand.community(&koc, &[&wu.person]).await;
        let terms = presale_terms(&shop, json!({ "communityIds": [community] }));
        shop.desk.mutate("changePresale", terms, "presale { id }").await.ok("changePresale.presale.id");
        shop.act("schedulePresale").await.ok("schedulePresale.presale.id");
        app.advance(Duration::hours(1)).await;
        assert_eq!(li.person.gql(query, find.clone()).await.fault(), "NOT_FOUND", "another community");
        let seen = wu.person.gql(query, find.clone()).await;
        assert_eq!(seen.text("presale.id"), shop.presale);
        assert_eq!(seen.text("presale.design.version.title"), "Linen dress");
        assert_eq!(seen.text("presales.edges.0.node.id"), shop.presale);
        let skus = "query($id: ID!) { presale(id: $id) { skus { id cap held } } }";
        let skus = wu.person.gql(skus, find).await.ok("presale.skus");
        assert!(skus[0]["cap"].is_null() && skus[0]["held"].is_null(), "counts are for staff: {skus}");
        let bought = json!({ "presaleId": shop.presale, "lines": [{ "skuId": skus[0]["id"], "quantity": 1 }],
            "addressId": li.address, "expectedAmount": super::shop::PRICE, "expectedPromiseDate": shop.promise,
            "termsVersion": "1" });
        assert_eq!(li.person.mutate("placeOrder", bought, "order { id }").await.fault(), "NOT_FOUND");
    }

    async fn the_terms_are_fixed_once_it_is_open(app) {
        let shop = Shop::open(app, &[5], json!({})).await;
        let terms = presale_terms(&shop, json!({ "price": 1 }));
        assert_eq!(shop.desk.mutate("changePresale", terms, "presale { id }").await.refused(), "WRONG_STATE");
        assert_eq!(shop.act("schedulePresale").await.refused(), "WRONG_STATE");
        let member = shop.buyer("li").await;
        let close = json!({ "presaleId": shop.presale });
        assert_eq!(member.person.mutate("closePresale", close, "presale { id }").await.fault(), "FORBIDDEN");
    }

    async fn a_promise_beyond_wechats_limit_is_refused(app) {
        let shop = Shop::draft(app, &[5], json!({})).await;
        let late = (app.now() + Duration::days(1 + 331)).date_naive();
        let terms = presale_terms(&shop, json!({ "promiseDate": late }));
        let refusal = shop.desk.mutate("changePresale", terms, "presale { id }").await.refusal();
        assert_eq!(refusal["field"], json!(["promiseDate"]));
    }
}

/// The ordinary terms of a presale that is being changed.
pub(super) fn presale_terms(shop: &Shop<'_>, change: Value) -> Value {
    let mut terms = json!({
        "presaleId": shop.presale,
        "title": "亚麻连衣裙",
        "skus": [{ "color": "红", "size": "M", "cap": 5 }],
        "price": super::shop::PRICE,
        "memberLimit": 5,
        "moq": 1,
        "opensAt": shop.app.at(Duration::hours(1)),
        "closesAt": shop.app.at(Duration::days(7)),
        "promiseDate": shop.promise,
    });
    for (key, value) in change.as_object().expect("an object") {
        terms[key] = value.clone();
    }
    terms
}
