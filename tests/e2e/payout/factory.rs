//! What factories are owed for accepted pieces, and what was paid to them by the bank.

use super::*;

const STATEMENT: &str = "query($id: ID!, $month: NaiveDate!) { factoryStatement(factoryId: $id, month: $month) { from to \
    opening { minorUnits } closing { minorUnits } payables { batchId batchNo pieces pricePerPiece { minorUnits } amount { minorUnits } } \
    payments { amount { minorUnits } paidOn reference } } }";
const MINE: &str = "query($id: ID!, $month: NaiveDate!) { myStatement(brandId: $id, month: $month) { closing { minorUnits } \
    payables { pieces } payments { reference } } }";

fn fen(fen: i64) -> Value {
    json!({ "minorUnits": fen })
}

async fn records(finance: &Person<'_>, factory: &Person<'_>, amount: i64, day: &str, reference: &str) -> Answer {
    let input = json!({ "factoryId": factory.id, "amount": amount, "paidOn": day, "reference": reference });
    finance.mutate("recordFactoryPayment", input, "payment { id amount { minorUnits } paidOn reference }").await
}

e2e! {
    async fn accepted_pieces_are_owed_and_a_bank_transfer_is_recorded_once_and_never_beyond(app) {
        let mut trade = Trade::open(app).await;
        trade.bought("li", 3, json!({})).await;
        let (factory, stranger) = (app.factory("One").await, app.factory("Two").await);
        let batch = trade.delivered(&factory).await;
        let finance = trade.finance().await;
        let month = json!({ "id": factory.id, "month": "2026-03-15" });
        assert_eq!(finance.gql(STATEMENT, month.clone()).await.fault(), "NOT_FOUND", "nothing was accepted yet");
        let input = json!({ "batchId": batch });
        trade.brand.owner.mutate("confirmBatchReceived", input, "batch { id }").await.ok("confirmBatchReceived.batch");
        app.settle().await;
        let seen = finance.gql(STATEMENT, month.clone()).await;
        assert_eq!((seen.text("factoryStatement.from"), seen.text("factoryStatement.to")), ("2026-03-01".into(), "2026-03-31".into()));
        let payable = seen.ok("factoryStatement.payables.0");
        assert_eq!((&payable["batchId"], &payable["pieces"], &payable["pricePerPiece"], &payable["amount"]), (&json!(batch), &json!(3), &fen(4_500), &fen(13_500)));
        assert_eq!((seen.ok("factoryStatement.opening"), seen.ok("factoryStatement.closing")), (fen(0), fen(13_500)));
        for (amount, day, reference, code) in [
            (13_501, "2026-03-02", "B-1", "INVALID"), (0, "2026-03-02", "B-1", "INVALID"),
            (100, "2026-03-03", "B-1", "INVALID"), (100, "2026-03-02", " ", "INVALID"),
        ] {
            assert_eq!(records(&finance, &factory, amount, day, reference).await.refused(), code, "{amount} {day} {reference}");
        }
        let first = records(&finance, &factory, 10_000, "2026-03-02", "B-1").await;
        assert_eq!(first.ok("recordFactoryPayment.payment.amount"), fen(10_000));
        let id = first.text("recordFactoryPayment.payment.id");
        let node = "query($id: ID!) { node(id: $id) { ... on FactoryPayment { reference amount { minorUnits } } } }";
        assert_eq!(finance.gql(node, json!({ "id": id })).await.ok("node"), json!({ "reference": "B-1", "amount": fen(10_000) }));
        assert!(trade.brand.merchandiser().await.gql(node, json!({ "id": id })).await.at("node").is_null());
        let twice = records(&finance, &factory, 100, "2026-03-02", "B-1").await.refusal();
        assert_eq!((&twice["code"], &twice["id"]), (&json!("ALREADY_DONE"), &first.ok("recordFactoryPayment.payment.id")));
        let (one, other) = tokio::join!(records(&finance, &factory, 3_500, "2026-03-02", "B-2"), records(&finance, &factory, 3_500, "2026-03-02", "B-3"));
        let refused = one.user_errors().len() + other.user_errors().len();
        assert_eq!(refused, 1, "together they are more than is owed");
        let seen = finance.gql(STATEMENT, month.clone()).await;
        assert_eq!((seen.ok("factoryStatement.closing"), seen.at("factoryStatement.payments").as_array().map(Vec::len)), (fen(0), Some(2)));
        let next = json!({ "id": factory.id, "month": "2026-04-01" });
        assert_eq!(finance.gql(STATEMENT, next).await.ok("factoryStatement.opening"), fen(0));
        let brand = smallbatch::base::id::BrandId::new(trade.brand.id).to_string();
        let own = factory.gql(MINE, json!({ "id": brand, "month": "2026-03-31" })).await.ok("myStatement");
        assert_eq!((&own["closing"], &own["payables"], &own["payments"][0]), (&fen(0), &json!([{ "pieces": 3 }]), &json!({ "reference": "B-1" })));
        assert_eq!(stranger.gql(MINE, json!({ "id": brand, "month": "2026-03-31" })).await.fault(), "NOT_FOUND");
        assert_eq!(finance.gql(MINE, json!({ "id": brand, "month": "2026-03-31" })).await.fault(), "FORBIDDEN");
        assert_eq!(app.brand("other").await.owner.gql(STATEMENT, month.clone()).await.fault(), "NOT_FOUND");
        for other in [&trade.mei, &factory, &trade.brand.merchandiser().await] {
            assert_eq!(other.gql(STATEMENT, month.clone()).await.fault(), "FORBIDDEN");
            assert_eq!(records(other, &factory, 1, "2026-03-02", "B-9").await.fault(), "FORBIDDEN");
        }
        let trail = "{ auditTrail { nodes { action amount { minorUnits } } } financeDesk { factoryPayable { minorUnits } } payoutDesk { factories { owed { minorUnits } } } }";
        let seen = finance.gql(trail, json!({})).await;
        assert_eq!(seen.ok("auditTrail.nodes.1"), json!({ "action": "FACTORY_PAYMENT_RECORDED", "amount": fen(10_000) }));
        assert_eq!((seen.ok("financeDesk.factoryPayable"), seen.ok("payoutDesk.factories")), (fen(0), json!([])));
    }

    async fn what_is_owed_is_on_the_desk_and_told_once(app) {
        let mut trade = Trade::open(app).await;
        trade.bought("li", 2, json!({})).await;
        let factory = app.factory("One").await;
        let batch = trade.delivered(&factory).await;
        trade.brand.owner.mutate("confirmBatchReceived", json!({ "batchId": batch }), "batch { id }").await.ok("confirmBatchReceived.batch");
        app.settle().await;
        let aggregate_id = smallbatch::base::id::BatchId::parse(&batch).expect("a batch").0;
        let told = smallbatch::worker::Event { brand_id: trade.brand.id, id: app.app.ids.next(), aggregate_id, kind: "batch.received".to_owned(), payload: json!({}) };
        let (one, other) = tokio::join!(smallbatch::flow::payout::on_event(&app.app, &told), smallbatch::flow::payout::on_event(&app.app, &told));
        one.and(other).expect("told again");
        let desk = "{ payoutDesk { factories { factory { id } accrued { minorUnits } paid { minorUnits } owed { minorUnits } } } }";
        let seen = trade.finance().await.gql(desk, json!({})).await.ok("payoutDesk.factories");
        assert_eq!(seen, json!([{ "factory": { "id": factory.id }, "accrued": fen(9_000), "paid": fen(0), "owed": fen(9_000) }]));
    }
}
