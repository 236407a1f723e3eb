//! Who earns with an order, how much, and from when on it may be paid.

use smallbatch::base::id::OrderId;

use super::*;
use smallbatch::flow;
use smallbatch::worker::Event;

const ALL: &str = "{ commissions { nodes { status amount { minorUnits } base { minorUnits } rateBp koc { id } order { id } availableAt } } }";

async fn code(koc: &Person<'_>) -> String {
    koc.gql("{ viewer { kocCode } }", json!({})).await.text("viewer.kocCode")
}

/// The buyer of an order sends some of it back: the case waits for the brand.
async fn asks_back(trade: &Trade<'_>, order: &str, pieces: i32) -> String {
    let buyer = &trade.sold.orders.iter().find(|(_, id)| id == order).expect("an order").0;
    let found = buyer.gql("query($id: ID!) { order(id: $id) { lines { id } } }", json!({ "id": order })).await;
    let lines = json!([{ "lineId": found.text("order.lines.0.id"), "pieces": pieces }]);
    let input = json!({ "orderId": order, "lines": lines, "reason": "a seam is open" });
    buyer.mutate("openAfterSales", input, "afterSales { id }").await.text("openAfterSales.afterSales.id")
}

async fn gives_back(trade: &Trade<'_>, case: &str) {
    let input = json!({ "caseId": case, "approve": true, "answer": "of course" });
    let decided = trade.finance().await.mutate("decideAfterSales", input, "afterSales { id }").await;
    decided.ok("decideAfterSales.afterSales.id");
    trade.app.settle().await;
}

e2e! {
    async fn the_koc_of_the_community_or_of_the_code_earns_and_nobody_else(app) {
        let trade = &mut Trade::open(app).await;
        let ling = trade.brand.koc("ling").await;
        let (mei, typed) = (code(&trade.mei).await, code(&ling).await);
        assert_eq!((mei.len(), mei == typed), (6, false));
        let typed = format!(" {}-{}", &typed[..3], typed[3..].to_lowercase());
        let ours = trade.bought("li", 1, json!({})).await;
        let coded = trade.bought("li", 2, json!({ "kocCode": typed })).await;
        let stranger = trade.bought("zhao", 1, json!({ "kocCode": mei })).await;
        trade.bought("wu", 1, json!({})).await;
        trade.bought("mei", 1, json!({})).await;
        trade.delivered(&app.factory("One").await).await;
        for (_, order) in &trade.sold.orders {
            trade.brand.settles(order).await;
        }
        let finance = trade.finance().await;
        let nodes = finance.gql(ALL, json!({})).await.ok("commissions.nodes");
        let row = |koc: &Person<'_>, order: &str, pieces: i64| json!({
            "status": "FROZEN", "amount": { "minorUnits": pieces * SHARE }, "base": { "minorUnits": pieces * PIECE }, "rateBp": 1_000,
            "koc": { "id": koc.id }, "order": { "id": order }, "availableAt": "2026-04-30T16:00:00+00:00" });
        assert_eq!(nodes, json!([row(&trade.mei, &stranger, 1), row(&ling, &coded, 2), row(&trade.mei, &ours, 1)]));
        assert_eq!(trade.payable().await, 4 * SHARE);
        let mine = "{ myCommissions { nodes { amount { minorUnits } presaleId order { id } koc { id } } } myEarnings { frozen { minorUnits } available { minorUnits } } }";
        let seen = ling.gql(mine, json!({})).await;
        assert_eq!(seen.ok("myCommissions.nodes"), json!([{ "amount": { "minorUnits": 2 * SHARE }, "presaleId": trade.sold.presale, "order": null, "koc": null }]));
        assert_eq!((seen.int("myEarnings.frozen.minorUnits"), seen.int("myEarnings.available.minorUnits")), (2 * SHARE, 0));
        let buyer = &trade.sold.orders[0].0;
        assert_eq!(buyer.gql(mine, json!({})).await.ok("myCommissions.nodes"), json!([]));
        for other in [buyer, &ling, &trade.brand.merchandiser().await] {
            assert_eq!(other.gql(ALL, json!({})).await.fault(), "FORBIDDEN");
        }
        assert_eq!(app.brand("other").await.owner.gql(ALL, json!({})).await.ok("commissions.nodes"), json!([]));
    }

    async fn a_code_that_is_nobodys_here_is_told_and_nothing_is_placed(app) {
        let trade = Trade::open(app).await;
        let foreign = app.brand("other").await.koc("mei").await;
        let own = code(&trade.mei).await;
        for (buyer, wrong) in [("li", "ABC234".to_owned()), ("li", "???".to_owned()), ("li", code(&foreign).await), ("mei", own.clone())] {
            let refused = trade.orders(buyer, 1, json!({ "kocCode": wrong })).await.refusal();
            assert_eq!((&refused["code"], &refused["field"]), (&json!("INVALID"), &json!(["kocCode"])), "{wrong}");
        }
        let query = "query($id: ID!) { demandBook(presaleId: $id) { totalHeld } }";
        assert_eq!(trade.brand.owner.gql(query, json!({ "id": trade.sold.presale })).await.int("demandBook.totalHeld"), 0);
        let key = json!({ "kocCode": own, "idempotencyKey": "one-tap-of-li" });
        let first = trade.orders("li", 1, key.clone()).await;
        assert!(first.statements() <= 8, "{} statements", first.statements());
        let order = first.text("placeOrder.order.id");
        let li = trade.brand.member("li").await;
        assert_eq!(li.gql("{ myOrders { nodes { id } } viewer { kocCode } }", json!({})).await.ok("myOrders.nodes"), json!([{ "id": order }]));
        assert!(li.gql("{ viewer { kocCode } }", json!({})).await.at("viewer.kocCode").is_null(), "she is no KOC");
        trade.orders("zhao", 1, json!({ "kocCode": "  " })).await.ok("placeOrder.order.id");
    }

    async fn who_buys_what_pays_nothing_earns_nobody_anything(app) {
        let brand = app.brand("sb").await;
        let (mei, li) = (brand.koc("mei").await, brand.member("li").await);
        let community = brand.community(&mei, &[&li]).await;
        let (_, entry, _) = brand.advanced_entry(&community, &[&li]).await;
        let refused = brand.owner.mutate("draftPresale", json!({
            "entryId": entry, "title": "Too generous", "skus": [{ "color": "red", "size": "S", "cap": 5 }], "price": 19900, "memberLimit": 5, "moq": 1,
            "opensAt": app.at(Duration::zero()), "closesAt": app.at(Duration::days(2)), "promiseDate": "2026-03-14", "commissionBp": 3_001,
        }), "presale { id }").await;
        assert_eq!(refused.refusal()["field"], json!(["commissionBp"]));
        let (presale, skus) = brand.open_presale_of(&entry).await;
        let shown = "query($id: ID!) { presale(id: $id) { commissionBp } }";
        for (person, seen) in [(&mei, json!(0)), (&brand.owner, json!(0)), (&li, Value::Null)] {
            assert_eq!(person.gql(shown, json!({ "id": presale })).await.at("presale.commissionBp"), &seen);
        }
        let mut trade = Trade { app, mei, sold: Sold { presale, skus, orders: Vec::new() }, pieces: 0, brand };
        let order = trade.bought("li", 1, json!({})).await;
        trade.delivered(&app.factory("One").await).await;
        trade.brand.settles(&order).await;
        assert_eq!((trade.commissions().await, trade.payable().await), (Vec::<String>::new(), 0));
    }

    async fn an_order_earns_once_when_it_is_received_and_settled_in_whatever_order(app) {
        let mut trade = Trade::open(app).await;
        let (first, last) = (trade.bought("li", 1, json!({})).await, trade.bought("li", 2, json!({})).await);
        trade.sent(&app.factory("One").await).await;
        trade.receives(&trade.sold.orders[1]).await;
        assert!(trade.commissions().await.is_empty(), "it is received, and WeChat has the money");
        // WeChat's settlement is her receipt, too.
        trade.brand.settles(&first).await;
        assert_eq!(trade.commissions().await, [format!("FROZEN {SHARE} {SHARE}")]);
        trade.brand.settles(&last).await;
        trade.brand.settles(&last).await;
        let once = [format!("FROZEN {SHARE} {SHARE}"), format!("FROZEN {} {}", 2 * SHARE, 2 * SHARE)];
        assert_eq!(trade.commissions().await, once);
        let aggregate_id = OrderId::parse(&last).expect("an order").0;
        let told = |kind: &str| Event { brand_id: trade.brand.id, id: app.app.ids.next(), aggregate_id, kind: kind.to_owned(), payload: json!({}) };
        let (received, settled) = (told("order.received"), told("order.settled"));
        let (one, other) = tokio::join!(flow::payout::on_event(&app.app, &received), flow::payout::on_event(&app.app, &settled));
        one.and(other).expect("told again");
        assert_eq!(trade.commissions().await, once);
        assert_eq!(trade.payable().await, 3 * SHARE);
    }

    async fn nothing_is_paid_a_second_before_the_month_after_the_receipt_is_over(app) {
        let (trade, _) = Trade::earned(app, &[1]).await;
        trade.until("2026-04-30T15:59:59Z").await;
        assert_eq!(trade.commissions().await, [format!("FROZEN {SHARE} {SHARE}")]);
        assert_eq!(trade.pay_commission().await.refused(), "WRONG_STATE");
        trade.until(MAY).await;
        assert_eq!(trade.commissions().await, [format!("AVAILABLE {SHARE} {SHARE}")]);
        let desk = "{ payoutDesk { frozen { count } available { count amount { minorUnits } } onTheirWay { count } } }";
        let seen = trade.finance().await.gql(desk, json!({})).await.ok("payoutDesk");
        assert_eq!(seen, json!({ "frozen": { "count": 0 }, "available": { "count": 1, "amount": { "minorUnits": SHARE } }, "onTheirWay": { "count": 0 } }));
        assert_eq!(trade.pay_commission().await.int("payCommission.transfers.0.amount.minorUnits"), SHARE);
    }

    async fn money_that_settles_late_is_available_at_once(app) {
        let mut trade = Trade::open(app).await;
        let order = trade.bought("li", 1, json!({})).await;
        trade.delivered(&app.factory("One").await).await;
        trade.brand.complains(&order, true).await;
        trade.until(MAY).await;
        trade.brand.complains(&order, false).await;
        assert_eq!(trade.commissions().await, [format!("AVAILABLE {SHARE} {SHARE}")]);
    }

    async fn a_refund_takes_its_share_back_before_and_after_it_is_available(app) {
        let (trade, orders) = Trade::earned(app, &[3, 1, 2]).await;
        let some = asks_back(&trade, &orders[0], 1).await;
        let whole = asks_back(&trade, &orders[1], 1).await;
        let later = asks_back(&trade, &orders[2], 1).await;
        gives_back(&trade, &some).await;
        gives_back(&trade, &whole).await;
        let two = 2 * SHARE;
        assert_eq!(trade.commissions().await, [format!("FROZEN {} {two}", 3 * SHARE), format!("REVERSED {SHARE} 0"), format!("FROZEN {two} {two}")]);
        assert_eq!(trade.payable().await, 4 * SHARE);
        trade.until(MAY).await;
        gives_back(&trade, &later).await;
        assert_eq!(trade.commissions().await, [format!("AVAILABLE {} {two}", 3 * SHARE), format!("REVERSED {SHARE} 0"), format!("AVAILABLE {two} {SHARE}")]);
        assert_eq!((trade.payable().await, trade.pay_commission().await.int("payCommission.transfers.0.amount.minorUnits")), (3 * SHARE, 3 * SHARE));
    }

    async fn a_refund_after_the_payout_is_taken_off_the_next_one(app) {
        let mut trade = Trade::open(app).await;
        let (early, late) = (trade.bought("li", 2, json!({})).await, trade.bought("li", 4, json!({})).await);
        trade.delivered(&app.factory("One").await).await;
        trade.brand.settles(&early).await;
        trade.brand.complains(&late, true).await;
        let case = asks_back(&trade, &early, 1).await;
        trade.until(MAY).await;
        trade.pay_commission().await.ok("payCommission.transfers");
        app.settle().await;
        assert_eq!(trade.confirms("mei").await, 1);
        assert_eq!(trade.commissions().await, [format!("PAID {} 0", 2 * SHARE)]);
        gives_back(&trade, &case).await;
        assert_eq!(trade.commissions().await, [format!("OWING {} -{SHARE}", 2 * SHARE)]);
        assert_eq!((trade.payable().await, trade.pay_commission().await.refused()), (-SHARE, "WRONG_STATE".to_owned()));
        let owing = "{ payoutDesk { owing { count amount { minorUnits } } } }";
        let owing = trade.finance().await.gql(owing, json!({})).await.ok("payoutDesk.owing");
        assert_eq!(owing, json!({ "count": 1, "amount": { "minorUnits": SHARE } }));
        trade.brand.complains(&late, false).await;
        assert_eq!(trade.pay_commission().await.int("payCommission.transfers.0.amount.minorUnits"), 3 * SHARE);
        app.settle().await;
        assert_eq!(trade.confirms("mei").await, 1);
        // What was too much is counted off what was paid of the first.
        assert_eq!(trade.commissions().await, [format!("PAID {} 0", 2 * SHARE), format!("PAID {} 0", 4 * SHARE)]);
        assert_eq!((trade.payable().await, trade.pay_commission().await.refused()), (0, "WRONG_STATE".to_owned()));
    }

    async fn a_refund_while_the_payout_is_on_its_way_waits_for_how_that_ends(app) {
        let (trade, orders) = Trade::earned(app, &[2]).await;
        let case = asks_back(&trade, &orders[0], 2).await;
        trade.until(MAY).await;
        trade.pay_commission().await.ok("payCommission.transfers");
        app.settle().await;
        gives_back(&trade, &case).await;
        assert_eq!(trade.commissions().await, [format!("PAYING {0} -{0}", 2 * SHARE)]);
        app.advance(Duration::hours(25)).await;
        assert_eq!(trade.commissions().await, [format!("REVERSED {} 0", 2 * SHARE)], "she did not confirm");
        assert_eq!((trade.payable().await, trade.stuck().await), (0, vec![]), "there is nothing to be paid again");
    }
}
