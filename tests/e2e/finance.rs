//! The finance desk: statements, what is stuck and what to do about it, and who did what.

use chrono::Duration;
use entity::staff::StaffRole;
use serde_json::{Value, json};
use smallbatch::base::tx::By;
use smallbatch::flow::payment::ledger;
use smallbatch::flow::payment::ledger::rules::{self, Event, Party};
use smallbatch::wechat::pay::RefundStatus;
use smallbatch::wechat::standin::{Fault, FaultKind, Switches};
use tests::Person;
use uuid::Uuid;

use super::payment::{REFUNDS, attempt_of, pay_directly};
use super::shop::{PRICE, Shop};
use super::*;

const STATEMENT: &str = "query($from: NaiveDate!, $to: NaiveDate!, $account: LedgerAccount!) { \
    ledgerStatement(from: $from, to: $to, account: $account) { accountName normalSide opening { minorUnits } \
    closing { minorUnits } days { date debit { minorUnits } credit { minorUnits } closing { minorUnits } } } }";
const STUCK: &str = "{ financeDesk { refundsOnTheirWay { count amount { minorUnits } } attemptsOpen { count amount { minorUnits } } \
    stuck { totalCount items { cause nextAction ageMinutes amount { minorUnits } order { id } refund { id status } why \
    providerEvent { eventId kind number problem } } } } }";

async fn statement(finance: &Person<'_>, from: &str, to: &str) -> tests::Answer {
    finance.gql(STATEMENT, json!({ "from": from, "to": to, "account": "MEMBER_PAYMENTS" })).await
}

/// Status, body and content type of the CSV.
async fn csv(person: &Person<'_>, query: &str, language: &str) -> (u16, String, String) {
    let app = person.app();
    let mut request =
        app.http.get(format!("{}/finance/statement.csv?{query}", app.url)).header("accept-language", language);
    if let Some(token) = &person.token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.expect("the server answers");
    let content_type = answer.headers()["content-type"].to_str().expect("text").to_owned();
    let (status, bytes) = (answer.status().as_u16(), answer.bytes().await.expect("a body"));
    (status, String::from_utf8(bytes.to_vec()).expect("UTF-8"), content_type)
}

async fn refusal(person: &Person<'_>, query: &str) -> (u16, String) {
    let (status, body, _) = csv(person, query, "en").await;
    let body: Value = serde_json::from_str(&body).expect("JSON");
    (status, body["error"]["code"].as_str().expect("a code").to_owned())
}

/// (cause, next action, minutes, fen) of what is stuck, oldest first.
fn stuck(desk: &tests::Answer) -> Vec<(String, String, i64, i64)> {
    let items = desk.ok("financeDesk.stuck.items");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let item = |item: &Value| {
        let minutes = item["ageMinutes"].as_i64().expect("minutes");
        (text(&item["cause"]), text(&item["nextAction"]), minutes, item["amount"]["minorUnits"].as_i64().expect("fen"))
    };
    items.as_array().expect("a list").iter().map(item).collect()
}

e2e! {
    async fn a_statement_runs_by_days_of_the_brand_from_its_opening_to_its_closing(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        shop.bought(buyer, &[(0, 1)]).await;
        // Ten in the evening in Shanghai, and an hour past its midnight: one day in UTC.
        app.advance(Duration::hours(12)).await;
        let second = shop.bought(buyer, &[(0, 2)]).await;
        app.advance(Duration::hours(3)).await;
        shop.cancel(buyer, &second).await.ok("cancelOrder.order.id");
        app.settle().await;
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let fen = |fen: i64| json!({ "minorUnits": fen });
        let both = statement(&finance, "2026-03-01", "2026-03-31").await;
        let day = |date: &str, debit, credit, closing| json!({ "date": date, "debit": fen(debit), "credit": fen(credit), "closing": fen(closing) });
        assert_eq!(both.ok("ledgerStatement"), json!({
            "accountName": "Member payments", "normalSide": "CREDIT", "opening": fen(0), "closing": fen(PRICE),
            "days": [day("2026-03-02", 0, 3 * PRICE, 3 * PRICE), day("2026-03-03", 2 * PRICE, 0, PRICE)],
        }));
        let later = statement(&finance, "2026-03-03", "2026-03-03").await;
        assert_eq!(later.ok("ledgerStatement.opening"), fen(3 * PRICE));
        assert_eq!(later.ok("ledgerStatement.days"), json!([day("2026-03-03", 2 * PRICE, 0, PRICE)]));
        assert!(later.statements() <= 4, "{} statements", later.statements());
        let quiet = statement(&finance, "2026-04-01", "2026-04-30").await;
        assert_eq!((quiet.ok("ledgerStatement.closing"), quiet.ok("ledgerStatement.days")), (fen(PRICE), json!([])));
        assert_eq!(statement(&finance, "2026-03-02", "2026-03-01").await.fault(), "INVALID");
        assert_eq!(statement(&finance, "2025-03-01", "2026-03-02").await.fault(), "INVALID");
        assert_eq!(statement(&shop.desk, "2026-03-01", "2026-03-31").await.fault(), "FORBIDDEN");
        let foreign = app.brand("other").await;
        let theirs = statement(&foreign.owner, "2026-03-01", "2026-03-31").await;
        assert_eq!(theirs.ok("ledgerStatement.days"), json!([]));
    }

    async fn a_statement_is_taken_home_as_csv(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 1)]).await;
        shop.cancel(buyer, &order).await.ok("cancelOrder.order.id");
        app.settle().await;
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let asked = "from=2026-03-02&to=2026-03-02&account=MEMBER_PAYMENTS";
        let (status, file, content_type) = csv(&finance, asked, "en").await;
        assert_eq!((status, content_type.as_str()), (200, "text/csv; charset=utf-8"));
        let number = finance.gql("query($id: ID!) { order(id: $id) { orderNo } }", json!({ "id": order })).await.text("order.orderNo");
        let lines: Vec<_> = file.strip_prefix('\u{feff}').expect("a mark that it is UTF-8").lines().collect();
        assert_eq!(lines, [
            "Date,Time,No.,Event,Order no.,Memo,Debit (yuan),Credit (yuan),Balance (yuan),Debit less credit (fen),Balance (fen),Currency".to_owned(),
            "2026-03-02,,,Opening balance,,Member payments,,,0.00,,0,CNY".to_owned(),
            format!("2026-03-02,10:00:00,1,Payment,{number},,,199.00,199.00,-{PRICE},{PRICE},CNY"),
            format!("2026-03-02,10:00:00,2,Refund requested,{number},cancelled,199.00,,0.00,{PRICE},0,CNY"),
            "2026-03-02,,,Closing balance,,Member payments,,,0.00,,0,CNY".to_owned(),
        ]);
        let (_, chinese, _) = csv(&finance, asked, "zh-CN").await;
        assert!(chinese.contains("期初余额") && chinese.contains("预收货款") && chinese.contains("退款申请"), "{chinese}");
        assert_eq!(refusal(&app.caller(None), asked).await, (401, "UNAUTHENTICATED".to_owned()));
        assert_eq!(refusal(&shop.desk, asked).await, (403, "FORBIDDEN".to_owned()));
        assert_eq!(refusal(&buyer.person, asked).await, (403, "FORBIDDEN".to_owned()));
        for wrong in ["", "from=2026-03-02&to=2026-03-02&account=GOLD", "from=yesterday&to=2026-03-02&account=BANK", "to=2026-03-02&account=BANK"] {
            assert_eq!(refusal(&finance, wrong).await, (400, "BAD_REQUEST".to_owned()), "{wrong}");
        }
        assert_eq!(refusal(&finance, "from=2026-03-03&to=2026-03-02&account=BANK").await, (422, "INVALID".to_owned()));
        let foreign = app.brand("other").await;
        let (_, theirs, _) = csv(&foreign.owner, asked, "en").await;
        assert_eq!(theirs.lines().count(), 3, "nothing of another brand");
    }

    async fn a_large_statement_comes_page_by_page_and_no_text_of_it_is_a_formula(app) {
        let brand = app.brand("sb").await;
        let sources: Vec<Uuid> = (0..2_500).map(|_| app.app.ids.next()).collect();
        app.app.write(brand.id, |tx| {
            let sources = sources.clone();
            async move {
                for source_id in sources {
                    let of = Event { source_id, order_id: None, party: Party::Nobody, currency: "CNY", amount: 3 };
                    ledger::record(&tx, By::SYSTEM, rules::withdrawn(&of)?.because("=HYPERLINK(\"//x\")"));
                }
                Ok(())
            }
        }).await.expect("many in one go");
        let (status, file, _) = csv(&brand.owner, "from=2026-01-01&to=2026-12-31&account=BANK", "en").await;
        let lines: Vec<_> = file.lines().collect();
        assert_eq!((status, lines.len()), (200, 2_503));
        for (n, line) in lines[2..2_502].iter().enumerate() {
            let balance = 3 * (n + 1);
            let end = format!(",0.03,,{}.{:02},3,{balance},CNY", balance / 100, balance % 100);
            assert!(line.ends_with(&end) && line.contains(",\"'=HYPERLINK("), "{line}");
        }
        assert_eq!(lines[2_502], "2026-12-31,,,Closing balance,,Bank,,,75.00,,7500,CNY");
    }

    async fn the_desk_shows_what_is_stuck_with_its_age_its_order_and_what_to_do(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let orders = [shop.bought(buyer, &[(0, 1)]).await, shop.bought(buyer, &[(0, 1)]).await, shop.bought(buyer, &[(0, 2)]).await];
        shop.placed(buyer, &[(0, 1)]).await;
        for (order, result) in orders.iter().zip([RefundStatus::Abnormal, RefundStatus::Closed]) {
            app.standin.set_switches(Switches { refund_result: result, ..Switches::default() });
            shop.cancel(buyer, order).await.ok("cancelOrder.order.id");
            app.settle().await;
        }
        app.standin.set_switches(Switches::default());
        app.standin.set_fault(REFUNDS, Fault { times: 4, ..Fault::before(FaultKind::SystemError) });
        shop.cancel(buyer, &orders[2]).await.ok("cancelOrder.order.id");
        app.settle().await;
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let row = |cause: &str, action: &str, minutes, fen| (cause.to_owned(), action.to_owned(), minutes, fen);
        let desk = finance.gql(STUCK, json!({})).await;
        assert_eq!(stuck(&desk), [row("REFUND_ABNORMAL", "APPLY_ABNORMAL_REFUND", 0, PRICE), row("REFUND_CLOSED", "RETRY_REFUND", 0, PRICE)]);
        assert_eq!(desk.ok("financeDesk.refundsOnTheirWay"), json!({ "count": 1, "amount": { "minorUnits": 2 * PRICE } }));
        app.advance(Duration::minutes(61)).await;
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let desk = finance.gql(STUCK, json!({})).await;
        assert_eq!(stuck(&desk), [
            row("REFUND_ABNORMAL", "APPLY_ABNORMAL_REFUND", 61, PRICE),
            row("REFUND_CLOSED", "RETRY_REFUND", 61, PRICE),
            row("REFUND_FAILING", "HASTEN_REFUND", 61, 2 * PRICE),
        ]);
        let items = desk.ok("financeDesk.stuck.items");
        for (item, order) in items.as_array().expect("a list").iter().zip(&orders) {
            assert_eq!(item["order"]["id"], json!(order));
        }
        assert!(items[2]["why"].is_string(), "{items:#}");
        let retry = json!({ "refundId": items[1]["refund"]["id"], "why": "the buyer has a new card" });
        finance.mutate("retryRefund", retry, "refund { id }").await.ok("retryRefund.refund.id");
        let causes: Vec<_> = stuck(&finance.gql(STUCK, json!({})).await).into_iter().map(|(cause, ..)| cause).collect();
        assert_eq!(causes, ["REFUND_ABNORMAL", "REFUND_FAILING"], "sent again, it is on its way");
        for _ in 0..4 {
            app.advance(Duration::hours(1)).await;
        }
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let causes: Vec<_> = stuck(&finance.gql(STUCK, json!({})).await).into_iter().map(|(cause, ..)| cause).collect();
        assert_eq!(causes, ["REFUND_ABNORMAL"], "the rest went on by itself");
    }

    async fn money_that_fits_nothing_waits_for_a_person_who_says_how_it_was_settled(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.placed(buyer, &[(0, 1)]).await;
        app.standin.set_fault("/v3/pay/transactions/jsapi", Fault { times: 2, ..Fault::before(FaultKind::SystemError) });
        assert_eq!(shop.pay(buyer, &order).await.refused(), "PAYMENT_UNAVAILABLE");
        let number = attempt_of(app, &order).await.out_trade_no;
        pay_directly(shop, buyer, &number, 1).await;
        app.settle().await;
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let desk = finance.gql(STUCK, json!({})).await;
        assert_eq!(stuck(&desk), [("MISMATCH".to_owned(), "RESOLVE_PROVIDER_EVENT".to_owned(), 0, 1)]);
        assert_eq!(desk.text("financeDesk.stuck.items.0.order.id"), order);
        assert_eq!(desk.text("financeDesk.stuck.items.0.providerEvent.number"), number);
        let event = desk.text("financeDesk.stuck.items.0.providerEvent.eventId");
        let input = |note: &str| json!({ "eventId": event, "note": note, "idempotencyKey": format!("settle {note}").replace(' ', "-") });
        let fields = "replayed providerEvent { resolution resolvedBy { id } }";
        for other in [&shop.desk, &buyer.person] {
            assert_eq!(other.mutate("resolveProviderEvent", input("sent back"), fields).await.fault(), "FORBIDDEN");
        }
        let foreign = app.brand("other").await;
        assert_eq!(foreign.owner.mutate("resolveProviderEvent", input("sent back"), fields).await.fault(), "NOT_FOUND");
        assert_eq!(finance.mutate("resolveProviderEvent", json!({ "eventId": event, "note": " " }), fields).await.refused(), "INVALID");
        let done = finance.mutate("resolveProviderEvent", input("sent back"), fields).await;
        assert_eq!(done.ok("resolveProviderEvent.providerEvent"), json!({ "resolution": "sent back", "resolvedBy": { "id": finance.id } }));
        let again = finance.mutate("resolveProviderEvent", input("sent back"), fields).await;
        assert_eq!(again.ok("resolveProviderEvent.replayed"), json!(true));
        assert_eq!(finance.mutate("resolveProviderEvent", input("kept it"), fields).await.refused(), "WRONG_STATE");
        assert_eq!(finance.gql(STUCK, json!({})).await.int("financeDesk.stuck.totalCount"), 0);
        let trail = "{ auditTrail { totalCount edges { node { action subject why amount { minorUnits } order { id } staff { id } actorKind } } } }";
        assert_eq!(finance.gql(trail, json!({})).await.ok("auditTrail"), json!({ "totalCount": 1, "edges": [{ "node": {
            "action": "PROVIDER_EVENT_RESOLVED", "subject": event, "why": "sent back", "amount": { "minorUnits": 1 },
            "order": { "id": order }, "staff": { "id": finance.id }, "actorKind": "STAFF" } }] }));
        assert_eq!(shop.desk.gql(trail, json!({})).await.fault(), "FORBIDDEN");
    }

    async fn a_mismatch_that_only_a_question_brings_to_light_is_on_the_desk_once(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.placed(buyer, &[(0, 1)]).await;
        app.standin.set_switches(Switches { drop: true, ..Switches::default() });
        shop.pay_in_wechat(buyer, &order).await;
        // Our side came to believe in another price, as after restoring a backup.
        entity_amount(app, &order, PRICE - 1).await;
        let confirm = json!({ "orderId": order });
        for _ in 0..2 {
            buyer.person.mutate("confirmPayment", confirm.clone(), "order { status }").await.ok("confirmPayment.order");
        }
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let desk = finance.gql(STUCK, json!({})).await;
        assert_eq!(stuck(&desk), [("MISMATCH".to_owned(), "RESOLVE_PROVIDER_EVENT".to_owned(), 0, PRICE)]);
        assert_eq!(desk.text("financeDesk.stuck.items.0.providerEvent.kind"), "pay.query");
        assert_eq!(desk.text("financeDesk.stuck.items.0.order.id"), order);
        entity_amount(app, &order, PRICE).await;
        buyer.person.mutate("confirmPayment", confirm, "order { status }").await.ok("confirmPayment.order");
        assert_eq!(shop.order_status(buyer, &order).await, "PAID");
    }
}

async fn entity_amount(app: &TestApp, order: &str, fen: i64) {
    use entity::payment_attempt::{Column, Entity};
    use sea_orm::sea_query::Expr;
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    let id = attempt_of(app, order).await.id;
    Entity::update_many()
        .col_expr(Column::Amount, Expr::value(fen))
        .filter(Column::Id.eq(id))
        .exec(app.app.db.read())
        .await
        .expect("a write");
}
