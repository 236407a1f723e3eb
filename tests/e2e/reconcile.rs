//! Bills: each day is held against WeChat Pay's, what only they tell is acted on, and what stays different is shown.

use chrono::{DateTime, Duration, Utc};
use entity::staff::StaffRole;
use entity::{bill_entry, idempotency, journal, payment_attempt};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use smallbatch::base::id::RefundId;
use smallbatch::flow::payment::timers::REFUND_POLL;
use smallbatch::wechat::pay::RefundStatus;
use smallbatch::wechat::standin::{BillTrick, Fault, FaultKind, ScriptedRefusal, Switches};
use tests::{Answer, Person};

use super::payment::{REFUNDS, attempt_of, late_attempt, pay_directly};
use super::shop::{PRICE, Shop};
use super::*;

/// The first day of every test.
const FIRST: &str = "2026-03-02";
const SECOND: &str = "2026-03-03";
/// From the beginning of a test, ten in the morning in Beijing, to when its first day is reconciled.
const NIGHT: Duration = Duration::minutes(24 * 60 + 30);

const DAYS: &str = "{ reconciliations(first: 10) { nodes { date status healed attempts lastError checkedAt tradeSha1 \
    balance { minorUnits } difference { minorUnits } bill { ...side } books { ...side } \
    differences { differenceId kind number open note order { id } billAmount { minorUnits } ourAmount { minorUnits } } } } } \
    fragment side on ReconciliationSide { payments paid { minorUnits } refunds refunded { minorUnits } fees { minorUnits } \
    movement { minorUnits } }";
const DESK: &str = "{ financeDesk { clearing { minorUnits } stuck { totalCount items { cause nextAction why amount { minorUnits } \
    refund { id } difference { differenceId date kind } reconciliation { date } order { id } } } } }";

async fn finance<'a>(shop: &Shop<'a>) -> Person<'a> {
    shop.brand.staff(StaffRole::Finance).await
}

/// A day as finance people see it.
async fn day(finance: &Person<'_>, date: &str) -> Value {
    let days = finance.gql(DAYS, json!({})).await.ok("reconciliations.nodes");
    let days = days.as_array().expect("a list").clone();
    days.into_iter().find(|day| day["date"] == date).unwrap_or_else(|| panic!("no row of {date}"))
}

fn kinds(day: &Value) -> Vec<String> {
    let open = day["differences"].as_array().expect("a list").iter().filter(|difference| difference["open"] == true);
    open.map(|difference| difference["kind"].as_str().expect("a kind").to_owned()).collect()
}

fn fen(value: &Value) -> i64 {
    value["minorUnits"].as_i64().unwrap_or_else(|| panic!("no amount: {value}"))
}

/// A day on which both sides agree to the fen.
fn assert_balanced(day: &Value) {
    assert_eq!((&day["status"], fen(&day["difference"])), (&json!("BALANCED"), 0), "{day:#}");
    assert_eq!(day["bill"], day["books"]);
    assert_eq!(day["differences"], json!([]));
}

async fn look_again(finance: &Person<'_>, date: &str) -> Answer {
    finance.mutate("reconcileDay", json!({ "date": date }), "replayed reconciliation { date status lastError }").await
}

fn trick(bill_trick: BillTrick) -> Switches {
    Switches { bill_trick, ..Switches::default() }
}

/// Cause, next action and fen of what is stuck.
async fn stuck(finance: &Person<'_>) -> Vec<(String, String)> {
    let items = finance.gql(DESK, json!({})).await.ok("financeDesk.stuck.items");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    items.as_array().expect("a list").iter().map(|item| (text(&item["cause"]), text(&item["nextAction"]))).collect()
}

fn action(cause: &str, action: &str) -> (String, String) {
    (cause.to_owned(), action.to_owned())
}

async fn closing(finance: &Person<'_>, account: &str) -> i64 {
    let query = "query($account: LedgerAccount!) { ledgerStatement(from: \"2026-03-01\", to: \"2026-12-31\", account: $account) \
        { closing { minorUnits } } }";
    finance.gql(query, json!({ "account": account })).await.int("ledgerStatement.closing.minorUnits")
}

async fn refund_id(finance: &Person<'_>, order: &str) -> String {
    let query = "query($id: ID!) { refunds(orderId: $id) { nodes { id } } }";
    finance.gql(query, json!({ "id": order })).await.text("refunds.nodes.0.id")
}

async fn refund_status(finance: &Person<'_>, order: &str) -> String {
    let query = "query($id: ID!) { refunds(orderId: $id) { nodes { status } } }";
    finance.gql(query, json!({ "id": order })).await.text("refunds.nodes.0.status")
}

async fn actions(finance: &Person<'_>) -> Vec<String> {
    let trail = finance.gql("{ auditTrail(first: 20) { nodes { action } } }", json!({})).await.ok("auditTrail.nodes");
    let action = |entry: &Value| entry["action"].as_str().expect("an action").to_owned();
    trail.as_array().expect("a list").iter().rev().map(action).collect()
}

fn deposit() -> Value {
    json!({ "plan": { "deposit": { "amount": 3_000, "balanceDays": 5 } } })
}

e2e! {
    async fn a_day_of_payments_deposits_refunds_and_fees_comes_to_zero_difference(app) {
        let shop = &Shop::open(app, &[9], deposit()).await;
        let (li, wu) = (&shop.buyer("li").await, &shop.buyer("wu").await);
        let paid = shop.committed(li, &[(0, 2)]).await;
        let returned = shop.committed(wu, &[(0, 1)]).await;
        let input = json!({ "orderId": returned, "reason": "she moved abroad" });
        finance(shop).await.mutate("refundOrder", input, "order { id }").await.ok("refundOrder.order.id");
        app.advance(Duration::hours(1)).await;
        shop.closed().await;
        shop.pay_in_wechat(li, &paid).await;
        app.settle().await;
        app.standin.withdraw(&shop.brand.account.mchid, 1_000);
        app.advance(NIGHT - Duration::hours(1)).await;
        let finance = finance(shop).await;
        let found = day(&finance, FIRST).await;
        assert_balanced(&found);
        let bill = &found["bill"];
        assert_eq!((&bill["payments"], fen(&bill["paid"])), (&json!(3), 2 * PRICE + 3_000));
        assert_eq!((&bill["refunds"], fen(&bill["refunded"])), (&json!(1), 3_000));
        // 0.6 % of 60.00, 30.00 and 338.00, less that of 30.00.
        let fees = 36 + 18 + 203 - 18;
        assert_eq!((fen(&bill["fees"]), closing(&finance, "PROVIDER_FEES").await), (fees, fees));
        assert_eq!(closing(&finance, "BANK").await, 1_000);
        let left = shop.takings() - fees - 1_000;
        assert_eq!((closing(&finance, "CLEARING").await, fen(&found["balance"]), fen(&bill["movement"])), (left, left, left));
        assert_eq!(finance.gql(DESK, json!({})).await.int("financeDesk.stuck.totalCount"), 0);
        let days = finance.gql(DAYS, json!({})).await;
        assert!(days.statements() <= 6, "{} statements", days.statements());
    }

    async fn each_planted_difference_is_found_by_its_kind(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let (li, wu) = (&shop.buyer("li").await, &shop.buyer("wu").await);
        shop.bought(li, &[(0, 1)]).await;
        app.advance(Duration::minutes(1)).await;
        let order = shop.bought(wu, &[(0, 2)]).await;
        app.advance(NIGHT).await;
        let (wu, desk) = (&shop.back(wu).await, finance(shop).await);
        assert_balanced(&day(&desk, FIRST).await);
        for (plant, kind) in [
            (BillTrick::MissingRow, "PAYMENT_UNBILLED"),
            (BillTrick::ExtraRow, "PAYMENT_UNKNOWN"),
            (BillTrick::ChangedAmount, "PAYMENT_AMOUNT"),
            (BillTrick::StrangeMovement, "MOVEMENT_UNKNOWN"),
        ] {
            app.standin.set_switches(trick(plant));
            assert_eq!(look_again(&desk, FIRST).await.text("reconcileDay.reconciliation.status"), "DIFFERING");
            let found = day(&desk, FIRST).await;
            assert_eq!(kinds(&found), [kind], "{plant:?}");
            assert_eq!(stuck(&desk).await, [action("BILL_DIFFERENCE", "RESOLVE_DIFFERENCE")]);
            let difference = &found["differences"][0];
            let sides = (difference["billAmount"]["minorUnits"].as_i64(), difference["ourAmount"]["minorUnits"].as_i64());
            let expected = match plant {
                BillTrick::MissingRow => (None, Some(2 * PRICE)),
                BillTrick::ExtraRow => (Some(2 * PRICE), None),
                BillTrick::ChangedAmount => (Some(2 * PRICE + 1), Some(2 * PRICE)),
                _ => (Some(1), None),
            };
            assert_eq!(sides, expected, "{plant:?}");
        }
        app.standin.set_switches(Switches::default());
        look_again(&desk, FIRST).await.ok("reconcileDay.reconciliation.status");
        assert_balanced(&day(&desk, FIRST).await);
        shop.cancel(wu, &order).await.ok("cancelOrder.order.id");
        app.settle().await;
        app.advance(Duration::days(1)).await;
        let desk = finance(shop).await;
        for (plant, kind) in [
            (BillTrick::MissingRow, "REFUND_UNBILLED"),
            (BillTrick::ExtraRow, "REFUND_UNKNOWN"),
            (BillTrick::ChangedAmount, "REFUND_AMOUNT"),
        ] {
            app.standin.set_switches(trick(plant));
            look_again(&desk, SECOND).await.ok("reconcileDay.reconciliation.status");
            assert_eq!(kinds(&day(&desk, SECOND).await), [kind], "{plant:?}");
        }
        app.standin.set_switches(Switches::default());
        look_again(&desk, SECOND).await.ok("reconcileDay.reconciliation.status");
        assert_balanced(&day(&desk, SECOND).await);
    }

    async fn a_payment_that_nothing_told_of_is_found_by_the_bill_and_settled(app) {
        let shop = &Shop::open(app, &[9], deposit()).await;
        let (li, wu) = (&shop.buyer("li").await, &shop.buyer("wu").await);
        let order = shop.committed(li, &[(0, 1)]).await;
        let other = shop.committed(wu, &[(0, 1)]).await;
        let number = late_attempt(app, &other).await;
        shop.closed().await;
        let params = shop.pay_params(li, &order).await;
        // The last question about it is asked after ten minutes.
        app.advance(Duration::minutes(11)).await;
        app.standin.set_switches(Switches { drop: true, ..Switches::default() });
        app.standin.pay(&params, &li.person.openid).expect("WeChat takes it");
        pay_directly(shop, wu, &number, 3_000).await;
        app.advance(Duration::hours(2)).await;
        let li = &shop.back(li).await;
        assert_eq!(shop.order_status(li, &order).await, "BALANCE_DUE", "nobody knows");
        app.standin.set_switches(Switches::default());
        app.advance(NIGHT - Duration::hours(2)).await;
        let (li, desk) = (&shop.back(li).await, finance(shop).await);
        assert_eq!(shop.order_status(li, &order).await, "PAID");
        let found = day(&desk, FIRST).await;
        assert_balanced(&found);
        assert_eq!(found["healed"], json!(2));
        let late = "query($id: ID!) { refunds(orderId: $id) { nodes { reason status amount { minorUnits } } } }";
        let late = desk.gql(late, json!({ "id": other })).await;
        assert_eq!(late.ok("refunds.nodes"), json!([{ "reason": "LATE_PAYMENT", "status": "SUCCEEDED", "amount": { "minorUnits": 3_000 } }]));
    }

    async fn a_refund_whose_end_nothing_told_of_is_found_by_the_bill(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 1)]).await;
        app.standin.set_switches(Switches { drop: true, refund_seconds: 60, ..Switches::default() });
        shop.cancel(buyer, &order).await.ok("cancelOrder.order.id");
        app.settle().await;
        let desk = finance(shop).await;
        assert_eq!(refund_status(&desk, &order).await, "PROCESSING");
        // As after a backup was restored that did not have it.
        let id = RefundId::parse(&refund_id(&desk, &order).await).expect("a refund").0;
        app.app.write(shop.brand.id, |tx| async move { tx.cancel_timer(REFUND_POLL, id).await }).await.expect("a write");
        app.advance(Duration::hours(1)).await;
        assert_eq!(refund_status(&desk, &order).await, "PROCESSING", "nobody asks");
        app.advance(NIGHT - Duration::hours(1)).await;
        let (buyer, desk) = (&shop.back(buyer).await, finance(shop).await);
        assert_eq!((refund_status(&desk, &order).await, shop.order_status(buyer, &order).await), ("SUCCEEDED".into(), "REFUNDED".into()));
        let found = day(&desk, FIRST).await;
        assert_balanced(&found);
        assert_eq!(found["healed"], json!(1));
    }

    async fn bills_that_are_late_or_not_what_was_announced_are_asked_for_again(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        shop.bought(&shop.buyer("li").await, &[(0, 1)]).await;
        app.standin.set_switches(trick(BillTrick::WrongHash));
        app.advance(NIGHT).await;
        let desk = finance(shop).await;
        let found = day(&desk, FIRST).await;
        assert_eq!((&found["status"], &found["checkedAt"]), (&json!("WAITING"), &Value::Null));
        assert!(found["lastError"].as_str().expect("a reason").contains("hash"), "{found:#}");
        assert_eq!(stuck(&desk).await, [], "the next try may do it");
        let by_hand = look_again(&desk, FIRST).await;
        assert!(by_hand.text("reconcileDay.reconciliation.lastError").contains("hash"));
        app.advance(Duration::minutes(61)).await;
        let desk = finance(shop).await;
        assert_eq!(stuck(&desk).await, [action("BILL_MISSING", "RECONCILE_DAY")]);
        app.standin.set_switches(Switches::default());
        let late = ScriptedRefusal { status: 400, code: "STATEMENT_CREATING".into(), message: "later".into(), times: 2 };
        app.standin.refuse("/v3/bill/", late);
        app.advance(Duration::hours(1)).await;
        let desk = finance(shop).await;
        let found = day(&desk, FIRST).await;
        assert!(found["lastError"].as_str().expect("a reason").contains("STATEMENT_CREATING"), "{found:#}");
        app.advance(Duration::hours(1)).await;
        app.advance(Duration::hours(1)).await;
        let desk = finance(shop).await;
        let found = day(&desk, FIRST).await;
        assert_balanced(&found);
        assert_eq!((&found["lastError"], found["attempts"].as_i64() >= Some(3)), (&Value::Null, true));
        assert_eq!(stuck(&desk).await, []);
    }

    async fn looking_again_changes_nothing_and_what_a_person_settled_stays_settled(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 1)]).await;
        app.standin.set_switches(trick(BillTrick::ChangedAmount));
        app.advance(NIGHT).await;
        let desk = finance(shop).await;
        let before = day(&desk, FIRST).await;
        assert_eq!(kinds(&before), ["PAYMENT_AMOUNT"]);
        let difference = &before["differences"][0];
        assert_eq!(difference["order"]["id"], json!(order));
        let entries = async || journal::Entity::find().count(app.app.db.read()).await.expect("a read");
        let journals = entries().await;
        for _ in 0..3 {
            look_again(&desk, FIRST).await.ok("reconcileDay.reconciliation.status");
        }
        let again = day(&desk, FIRST).await;
        assert_eq!((&again["differences"], entries().await), (&before["differences"], journals));
        let note = "WeChat Pay corrected its bill by letter";
        let input = |note: &str| json!({ "differenceId": difference["differenceId"], "note": note, "idempotencyKey": format!("settle-{}", note.len()) });
        let fields = "replayed difference { open note resolvedBy { id } }";
        let done = desk.mutate("resolveDifference", input(note), fields).await;
        assert_eq!(done.ok("resolveDifference.difference"), json!({ "open": false, "note": note, "resolvedBy": { "id": desk.id } }));
        let replay = desk.mutate("resolveDifference", input(note), fields).await;
        assert_eq!(replay.ok("resolveDifference.replayed"), json!(true));
        assert_eq!(desk.mutate("resolveDifference", input("once more"), fields).await.refused(), "WRONG_STATE");
        assert_eq!(day(&desk, FIRST).await["status"], json!("RESOLVED"));
        look_again(&desk, FIRST).await.ok("reconcileDay.reconciliation.status");
        let settled = day(&desk, FIRST).await;
        assert_eq!((&settled["status"], settled["differences"].as_array().map(Vec::len)), (&json!("RESOLVED"), Some(1)));
        assert_eq!(stuck(&desk).await, []);
        let done = actions(&desk).await;
        assert_eq!(done, ["DAY_RECONCILED", "DAY_RECONCILED", "DAY_RECONCILED", "DIFFERENCE_RESOLVED", "DAY_RECONCILED"]);
        app.standin.set_switches(Switches::default());
        let key = json!({ "date": FIRST, "idempotencyKey": "look-again-1" });
        let first = desk.mutate("reconcileDay", key.clone(), "replayed").await;
        let second = desk.mutate("reconcileDay", key, "replayed").await;
        assert_eq!((first.ok("reconcileDay.replayed"), second.ok("reconcileDay.replayed")), (json!(false), json!(true)));
    }

    async fn days_on_which_no_server_ran_are_caught_up(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 1)]).await;
        app.app.clock.advance(Duration::days(2));
        let buyer = &shop.back(buyer).await;
        shop.bought(buyer, &[(0, 2)]).await;
        app.app.clock.advance(Duration::days(2));
        shop.cancel(&shop.back(buyer).await, &order).await.ok("cancelOrder.order.id");
        app.settle().await;
        app.advance(NIGHT).await;
        let desk = finance(shop).await;
        let days = desk.gql(DAYS, json!({})).await.ok("reconciliations.nodes");
        let days: Vec<_> = days.as_array().expect("a list").iter().rev().collect();
        let seen = |day: &&Value| (day["date"].as_str().expect("a date").to_owned(), day["bill"]["payments"].as_i64(), day["bill"]["refunds"].as_i64());
        let day_of = |n: u32, payments, refunds| (format!("2026-03-0{n}"), Some(payments), Some(refunds));
        assert_eq!(days.iter().map(seen).collect::<Vec<_>>(), [day_of(2, 1, 0), day_of(3, 0, 0), day_of(4, 1, 0), day_of(5, 0, 0), day_of(6, 0, 1)]);
        days.into_iter().for_each(assert_balanced);
        app.advance(Duration::days(1)).await;
        let desk = finance(shop).await;
        assert_balanced(&day(&desk, "2026-03-07").await);
    }

    async fn what_falls_on_the_edge_of_a_day_is_missing_only_until_the_next_bill(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        app.advance(Duration::hours(23)).await;
        let buyer = &shop.back(buyer).await;
        let order = shop.bought(buyer, &[(0, 1)]).await;
        // As if WeChat's own time of it were a second before midnight, and it booked it after.
        let edge: DateTime<Utc> = "2026-03-02T15:59:59Z".parse().expect("an instant");
        payment_attempt::Entity::update_many()
            .col_expr(payment_attempt::Column::PaidAt, Expr::value(edge))
            .filter(payment_attempt::Column::Id.eq(attempt_of(app, &order).await.id))
            .exec(app.app.db.read())
            .await
            .expect("a write");
        app.advance(Duration::minutes(90)).await;
        let desk = finance(shop).await;
        assert_eq!(kinds(&day(&desk, FIRST).await), ["PAYMENT_UNBILLED"]);
        app.advance(Duration::days(1)).await;
        let desk = finance(shop).await;
        assert_balanced(&day(&desk, SECOND).await);
        let first = day(&desk, FIRST).await;
        assert_eq!((&first["status"], &first["differences"][0]["note"]), (&json!("RESOLVED"), &json!("In the bill of 2026-03-03.")));
        look_again(&desk, FIRST).await.ok("reconcileDay.reconciliation.status");
        assert_eq!(day(&desk, FIRST).await["status"], json!("BALANCED"));
    }

    async fn bills_are_for_the_brands_own_finance_people(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let foreign = app.brand("other").await;
        shop.bought(&shop.buyer("li").await, &[(0, 1)]).await;
        app.standin.set_switches(trick(BillTrick::ExtraRow));
        app.advance(NIGHT).await;
        let desk = finance(shop).await;
        let id = day(&desk, FIRST).await["differences"][0]["differenceId"].clone();
        let resolve = json!({ "differenceId": id, "note": "settled" });
        let (merchandiser, member) = (shop.brand.merchandiser().await, shop.brand.member("li").await);
        for other in [&merchandiser, &member] {
            assert_eq!(other.gql(DAYS, json!({})).await.fault(), "FORBIDDEN");
            assert_eq!(look_again(other, FIRST).await.fault(), "FORBIDDEN");
            assert_eq!(other.mutate("resolveDifference", resolve.clone(), "replayed").await.fault(), "FORBIDDEN");
        }
        let foreign = foreign.staff(StaffRole::Finance).await;
        assert_eq!(foreign.mutate("resolveDifference", resolve, "replayed").await.fault(), "NOT_FOUND");
        let theirs = day(&foreign, FIRST).await;
        assert_eq!((&theirs["bill"]["payments"], &theirs["differences"]), (&json!(0), &json!([])));
        assert_eq!(look_again(&desk, SECOND).await.refused(), "CLOSED");
        assert_eq!(look_again(&desk, "2025-11-01").await.refused(), "INVALID");
        look_again(&desk, "2026-02-01").await.ok("reconcileDay.reconciliation.date");
    }

    async fn an_abnormal_refund_is_sent_elsewhere_and_arrives(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let orders = [shop.bought(buyer, &[(0, 1)]).await, shop.bought(buyer, &[(0, 2)]).await];
        app.standin.set_switches(Switches { refund_result: RefundStatus::Abnormal, ..Switches::default() });
        for order in &orders {
            shop.cancel(buyer, order).await.ok("cancelOrder.order.id");
        }
        app.settle().await;
        let desk = finance(shop).await;
        assert_eq!(stuck(&desk).await, [action("REFUND_ABNORMAL", "APPLY_ABNORMAL_REFUND"), action("REFUND_ABNORMAL", "APPLY_ABNORMAL_REFUND")]);
        app.standin.set_switches(Switches { drop: true, refund_seconds: 100, ..Switches::default() });
        let ids = [refund_id(&desk, &orders[0]).await, refund_id(&desk, &orders[1]).await];
        let card = json!({ "bank": "ICBC_DEBIT", "number": "6222 0200 1234 5678", "holder": "王小花" });
        let apply = |refund: &str, to: &str, card: Value| json!({ "refundId": refund, "to": to, "card": card, "why": "her card is closed" });
        let paid = |mut input: Value| { input["paidBuyerBy"] = json!("Alipay 2026030122001"); input };
        let send = async |input: Value| desk.mutate("applyAbnormalRefund", input, "replayed refund { status }").await;
        assert_eq!(send(apply(&ids[0], "USER_BANK_CARD", Value::Null)).await.refusal()["field"], json!(["card"]));
        assert_eq!(send(apply(&ids[0], "MERCHANT_ACCOUNT", card.clone())).await.refusal()["field"], json!(["card"]));
        assert_eq!(send(apply(&ids[0], "MERCHANT_ACCOUNT", Value::Null)).await.refusal()["field"], json!(["paidBuyerBy"]));
        let misread = json!({ "bank": "ICBC_DEBIT", "number": "6222-02", "holder": "王小花" });
        assert_eq!(send(apply(&ids[0], "USER_BANK_CARD", misread)).await.refusal()["field"], json!(["card", "number"]));
        assert_eq!(shop.desk.mutate("applyAbnormalRefund", apply(&ids[0], "MERCHANT_ACCOUNT", Value::Null), "replayed").await.fault(), "FORBIDDEN");
        let sent = send(apply(&ids[0], "USER_BANK_CARD", card.clone())).await;
        assert_eq!(sent.text("applyAbnormalRefund.refund.status"), "PROCESSING");
        assert_eq!(send(apply(&ids[0], "USER_BANK_CARD", card.clone())).await.refused(), "WRONG_STATE");
        // The answer is lost: what became of it is found by asking.
        app.standin.set_fault(&format!("{REFUNDS}/50"), Fault::after(FaultKind::Reset));
        let mut lost = paid(apply(&ids[1], "MERCHANT_ACCOUNT", Value::Null));
        lost["idempotencyKey"] = json!("to-the-merchant");
        assert_eq!(send(lost.clone()).await.refused(), "PAYMENT_UNAVAILABLE");
        assert_eq!(send(lost).await.ok("applyAbnormalRefund.replayed"), json!(true));
        assert_eq!(refund_status(&desk, &orders[1]).await, "ABNORMAL");
        app.advance(Duration::seconds(70)).await;
        assert_eq!(refund_status(&desk, &orders[1]).await, "PROCESSING");
        app.advance(Duration::minutes(2)).await;
        app.advance(Duration::minutes(2)).await;
        for order in &orders {
            assert_eq!((refund_status(&desk, order).await, shop.order_status(buyer, order).await), ("SUCCEEDED".into(), "REFUNDED".into()));
        }
        assert_eq!(stuck(&desk).await, []);
        assert_eq!(shop.takings(), 0);
        assert_eq!(actions(&desk).await, ["ABNORMAL_REFUND_APPLIED"; 2]);
        let trail = desk.gql("{ auditTrail { nodes { why } } }", json!({})).await.ok("auditTrail.nodes");
        assert!(trail.to_string().contains("the buyer being paid by Alipay 2026030122001"), "{trail}");
        let kept = idempotency::Entity::find().all(app.app.db.read()).await.expect("a read");
        assert!(!format!("{kept:?}").contains("6222"), "a card is kept nowhere");
    }

    async fn each_refund_that_is_stuck_names_its_way_out(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let orders = [shop.bought(buyer, &[(0, 1)]).await, shop.bought(buyer, &[(0, 1)]).await];
        let mchid = &shop.brand.account.mchid;
        app.standin.set_balance(mchid, -2 * PRICE);
        shop.cancel(buyer, &orders[0]).await.ok("cancelOrder.order.id");
        app.settle().await;
        app.advance(Duration::minutes(61)).await;
        let desk = finance(shop).await;
        assert_eq!(stuck(&desk).await, [action("REFUND_UNFUNDED", "TOP_UP")]);
        app.standin.set_balance(mchid, 0);
        let input = |refund: &str| json!({ "refundId": refund, "why": "topped up" });
        let id = refund_id(&desk, &orders[0]).await;
        let merchandiser = shop.brand.merchandiser().await;
        assert_eq!(merchandiser.mutate("hastenRefund", input(&id), "replayed").await.fault(), "FORBIDDEN");
        desk.mutate("hastenRefund", input(&id), "refund { id }").await.ok("hastenRefund.refund.id");
        app.settle().await;
        assert_eq!(refund_status(&desk, &orders[0]).await, "SUCCEEDED");
        assert_eq!(stuck(&desk).await, []);
        assert_eq!(desk.mutate("hastenRefund", input(&id), "replayed").await.refused(), "WRONG_STATE");
        app.standin.set_switches(Switches { refund_seconds: 10 * 86_400, ..Switches::default() });
        let buyer = &shop.back(buyer).await;
        shop.cancel(buyer, &orders[1]).await.ok("cancelOrder.order.id");
        app.settle().await;
        app.advance(Duration::days(5)).await;
        let desk = finance(shop).await;
        assert_eq!(stuck(&desk).await, [action("REFUND_SLOW", "HASTEN_REFUND")]);
        let id = refund_id(&desk, &orders[1]).await;
        desk.mutate("hastenRefund", input(&id), "refund { id }").await.ok("hastenRefund.refund.id");
        app.settle().await;
        assert_eq!(actions(&desk).await, ["REFUND_HASTENED"; 2]);
    }

    async fn a_brand_sets_how_it_returns_money_within_what_the_law_leaves(app) {
        let shop = &Shop::open(app, &[9], json!({ "moq": 5 })).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 1)]).await;
        let desk = finance(shop).await;
        let set = async |days: i64, interest: i64| {
            let input = json!({ "refundDays": days, "lateInterestBp": interest });
            desk.mutate("setRefundTerms", input, "brand { refundDays lateInterestBp }").await
        };
        assert_eq!(set(16, 300).await.refusal()["field"], json!(["refundDays"]));
        assert_eq!(set(0, 300).await.refused(), "INVALID");
        assert_eq!(set(3, 3_601).await.refusal()["field"], json!(["lateInterestBp"]));
        let input = json!({ "refundDays": 3, "lateInterestBp": 500 });
        assert_eq!(shop.desk.mutate("setRefundTerms", input, "replayed").await.fault(), "FORBIDDEN");
        assert_eq!(set(3, 500).await.ok("setRefundTerms.brand"), json!({ "refundDays": 3, "lateInterestBp": 500 }));
        let shown = buyer.person.gql("{ viewer { brand { refundDays lateInterestBp } } }", json!({})).await;
        assert_eq!(shown.ok("viewer.brand"), json!({ "refundDays": 3, "lateInterestBp": 500 }));
        shop.act("closePresale").await.ok("closePresale.presale.id");
        app.settle().await;
        let query = "query($id: ID!) { refunds(orderId: $id) { nodes { dueAt } } }";
        let due = buyer.person.gql(query, json!({ "id": order })).await.text("refunds.nodes.0.dueAt");
        assert_eq!(due.parse::<DateTime<Utc>>().expect("an instant"), app.now() + Duration::days(3));
        assert_eq!(actions(&desk).await, ["REFUND_TERMS_SET"]);
    }

    async fn what_bills_named_is_remembered_with_its_fee(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 1)]).await;
        app.advance(NIGHT).await;
        let attempt = attempt_of(app, &order).await;
        let entry = bill_entry::Entity::find_by_id((shop.brand.id, attempt.id)).one(app.app.db.read()).await;
        let entry = entry.expect("a read").expect("an entry");
        assert_eq!((entry.attempt_id, entry.amount, entry.fee), (Some(attempt.id), PRICE, 119));
        let desk = finance(shop).await;
        let query = "query($id: ID!) { ledgerEntries(orderId: $id, first: 10) { nodes { event memo } } }";
        let found = desk.gql(query, json!({ "id": order })).await;
        assert_eq!(found.ok("ledgerEntries.nodes.0"), json!({ "event": "PROVIDER_FEE", "memo": "bill of 2026-03-02" }));
    }
}
