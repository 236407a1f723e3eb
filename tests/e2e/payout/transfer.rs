//! Transfers: confirmed, forgotten, taken back, refused, lost; paid once in the end.

use super::*;
use crate::shop::Shop;
use entity::subscribe_message::MessagePurpose;
use entity::transfer::{self, Column};
use sea_orm::{EntityTrait, QueryOrder};
use smallbatch::wechat::pay::{Transfer, TransferScene, TransferState};
use smallbatch::wechat::standin::{CallbackFault, Fault, FaultKind, ScriptedRefusal, Switches};
use tests::template;

/// Fen of transfers that WeChat's books say reached `mei`, and how many bills there are.
fn in_wechats_books(trade: &Trade<'_>) -> (i64, usize) {
    let books = trade.app.standin.books(&trade.brand.account.mchid);
    let arrived = books.transfers.iter().filter(|bill| bill.state == TransferState::Success && bill.openid == "mei");
    (arrived.map(|bill| bill.amount_fen).sum(), books.transfers.len())
}

/// What `mei` earned in March is asked to be paid in May.
async fn paying<'a>(app: &'a TestApp, orders: &[i32]) -> Trade<'a> {
    let (trade, _) = Trade::earned(app, orders).await;
    trade.until(MAY).await;
    trade.pay_commission().await.ok("payCommission.transfers");
    app.settle().await;
    trade
}

async fn cancel(trade: &Trade<'_>, id: &Value) -> Answer {
    let input = json!({ "transferId": id, "why": "she asked for it" });
    trade.finance().await.mutate("cancelTransfer", input, "transfer { status cancelRequestedAt }").await
}

e2e! {
    async fn she_confirms_and_has_the_money(app) {
        let trade = paying(app, &[1, 2]).await;
        let mei = trade.mei().await;
        let waiting = params(&mei).await;
        assert_eq!(waiting.len(), 1);
        let account = &trade.brand.account;
        assert_eq!((text(&waiting[0]["mchId"]), text(&waiting[0]["appId"])), (account.mchid.clone(), account.appid.clone()));
        let told = mei.gql("{ viewer { inbox(first: 1) { nodes { body subjectId } } } myPayouts { nodes { id } } }", json!({})).await;
        assert_eq!(told.ok("viewer.inbox.nodes.0.subjectId"), told.ok("myPayouts.nodes.0.id"));
        assert!(told.text("viewer.inbox.nodes.0.body").contains("¥59.70"));
        assert!(params(&trade.brand.member("li").await).await.is_empty());
        let staff = "{ transfers { nodes { params { package } member { id } } } }";
        let seen = trade.finance().await.gql(staff, json!({})).await.ok("transfers.nodes");
        assert_eq!(seen, json!([{ "params": null, "member": { "id": mei.id } }]), "only she confirms");
        assert_eq!(trade.commissions().await, [format!("PAYING {SHARE} 0"), format!("PAYING {} 0", 2 * SHARE)]);
        assert_eq!((trade.payable().await, trade.pay_commission().await.refused()), (3 * SHARE, "WRONG_STATE".to_owned()));
        app.standin.set_switches(Switches { duplicate: true, transfer_seconds: 60, ..Switches::default() });
        assert_eq!(trade.confirms("mei").await, 1);
        app.advance(Duration::seconds(30)).await;
        assert_eq!(trade.transfer_states().await, ["TRANSFERRING"]);
        app.advance(Duration::hours(1)).await;
        assert_eq!(trade.transfer_states().await, ["SUCCEEDED"]);
        assert_eq!(trade.commissions().await, [format!("PAID {SHARE} 0"), format!("PAID {} 0", 2 * SHARE)]);
        assert_eq!((trade.payable().await, in_wechats_books(&trade), params(&trade.mei().await).await), (0, (3 * SHARE, 1), vec![]));
        let earnings = "{ myEarnings { frozen { minorUnits } available { minorUnits } paying { minorUnits } paid { minorUnits } } }";
        let fen = |fen: i64| json!({ "minorUnits": fen });
        assert_eq!(trade.mei().await.gql(earnings, json!({})).await.ok("myEarnings"),
            json!({ "frozen": fen(0), "available": fen(0), "paying": fen(0), "paid": fen(3 * SHARE) }));
        let trail = "{ auditTrail { nodes { action subject amount { minorUnits } staff { id } } } }";
        let deed = trade.finance().await.gql(trail, json!({})).await.ok("auditTrail.nodes.0");
        assert_eq!((&deed["action"], &deed["subject"], &deed["amount"]), (&json!("COMMISSION_PAID"), &json!(mei.id), &fen(3 * SHARE)));
    }

    async fn the_same_request_pays_once(app) {
        let (trade, _) = Trade::earned(app, &[1]).await;
        trade.until(MAY).await;
        let finance = trade.finance().await;
        let input = json!({ "memberId": trade.mei.id, "idempotencyKey": "pay-mei-for-march" });
        let fields = "replayed transfers { id }";
        let (one, other) = tokio::join!(finance.mutate("payCommission", input.clone(), fields), finance.mutate("payCommission", input.clone(), fields));
        assert_eq!(one.ok("payCommission.transfers"), other.ok("payCommission.transfers"));
        let (one, other) = (trade.pay_commission(), trade.pay_commission());
        let (one, other) = tokio::join!(one, other);
        assert_eq!((one.refused(), other.refused()), ("WRONG_STATE".to_owned(), "WRONG_STATE".to_owned()));
        for person in [&trade.mei().await, &trade.brand.merchandiser().await] {
            assert_eq!(person.mutate("payCommission", json!({ "memberId": trade.mei.id }), "transfers { id }").await.fault(), "FORBIDDEN");
        }
        let foreign = app.brand("other").await.owner.clone();
        assert_eq!(foreign.mutate("payCommission", json!({ "memberId": trade.mei.id }), "transfers { id }").await.fault(), "NOT_FOUND");
        assert_eq!(cancel_as(&foreign, &one_transfer(app).await).await.fault(), "NOT_FOUND");
        app.settle().await;
        assert_eq!(in_wechats_books(&trade).1, 1);
    }

    async fn what_is_not_confirmed_in_a_day_is_paid_again_under_another_number(app) {
        let trade = paying(app, &[1]).await;
        let lapsed = params(&trade.mei().await).await;
        app.advance(Duration::hours(24)).await;
        let first = trade.transfers().await.remove(0);
        assert_eq!((&first["status"], &first["failReason"]), (&json!("FAILED"), &json!("OVERDUE_CLOSE")));
        assert_eq!(trade.commissions().await, [format!("AVAILABLE {SHARE} {SHARE}")]);
        assert_eq!(trade.stuck().await, ["CAME_TO_NOTHING PAY_COMMISSION"]);
        trade.pay_commission().await.ok("payCommission.transfers");
        app.settle().await;
        assert!(trade.stuck().await.is_empty(), "it is on its way again");
        assert!(app.standin.confirm_transfer(&text(&lapsed[0]["package"]), "mei").is_err());
        assert_eq!(trade.confirms("mei").await, 1);
        let second = trade.transfers().await.remove(1);
        assert_eq!(second["status"], json!("SUCCEEDED"));
        assert_ne!(first["outBillNo"], second["outBillNo"]);
        assert_eq!((in_wechats_books(&trade), trade.payable().await), ((SHARE, 2), 0));
    }

    async fn a_lapse_that_nobody_told_is_found_by_asking(app) {
        let trade = paying(app, &[1]).await;
        app.standin.set_callback_fault("MCHTRANSFER", CallbackFault::Drop, u32::MAX);
        app.advance(Duration::hours(24)).await;
        app.advance(Duration::minutes(31)).await;
        assert_eq!(trade.transfer_states().await, ["FAILED"]);
        trade.pay_commission().await.ok("payCommission.transfers");
        app.settle().await;
        trade.confirms("mei").await;
        app.advance(Duration::minutes(31)).await;
        assert_eq!((trade.transfer_states().await, in_wechats_books(&trade).0), (vec!["FAILED".to_owned(), "SUCCEEDED".to_owned()], SHARE));
    }

    async fn news_that_comes_late_changes_nothing(app) {
        let trade = paying(app, &[1]).await;
        app.standin.set_callback_fault("MCHTRANSFER", CallbackFault::Delay(3 * 3600), 1);
        trade.confirms("mei").await;
        app.advance(Duration::hours(1)).await;
        assert_eq!(trade.transfer_states().await, ["SUCCEEDED"], "found by asking");
        app.advance(Duration::hours(3)).await;
        assert_eq!((trade.transfer_states().await, trade.payable().await), (vec!["SUCCEEDED".to_owned()], 0));
    }

    async fn finance_takes_a_transfer_back_that_is_not_confirmed(app) {
        let trade = paying(app, &[1]).await;
        let id = trade.transfers().await[0]["id"].clone();
        let asked = cancel(&trade, &id).await;
        assert_eq!(asked.text("cancelTransfer.transfer.status"), "WAITING");
        assert!(params(&trade.mei().await).await.is_empty(), "there is nothing to confirm any more");
        assert_eq!(cancel(&trade, &id).await.refused(), "WRONG_STATE");
        app.settle().await;
        assert_eq!(trade.transfer_states().await, ["CANCELLED"]);
        assert_eq!(trade.commissions().await, [format!("AVAILABLE {SHARE} {SHARE}")]);
        assert_eq!(cancel(&trade, &id).await.refused(), "WRONG_STATE");
        trade.pay_commission().await.ok("payCommission.transfers");
        app.settle().await;
        assert_eq!((trade.confirms("mei").await, in_wechats_books(&trade)), (1, (SHARE, 2)));
    }

    async fn a_transfer_that_she_confirmed_faster_goes_on(app) {
        let trade = paying(app, &[1]).await;
        let waiting = params(&trade.mei().await).await;
        app.standin.set_switches(Switches { transfer_seconds: 600, ..Switches::default() });
        app.standin.confirm_transfer(&text(&waiting[0]["package"]), "mei").expect("WeChat takes it");
        let id = trade.transfers().await[0]["id"].clone();
        cancel(&trade, &id).await.ok("cancelTransfer.transfer");
        app.settle().await;
        assert_eq!(trade.transfer_states().await, ["TRANSFERRING"]);
        app.advance(Duration::hours(1)).await;
        assert_eq!((trade.transfer_states().await, trade.payable().await), (vec!["SUCCEEDED".to_owned()], 0));
    }

    async fn an_empty_account_is_told_and_the_transfer_waits_under_its_number(app) {
        let (trade, _) = Trade::earned(app, &[1]).await;
        trade.until(MAY).await;
        // What `li` paid is counted, too.
        app.standin.set_balance(&trade.brand.account.mchid, SHARE - 1 - PIECE);
        trade.pay_commission().await.ok("payCommission.transfers");
        app.settle().await;
        assert_eq!(trade.stuck().await, ["UNFUNDED TOP_UP"]);
        let number = trade.transfers().await.remove(0);
        assert!(text(&number["lastError"]).contains("NOT_ENOUGH"));
        app.advance(Duration::hours(2)).await;
        assert_eq!((trade.transfer_states().await, in_wechats_books(&trade).1), (vec!["CREATED".to_owned()], 0));
        app.standin.set_balance(&trade.brand.account.mchid, SHARE - PIECE);
        app.advance(Duration::hours(2)).await;
        assert_eq!((trade.stuck().await, trade.confirms("mei").await), (vec![], 1));
        let paid = trade.transfers().await.remove(0);
        assert_eq!((&paid["status"], &paid["outBillNo"]), (&json!("SUCCEEDED"), &number["outBillNo"]));
    }

    async fn an_unknown_outcome_never_pays_twice(app) {
        let (trade, _) = Trade::earned(app, &[1]).await;
        trade.until(MAY).await;
        use FaultKind::{Accepted, BadGateway, Reset, SystemError, Tampered, WrongKey};
        let faults = [SystemError, Reset, BadGateway, Tampered, WrongKey, Accepted];
        for kind in faults {
            app.standin.set_fault(TRANSFERS, Fault::after(kind));
        }
        trade.pay_commission().await.ok("payCommission.transfers");
        app.settle().await;
        assert_eq!((trade.transfer_states().await, in_wechats_books(&trade).1), (vec!["CREATED".to_owned()], 1), "WeChat has it and we do not know");
        for _ in faults {
            app.advance(Duration::minutes(10)).await;
        }
        assert_eq!(trade.transfer_states().await, ["WAITING"]);
        assert_eq!(trade.confirms("mei").await, 1, "the repeated call brought what she confirms with");
        assert_eq!((in_wechats_books(&trade), trade.payable().await), ((SHARE, 1), 0));
    }

    async fn a_waiting_transfer_is_told_by_message_in_the_morning(app) {
        let (trade, _) = Trade::earned(app, &[1]).await;
        let (appid, template) = (&trade.brand.account.appid, template(MessagePurpose::Transfer));
        app.standin.accept_subscribe(appid, "mei", template);
        app.settle().await;
        trade.until(MAY).await;
        trade.pay_commission().await.ok("payCommission.transfers");
        app.settle().await;
        assert_eq!((trade.transfer_states().await, app.standin.sent_messages(appid)), (vec!["WAITING".to_owned()], vec![]), "it is midnight");
        app.advance(Duration::hours(8)).await;
        let sent = app.standin.sent_messages(appid);
        let [sent] = &sent[..] else { panic!("one message: {sent:#?}") };
        assert_eq!((sent.openid.as_str(), sent.template_id.as_str()), ("mei", template));
        let told = [("thing1", "推广佣金"), ("amount2", "¥19.90"), ("time3", "2026年05月02日 00:00")];
        assert_eq!(sent.data, told.map(|(key, text)| (key.to_owned(), text.to_owned())).into());
        let id = trade.mei().await.gql("{ myPayouts { nodes { id } } }", json!({})).await.text("myPayouts.nodes.0.id");
        assert_eq!(sent.page, Some(format!("pages/transfer/index?id={id}")));
    }

    async fn a_transfer_that_wechat_never_took_is_given_up_only_when_that_is_certain(app) {
        let (trade, _) = Trade::earned(app, &[1]).await;
        trade.until(MAY).await;
        app.standin.refuse(TRANSFERS, ScriptedRefusal { status: 403, code: "NO_AUTH".to_owned(), message: "商户号未开通".to_owned(), times: 1 });
        trade.pay_commission().await.ok("payCommission.transfers");
        app.settle().await;
        let id = trade.transfers().await[0]["id"].clone();
        cancel(&trade, &id).await.ok("cancelTransfer.transfer");
        app.settle().await;
        assert_eq!(trade.transfer_states().await, ["CREATED"], "it may be on its way to WeChat");
        app.advance(Duration::minutes(10)).await;
        assert_eq!((trade.transfer_states().await, in_wechats_books(&trade).1), (vec!["CANCELLED".to_owned()], 0));
        assert_eq!(trade.commissions().await, [format!("AVAILABLE {SHARE} {SHARE}")]);
    }

    async fn what_wechat_refuses_for_an_hour_is_on_the_desk(app) {
        let (trade, _) = Trade::earned(app, &[1]).await;
        trade.until(MAY).await;
        app.standin.refuse(TRANSFERS, ScriptedRefusal { status: 403, code: "RULE_LIMIT".to_owned(), message: "超出限额".to_owned(), times: 40 });
        trade.pay_commission().await.ok("payCommission.transfers");
        app.settle().await;
        assert!(trade.stuck().await.is_empty());
        app.advance(Duration::minutes(61)).await;
        assert_eq!(trade.stuck().await, ["FAILING CANCEL_TRANSFER"]);
        app.standin.clear_faults(TRANSFERS);
        app.advance(Duration::hours(1)).await;
        assert_eq!((trade.stuck().await, trade.confirms("mei").await), (vec![], 1));
    }

    async fn more_than_a_transfer_takes_goes_in_several(app) {
        let trade = paying(app, &[6, 5]).await;
        let amounts: Vec<_> = trade.transfers().await.iter().map(|row| row["amount"]["minorUnits"].clone()).collect();
        assert_eq!(amounts, [json!(10_945), json!(10_945)], "two of at most 200 yuan");
        let waiting = params(&trade.mei().await).await;
        app.standin.confirm_transfer(&text(&waiting[0]["package"]), "mei").expect("WeChat takes it");
        app.advance(Duration::hours(25)).await;
        let mut states = trade.transfer_states().await;
        states.sort();
        assert_eq!(states, ["FAILED", "SUCCEEDED"]);
        assert_eq!((trade.payable().await, in_wechats_books(&trade).0), (10_945, 10_945));
        assert_eq!(trade.pay_commission().await.int("payCommission.transfers.0.amount.minorUnits"), 10_945);
        app.settle().await;
        trade.confirms("mei").await;
        assert_eq!(trade.commissions().await, [format!("PAID {} 0", 6 * SHARE), format!("PAID {} 0", 5 * SHARE)]);
    }

    async fn a_run_pays_every_koc_to_whom_enough_is_available_once(app) {
        let mut trade = Trade::open(app).await;
        let ling = trade.brand.koc("ling").await;
        let code = ling.gql("{ viewer { kocCode } }", json!({})).await.text("viewer.kocCode");
        let orders = [trade.bought("li", 1, json!({})).await, trade.bought("wu", 2, json!({ "kocCode": code })).await];
        trade.delivered(&app.factory("One").await).await;
        for order in &orders {
            trade.brand.settles(order).await;
        }
        let input = json!({ "idempotencyKey": "march-in-may" });
        let fields = "replayed run { payees amount { minorUnits } }";
        let early = trade.finance().await.mutate("payCommissions", json!({}), fields).await;
        assert_eq!(early.ok("payCommissions.run"), json!({ "payees": 0, "amount": { "minorUnits": 0 } }));
        trade.until(MAY).await;
        let finance = trade.finance().await;
        let run = finance.mutate("payCommissions", input.clone(), fields).await;
        assert_eq!(run.ok("payCommissions.run"), json!({ "payees": 2, "amount": { "minorUnits": 3 * SHARE } }));
        let again = finance.mutate("payCommissions", input, fields).await;
        assert_eq!((again.ok("payCommissions.replayed"), again.ok("payCommissions.run")), (json!(true), run.ok("payCommissions.run")));
        app.settle().await;
        assert_eq!(trade.transfer_states().await, ["WAITING", "WAITING"]);
        assert_eq!((trade.confirms("mei").await, trade.confirms("ling").await, trade.payable().await), (1, 1, 0));
        let more = finance.mutate("payCommissions", json!({}), fields).await;
        assert_eq!(more.int("payCommissions.run.payees"), 0);
    }

    async fn news_of_a_transfer_that_is_not_ours_waits_for_a_person(app) {
        let trade = Trade::open(app).await;
        let (wechat, account) = (&app.app.wechat, &trade.brand.account);
        let transfer = Transfer {
            out_bill_no: "NOTOURS1".to_owned(),
            openid: "mei".to_owned(),
            amount_fen: 100,
            user_name: None,
            remark: "by hand".to_owned(),
            scene: TransferScene::Compensation { reason: "by hand".to_owned() },
            notify_url: wechat.public_url(&format!("/wechat/pay/{}", account.slug)),
        };
        let package = wechat.transfer(account, &transfer).await.expect("taken").package_info.expect("a package");
        app.standin.confirm_transfer(&package, "mei").expect("WeChat takes it");
        app.settle().await;
        let desk = "{ financeDesk { stuck { items { cause providerEvent { number problem kind } } } } }";
        let items = trade.finance().await.gql(desk, json!({})).await.ok("financeDesk.stuck.items");
        let event = json!({ "number": "NOTOURS1", "problem": "no payout of ours: transfer NOTOURS1", "kind": "pay.transfer" });
        assert_eq!(items, json!([{ "cause": "MISMATCH", "providerEvent": event }]));
    }

    async fn a_payout_is_found_by_its_id_by_whom_it_concerns_and_is_nothing_to_others(app) {
        let trade = paying(app, &[1]).await;
        let mei = trade.mei().await;
        let own = mei.gql("{ myCommissions { nodes { id } } myPayouts { nodes { id } } }", json!({})).await;
        let foreign = app.brand("other").await.owner.clone();
        for (kind, id) in [("Commission", own.text("myCommissions.nodes.0.id")), ("Transfer", own.text("myPayouts.nodes.0.id"))] {
            let query = "query($id: ID!) { node(id: $id) { __typename id } }";
            let seen = json!({ "__typename": kind, "id": id });
            let people = [
                (mei.clone(), true), (trade.finance().await, true), (trade.brand.merchandiser().await, false),
                (trade.brand.member("li").await, false), (foreign.clone(), false),
            ];
            for (person, sees) in people {
                let answer = person.gql(query, json!({ "id": id })).await;
                assert_eq!(answer.at("node"), if sees { &seen } else { &Value::Null }, "{kind}");
            }
        }
    }

    async fn interest_is_paid_together_with_what_else_the_buyer_is_owed(app) {
        let shop = &Shop::open(app, &[9], json!({ "plan": { "deposit": { "amount": 3_000, "balanceDays": 3 } } })).await;
        let buyer = &shop.buyer("li").await;
        shop.committed(buyer, &[(0, 2)]).await;
        shop.closed().await;
        app.standin.set_switches(Switches { refund_seconds: 3600 * 24 * 16, ..Switches::default() });
        shop.act("cancelPresale").await.ok("cancelPresale.presale.id");
        for _ in 0..17 {
            app.advance(Duration::days(1)).await;
        }
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let owed = "{ compensations { nodes { id reason status refundId amount { minorUnits } } } }";
        let nodes = finance.gql(owed, json!({})).await.ok("compensations.nodes");
        let rows: Vec<_> = nodes.as_array().expect("a list").iter().map(|row| (text(&row["reason"]), row["amount"]["minorUnits"].as_i64())).collect();
        assert_eq!(rows, [("LATE_INTEREST".to_owned(), Some(1)), ("DEPOSIT_DOUBLED".to_owned(), Some(6_000))]);
        assert!(nodes[0]["refundId"].is_string());
        let node = "query($id: ID!) { node(id: $id) { ... on Compensation { reason } } }";
        assert_eq!(finance.gql(node, json!({ "id": nodes[0]["id"] })).await.text("node.reason"), "LATE_INTEREST");
        assert!(shop.back(buyer).await.person.gql(node, json!({ "id": nodes[0]["id"] })).await.at("node").is_null());
        let input = json!({ "compensationId": nodes[0]["id"] });
        let paid = finance.mutate("payCompensation", input, "transfers { amount { minorUnits } }").await;
        assert_eq!(paid.ok("payCompensation.transfers"), json!([{ "amount": { "minorUnits": 6_001 } }]));
        app.settle().await;
        let waiting = params(&shop.brand.member("li").await).await;
        app.standin.confirm_transfer(&text(&waiting[0]["package"]), "li").expect("WeChat takes it");
        app.settle().await;
        let nodes = finance.gql(owed, json!({})).await.ok("compensations.nodes");
        assert_eq!((&nodes[0]["status"], &nodes[1]["status"]), (&json!("PAID"), &json!("PAID")));
    }

    async fn a_few_fen_wait_for_more(app) {
        let shop = &Shop::open(app, &[9], json!({ "moq": 4 })).await;
        let buyer = &shop.buyer("li").await;
        shop.bought(buyer, &[(0, 1)]).await;
        app.standin.set_switches(Switches { refund_seconds: 3600 * 24 * 16, ..Switches::default() });
        shop.closed().await;
        for _ in 0..17 {
            app.advance(Duration::days(1)).await;
        }
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let found = finance.gql("{ compensations { nodes { id amount { minorUnits } } } }", json!({})).await;
        assert_eq!(found.int("compensations.nodes.0.amount.minorUnits"), 2);
        let input = json!({ "compensationId": found.text("compensations.nodes.0.id") });
        let refused = finance.mutate("payCompensation", input, "transfers { id }").await.refusal();
        assert!(text(&refused["message"]).contains("¥0.02"), "{refused}");
        assert_eq!(finance.gql("{ compensations { nodes { status } } }", json!({})).await.ok("compensations.nodes"), json!([{ "status": "OWED" }]));
    }

    async fn a_broken_promise_is_paid_for_like_a_commission(app) {
        let shop = &Shop::open(app, &[9], json!({ "plan": { "deposit": { "amount": 3_000, "balanceDays": 3 } } })).await;
        let buyer = &shop.buyer("li").await;
        shop.committed(buyer, &[(0, 2)]).await;
        shop.closed().await;
        shop.act("cancelPresale").await.ok("cancelPresale.presale.id");
        app.settle().await;
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let owed = "{ compensations { nodes { id status paidAt } } financeDesk { compensationPayable { minorUnits } } payoutDesk { compensationsOwed { count } } }";
        let id = finance.gql(owed, json!({})).await.text("compensations.nodes.0.id");
        let pay = async || finance.mutate("payCompensation", json!({ "compensationId": id }), "transfers { kind amount { minorUnits } }").await;
        assert_eq!(buyer.person.mutate("payCompensation", json!({ "compensationId": id }), "transfers { id }").await.fault(), "FORBIDDEN");
        assert_eq!(pay().await.ok("payCompensation.transfers"), json!([{ "kind": "COMPENSATION", "amount": { "minorUnits": 6_000 } }]));
        app.settle().await;
        assert_eq!(pay().await.refusal()["actual"], json!("paying"));
        app.advance(Duration::hours(25)).await;
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let seen = finance.gql(owed, json!({})).await;
        assert_eq!((seen.text("compensations.nodes.0.status"), seen.int("payoutDesk.compensationsOwed.count")), ("OWED".to_owned(), 1));
        let desk = "{ payoutDesk { stuck { items { nextAction } } } }";
        assert_eq!(finance.gql(desk, json!({})).await.ok("payoutDesk.stuck.items"), json!([{ "nextAction": "PAY_COMPENSATION" }]));
        let pay = async || finance.mutate("payCompensation", json!({ "compensationId": id }), "transfers { id }").await;
        pay().await.ok("payCompensation.transfers");
        app.settle().await;
        let waiting = params(&shop.brand.member("li").await).await;
        app.standin.confirm_transfer(&text(&waiting[0]["package"]), "li").expect("WeChat takes it");
        app.settle().await;
        let seen = finance.gql(owed, json!({})).await;
        assert_eq!((seen.text("compensations.nodes.0.status"), seen.int("financeDesk.compensationPayable.minorUnits")), ("PAID".to_owned(), 0));
        assert!(seen.ok("compensations.nodes.0.paidAt").is_string());
        assert_eq!(pay().await.refusal()["actual"], json!("paid"));
    }
}

/// The only transfer there is.
async fn one_transfer(app: &TestApp) -> Value {
    let row = transfer::Entity::find().order_by_asc(Column::Id).one(app.app.db.read()).await.expect("a read");
    json!(smallbatch::base::id::TransferId::new(row.expect("a transfer").id).to_string())
}

async fn cancel_as(person: &Person<'_>, id: &Value) -> Answer {
    person.mutate("cancelTransfer", json!({ "transferId": id }), "transfer { id }").await
}
