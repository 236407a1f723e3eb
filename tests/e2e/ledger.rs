//! The books: what happens to money is booked once, with what happens, and nobody changes it unseen.

use std::collections::BTreeSet;

use chrono::Duration;
use entity::staff::StaffRole;
use entity::{journal, journal_line, ledger_head};
use futures_util::future::join_all;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use smallbatch::base::id::OrderId;
use smallbatch::base::tx::By;
use smallbatch::flow::payment::ledger::rules::{self, Event, Party};
use smallbatch::flow::payment::{self, Settled, ledger};
use smallbatch::invariants;
use smallbatch::wechat::pay::RefundStatus;
use smallbatch::wechat::standin::Switches;
use tests::{Brand, Person};

use super::payment::{attempt_of, late_attempt, pay_directly};
use super::shop::{PRICE, Shop};
use super::*;

const DESK: &str = "{ financeDesk { depositsHeld { minorUnits } memberPayments { minorUnits } clearing { minorUnits } \
    refundsPayable { minorUnits } ledgerHead { seq hash } } }";

/// Clearing, member payments and refunds payable, as the desk shows them.
async fn held(finance: &Person<'_>) -> (i64, i64, i64) {
    let desk = finance.gql(DESK, json!({})).await;
    let on = |account: &str| desk.int(&format!("financeDesk.{account}.minorUnits"));
    (on("clearing"), on("memberPayments"), on("refundsPayable"))
}

async fn revenue(finance: &Person<'_>) -> i64 {
    let query =
        "{ ledgerStatement(from: \"2026-01-01\", to: \"2026-12-31\", account: REVENUE) { closing { minorUnits } } }";
    finance.gql(query, json!({})).await.int("ledgerStatement.closing.minorUnits")
}

/// `EVENT fen` of the entries about an order, oldest first.
async fn entries(finance: &Person<'_>, order: &str) -> Vec<String> {
    let query = "query($id: ID!) { ledgerEntries(orderId: $id, first: 100) { edges { node { event lines { debit { minorUnits } } } } } }";
    let found = finance.gql(query, json!({ "id": order })).await.ok("ledgerEntries.edges");
    let describe = |edge: &Value| {
        let node = &edge["node"];
        let debits =
            node["lines"].as_array().expect("lines").iter().filter_map(|line| line["debit"]["minorUnits"].as_i64());
        format!("{} {}", node["event"].as_str().expect("an event"), debits.sum::<i64>())
    };
    found.as_array().expect("a list").iter().rev().map(describe).collect()
}

/// Rules of the books that do not hold.
async fn broken(app: &TestApp) -> BTreeSet<&'static str> {
    let findings = invariants::check(app.app.db.read()).await.expect("the invariants can be checked");
    let broken = findings.into_iter().filter(|finding| finding.breaches > 0 && finding.area == "ledger");
    broken.map(|finding| finding.rule).collect()
}

const HASHED: &str = "each journal and its lines are as they were hashed";
const NUMBERED: &str = "journals of a brand are numbered without gap";
const LINKED: &str = "each journal carries the hash of the one before it";
const ENDS: &str = "each chain ends where its head says";
const BALANCES: &str = "every journal balances, in one currency, on two lines or more";
const OF_AN_ORDER: &str = "what is held, earned or forfeited of an order is what was paid and not refunded";
const CLEARING: &str = "clearing is what was paid, less refunds that arrived, fees and pay-outs";
const BOOKED: &str = "a paid attempt is booked once, over its amount and on its order; an unpaid one never";

async fn journals(app: &TestApp) -> Vec<journal::Model> {
    let all = journal::Entity::find().order_by_asc(journal::Column::Seq);
    all.all(app.app.db.read()).await.expect("a read")
}

/// Adds fen to the lines of a journal: to the debited what is taken from the credited.
async fn inflate(app: &TestApp, of: &journal::Model, fen: i64) {
    for (side, fen) in [(journal_line::Column::Amount.gt(0), fen), (journal_line::Column::Amount.lt(0), -fen)] {
        journal_line::Entity::update_many()
            .col_expr(journal_line::Column::Amount, Expr::col(journal_line::Column::Amount).add(fen))
            .filter(journal_line::Column::JournalId.eq(of.id))
            .filter(side)
            .exec(app.app.db.read())
            .await
            .expect("a write");
    }
}

/// Says that the lines of a journal are about another order.
async fn hang_on(app: &TestApp, of: &journal::Model, order: Option<uuid::Uuid>) {
    journal_line::Entity::update_many()
        .col_expr(journal_line::Column::OrderId, Expr::value(order))
        .filter(journal_line::Column::JournalId.eq(of.id))
        .exec(app.app.db.read())
        .await
        .expect("a write");
}

/// Takes a journal out of the books; what was taken.
async fn tear_out(app: &TestApp, of: &journal::Model) -> Vec<journal_line::Model> {
    let db = app.app.db.read();
    let lines = journal_line::Entity::find().filter(journal_line::Column::JournalId.eq(of.id));
    let lines = lines.all(db).await.expect("a read");
    journal_line::Entity::delete_many()
        .filter(journal_line::Column::JournalId.eq(of.id))
        .exec(db)
        .await
        .expect("a write");
    journal::Entity::delete_many().filter(journal::Column::Id.eq(of.id)).exec(db).await.expect("a write");
    lines
}

async fn put_back(app: &TestApp, of: &journal::Model, lines: Vec<journal_line::Model>) {
    let db = app.app.db.read();
    journal::Entity::insert(of.clone().into_active_model()).exec_without_returning(db).await.expect("a write");
    let lines = lines.into_iter().map(IntoActiveModel::into_active_model);
    journal_line::Entity::insert_many(lines).exec_without_returning(db).await.expect("a write");
}

/// A batch of `sold` that was made, sent and dispatched.
async fn dispatched(brand: &Brand<'_>, sold: &tests::floor::Sold<'_>, factory: &Person<'_>, made: i32) {
    let batch = brand.released(&sold.presale, &[factory]).await;
    let epoch = factory.takes(&batch).await;
    let cells = sold.cells(&[("red/S", made)]);
    factory.packs(&batch, epoch, cells.clone()).await;
    factory.ships(&batch, epoch, "SF100001", cells, true).await.ok("shipBatch.batch");
    let query = "query($id: ID!) { packingList(batchId: $id) { nodes { parcel { id } } } }";
    let packed = brand.owner.gql(query, json!({ "id": batch })).await.ok("packingList.nodes");
    let parcels = packed.as_array().expect("a list").iter().enumerate().map(
        |(n, node)| json!({ "parcelId": node["parcel"]["id"], "carrier": "SF", "trackingNo": format!("SF20000{n}") }),
    );
    let input = json!({ "batchId": batch, "parcels": parcels.collect::<Vec<_>>() });
    brand.owner.mutate("dispatchParcels", input, "parcels { id }").await.ok("dispatchParcels.parcels");
}

async fn confirm(buyer: &Person<'_>, order: &str) {
    let input = json!({ "orderId": order });
    buyer.mutate("confirmReceipt", input, "delivery { orderId }").await.ok("confirmReceipt.delivery");
}

e2e! {
    async fn a_payment_and_its_refund_are_booked_with_what_they_do(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let finance = shop.brand.staff(StaffRole::Finance).await;
        assert_eq!(held(&finance).await, (0, 0, 0));
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 2)]).await;
        assert_eq!(held(&finance).await, (2 * PRICE, 2 * PRICE, 0));
        app.standin.set_switches(Switches { refund_seconds: 3600, duplicate: true, ..Switches::default() });
        shop.cancel(buyer, &order).await.ok("cancelOrder.order.id");
        app.settle().await;
        assert_eq!(held(&finance).await, (2 * PRICE, 0, 2 * PRICE));
        app.advance(Duration::hours(2)).await;
        assert_eq!(held(&finance).await, (0, 0, 0));
        let booked = entries(&finance, &order).await;
        assert_eq!(booked, ["PAYMENT_SETTLED", "REFUND_REQUESTED", "REFUND_SUCCEEDED"].map(|event| format!("{event} {}", 2 * PRICE)));
    }

    async fn an_entry_says_who_what_and_why_and_is_chained_to_the_one_before(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 1)]).await;
        shop.cancel(buyer, &order).await.ok("cancelOrder.order.id");
        app.settle().await;
        let query = "{ ledgerEntries(first: 2) { edges { cursor node { seq event eventName memo actorKind order { id } hash previousHash \
            lines { account accountName debit { minorUnits } credit { minorUnits } orderId } } } pageInfo { hasNextPage } totalCount } }";
        let page = finance.gql(query, json!({})).await;
        assert_eq!((page.int("ledgerEntries.totalCount"), page.ok("ledgerEntries.pageInfo.hasNextPage")), (3, json!(true)));
        let (newest, asked) = (page.ok("ledgerEntries.edges.0.node"), page.ok("ledgerEntries.edges.1.node"));
        assert_eq!((&newest["seq"], &newest["actorKind"]), (&json!(3), &json!("WECHAT")));
        assert_eq!((&asked["seq"], &asked["event"], &asked["memo"], &asked["actorKind"]),
            (&json!(2), &json!("REFUND_REQUESTED"), &json!("cancelled"), &json!("MEMBER")));
        assert_eq!(asked["order"]["id"], json!(order));
        assert_eq!(newest["previousHash"], asked["hash"]);
        let line = |account: &str, name: &str, debit: Value, credit: Value| {
            json!({ "account": account, "accountName": name, "debit": debit, "credit": credit, "orderId": order })
        };
        let fen = json!({ "minorUnits": PRICE });
        assert_eq!(asked["lines"], json!([
            line("MEMBER_PAYMENTS", "Member payments", fen.clone(), Value::Null),
            line("REFUNDS_PAYABLE", "Refunds payable", Value::Null, fen),
        ]));
        let rest = "query($after: String) { ledgerEntries(first: 2, after: $after) { edges { node { seq previousHash } } } }";
        let rest = finance.gql(rest, json!({ "after": page.text("ledgerEntries.edges.1.cursor") })).await;
        assert_eq!(rest.ok("ledgerEntries.edges"), json!([{ "node": { "seq": 1, "previousHash": "0".repeat(64) } }]));
        let desk = finance.gql(DESK, json!({})).await;
        assert_eq!(desk.ok("financeDesk.ledgerHead"), json!({ "seq": 3, "hash": newest["hash"] }));
        let narrowed = "query($day: NaiveDate!, $account: LedgerAccount) { ledgerEntries(from: $day, to: $day, account: $account) { edges { node { seq } } } }";
        let count = async |day: &str, account: &str| {
            let found = finance.gql(narrowed, json!({ "day": day, "account": account })).await;
            found.ok("ledgerEntries.edges").as_array().map(Vec::len)
        };
        assert_eq!(count("2026-03-02", "MEMBER_PAYMENTS").await, Some(2));
        assert_eq!(count("2026-03-02", "REVENUE").await, Some(0));
        assert_eq!(count("2026-03-01", "MEMBER_PAYMENTS").await, Some(0));
    }

    async fn a_payment_that_nothing_needed_is_booked_apart_and_leaves_again(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 1)]).await;
        let number = late_attempt(app, &order).await;
        pay_directly(shop, buyer, &number, PRICE).await;
        app.settle().await;
        assert_eq!(held(&finance).await, (PRICE, PRICE, 0));
        let booked = entries(&finance, &order).await;
        assert_eq!(booked, ["PAYMENT_SETTLED", "PAYMENT_SURPLUS", "REFUND_REQUESTED", "REFUND_SUCCEEDED"].map(|event| format!("{event} {PRICE}")));
    }

    async fn a_refund_that_wechat_closed_is_owed_no_more_until_it_is_sent_again(app) {
        let shop = &Shop::open(app, &[5], json!({})).await;
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 1)]).await;
        app.standin.set_switches(Switches { refund_result: RefundStatus::Closed, ..Switches::default() });
        shop.cancel(buyer, &order).await.ok("cancelOrder.order.id");
        app.settle().await;
        assert_eq!(held(&finance).await, (PRICE, PRICE, 0));
        app.standin.set_switches(Switches::default());
        let found = finance.gql("{ refunds(status: [CLOSED]) { nodes { id } } }", json!({})).await;
        let input = json!({ "refundId": found.text("refunds.nodes.0.id") });
        finance.mutate("retryRefund", input, "refund { id }").await.ok("retryRefund.refund.id");
        app.settle().await;
        assert_eq!(held(&finance).await, (0, 0, 0));
        let events: Vec<_> = entries(&finance, &order).await.iter().map(|entry| entry.replace(&format!(" {PRICE}"), "")).collect();
        assert_eq!(events, ["PAYMENT_SETTLED", "REFUND_REQUESTED", "REFUND_CLOSED", "REFUND_REQUESTED", "REFUND_SUCCEEDED"]);
    }

    async fn an_order_that_is_received_is_earned_but_for_what_was_refunded(app) {
        // WeChat Pay's fees, which its bills bring, are of other tests.
        app.standin.set_switches(Switches { fee_per_ten_thousand: 0, ..Switches::default() });
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let finance = brand.staff(StaffRole::Finance).await;
        let sold = brand.sold(&[&[("red/S", 2)], &[("red/S", 2)]]).await;
        dispatched(&brand, &sold, &factory, 3).await;
        let ((first, one), (_, two)) = (&sold.orders[0], &sold.orders[1]);
        assert_eq!((held(&finance).await, revenue(&finance).await), ((4 * PRICE, 4 * PRICE, 0), 0));
        confirm(first, one).await;
        assert_eq!((held(&finance).await, revenue(&finance).await), ((4 * PRICE, 2 * PRICE, 0), 2 * PRICE));
        let short = json!({ "orderId": two, "why": "one piece short" });
        finance.mutate("refundShortPieces", short, "refund { id }").await.ok("refundShortPieces.refund.id");
        app.settle().await;
        assert_eq!((held(&finance).await, revenue(&finance).await), ((3 * PRICE, PRICE, 0), 2 * PRICE));
        app.advance(Duration::days(11)).await;
        let finance = brand.staff(StaffRole::Finance).await;
        assert_eq!((held(&finance).await, revenue(&finance).await), ((3 * PRICE, 0, 0), 3 * PRICE));
        assert_eq!(entries(&finance, two).await.last(), Some(&format!("REVENUE_RECOGNISED {PRICE}")));
    }

    async fn a_part_refund_that_was_closed_is_sent_again_once_and_taken_from_what_was_earned(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let finance = brand.staff(StaffRole::Finance).await;
        let sold = brand.sold(&[&[("red/S", 3)]]).await;
        dispatched(&brand, &sold, &factory, 2).await;
        let (buyer, order) = &sold.orders[0];
        app.standin.set_switches(Switches { refund_result: RefundStatus::Closed, refund_seconds: 60, ..Switches::default() });
        finance.mutate("refundShortPieces", json!({ "orderId": order }), "refund { id }").await.ok("refundShortPieces.refund.id");
        app.settle().await;
        confirm(buyer, order).await;
        assert_eq!((held(&finance).await, revenue(&finance).await), ((3 * PRICE, 0, PRICE), 2 * PRICE));
        app.advance(Duration::hours(1)).await;
        assert_eq!((held(&finance).await, revenue(&finance).await), ((3 * PRICE, 0, 0), 3 * PRICE), "closed when it was earned");
        app.standin.set_switches(Switches::default());
        let found = finance.gql("{ refunds(status: [CLOSED]) { nodes { id } } }", json!({})).await;
        let input = json!({ "refundId": found.text("refunds.nodes.0.id"), "why": "the account is open again" });
        finance.mutate("retryRefund", input.clone(), "refund { id }").await.ok("retryRefund.refund.id");
        assert_eq!(finance.mutate("retryRefund", input, "refund { id }").await.refused(), "WRONG_STATE", "the payment covers it twice");
        app.settle().await;
        assert_eq!((held(&finance).await, revenue(&finance).await), ((2 * PRICE, 0, 0), 2 * PRICE));
    }

    async fn payments_that_meet_at_two_servers_are_booked_once_in_one_chain(app) {
        let shop = &Shop::open(app, &[50], json!({})).await;
        let second = app.sibling().await;
        let mut reports = Vec::new();
        app.standin.set_switches(Switches { drop: true, ..Switches::default() });
        for n in 0..12 {
            let buyer = shop.buyer(&format!("buyer-{n}")).await;
            let order = shop.placed(&buyer, &[(0, 1)]).await;
            shop.pay_in_wechat(&buyer, &order).await;
            let number = attempt_of(app, &order).await.out_trade_no;
            reports.push(app.app.wechat.query(&shop.brand.account, &number).await.expect("WeChat knows it"));
        }
        let account = &shop.brand.account;
        let account = smallbatch::wechat::Account { brand_id: shop.brand.id, ..account.clone() };
        let settle = |server, report| payment::settle(server, &account, report);
        let both = reports.iter().flat_map(|report| [settle(&app.app, report), settle(&second.app, report)]);
        let outcomes: Vec<_> = join_all(both).await.into_iter().map(|outcome| outcome.expect("settled")).collect();
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Settled::Paid).count(), 12);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Settled::Repeat).count(), 12);
        assert_eq!(journals(app).await.iter().map(|journal| journal.seq).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
        second.finish().await;
    }

    async fn nothing_is_booked_twice_and_what_is_undone_is_not_booked(app) {
        let brand = app.brand("sb").await;
        let withdrawn = |source_id| {
            rules::withdrawn(&Event { source_id, order_id: None, party: Party::Nobody, currency: "CNY", amount: 5 }).expect("balanced")
        };
        let source = app.app.ids.next();
        let post = |again: bool| {
            app.app.write(brand.id, move |tx| async move {
                ledger::record(&tx, By::SYSTEM, withdrawn(source));
                if again {
                    ledger::record(&tx, By::SYSTEM, withdrawn(source));
                }
                Ok(())
            })
        };
        post(true).await.expect_err("twice in one transaction");
        assert!(journals(app).await.is_empty());
        post(false).await.expect("once");
        post(false).await.expect_err("and again");
        assert_eq!(journals(app).await.len(), 1);
        let failed = app.app.write(brand.id, |tx| async move {
            ledger::record(&tx, By::SYSTEM, withdrawn(tx.new_id()));
            Err::<(), _>(smallbatch::error::Error::not_found("something else"))
        });
        failed.await.expect_err("rolled back");
        let head = ledger_head::Entity::find_by_id(brand.id).one(app.app.db.read()).await.expect("a read").expect("a head");
        assert_eq!((head.seq, journals(app).await.len()), (1, 1));
    }

    async fn whoever_tampers_with_the_books_is_found_out(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let (li, wu) = (shop.buyer("li").await, shop.buyer("wu").await);
        let (one, two) = (shop.bought(&li, &[(0, 2)]).await, shop.bought(&wu, &[(0, 1)]).await);
        shop.cancel(&li, &one).await.ok("cancelOrder.order.id");
        app.settle().await;
        assert_eq!(broken(app).await, BTreeSet::new());
        let all = journals(app).await;
        let [first, second, .., last] = &all[..] else { panic!("several journals") };

        inflate(app, first, 100).await;
        let found = broken(app).await;
        assert!([HASHED, OF_AN_ORDER, CLEARING, BOOKED].iter().all(|rule| found.contains(rule)), "{found:?}");
        assert!(!found.contains(BALANCES), "it was done with care: {found:?}");
        inflate(app, first, -100).await;

        let orders = [&one, &two].map(|order| OrderId::parse(order).expect("an order").0);
        hang_on(app, first, Some(orders[1])).await;
        hang_on(app, second, Some(orders[0])).await;
        let found = broken(app).await;
        assert!([HASHED, OF_AN_ORDER, BOOKED].iter().all(|rule| found.contains(rule)), "{found:?}");
        hang_on(app, first, Some(orders[0])).await;
        hang_on(app, second, Some(orders[1])).await;

        let lines = tear_out(app, second).await;
        let found = broken(app).await;
        assert!([NUMBERED, LINKED, OF_AN_ORDER, CLEARING, BOOKED].iter().all(|rule| found.contains(rule)), "{found:?}");
        put_back(app, second, lines).await;

        let lines = tear_out(app, last).await;
        let found = broken(app).await;
        assert!(found.contains(ENDS) && !found.contains(NUMBERED), "{found:?}");
        put_back(app, last, lines).await;
        assert_eq!(broken(app).await, BTreeSet::new());
    }

    async fn a_payment_is_settled_and_booked_in_few_statements(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        app.standin.set_switches(Switches { drop: true, ..Switches::default() });
        let buyer = &shop.buyer("li").await;
        let order = shop.placed(buyer, &[(0, 1)]).await;
        shop.pay_in_wechat(buyer, &order).await;
        let confirmed = buyer.person.mutate("confirmPayment", json!({ "orderId": order }), "order { status }").await;
        assert_eq!(confirmed.text("confirmPayment.order.status"), "PAID");
        assert!(confirmed.statements() <= 21, "{} statements", confirmed.statements());
    }
}
