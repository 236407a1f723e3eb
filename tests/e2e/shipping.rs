//! Shipping information at WeChat: late promises are declared, parcels are told, and money settles when they have arrived.

use chrono::Duration;
use entity::staff::StaffRole;
use entity::{member, order, outbox};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use smallbatch::base::id::OrderId;
use smallbatch::flow::payment::declare;
use smallbatch::people::privacy;
use smallbatch::provider;
use smallbatch::wechat::push::{Push, PushEvent, SettlementMoment, TradeOrder};
use smallbatch::wechat::shipping::{OrderKey, OrderState, Parcel, Shipment, ShipmentKind, ShipmentOutcome};
use smallbatch::wechat::standin::{CallbackFault, Fault, FaultKind, ScriptedRefusal, Switches};
use tests::floor::Sold;
use tests::{Answer, Brand, Person};

use super::shop::{Buyer, PRICE, Shop};
use super::*;

const UPLOAD: &str = "/wxa/sec/order/upload_shipping_info";
const DECLARE: &str = "/wxa/sec/order/opspecialorder";
const CARRIERS: &str = "/cgi-bin/express/delivery/open_msg/get_delivery_list";
const SETTLEMENT: &str = "trade_manage_order_settlement";
const SHIPPING: &str = "query($id: ID!) { delivery(orderId: $id) { shipping { status problem lastError version isSplit isComplete \
    correctionsUsed isCorrectionUsed uploadedAt estimatedSettlementAt confirmedAt confirmedBy settledAt declaredUntil \
    declarationStatus declarationError outTradeNo transactionId amount { minorUnits } } } }";
const STUCK: &str = "{ financeDesk { stuck { totalCount items { cause nextAction why order { id } amount { minorUnits } \
    providerEvent { eventId kind number } } } } }";

/// Parcels in the brand's warehouse, each with its order.
struct Packed<'a> {
    brand: Brand<'a>,
    sold: Sold<'a>,
    batch: String,
    parcels: Vec<(String, String)>,
}

impl<'a> Packed<'a> {
    /// One order of red S, made and in a parcel for each of `shipments`.
    async fn of(app: &'a TestApp, shipments: &[i32]) -> Packed<'a> {
        let brand = app.brand("sb").await;
        let sold = brand.sold(&[&[("red/S", shipments.iter().sum())]]).await;
        let (batch, parcels) = made(app, &brand.owner, &sold.presale, sold.sku("red/S"), shipments).await;
        Packed { brand, sold, batch, parcels }
    }

    fn order(&self) -> &str {
        &self.sold.orders[0].1
    }

    /// Hands the `n`th parcel to a carrier, and has WeChat told.
    async fn sends(&self, n: usize, carrier: &str, tracking_no: &str) {
        dispatch(&self.brand.owner, &self.batch, &[(&self.parcels[n].0, carrier, tracking_no)]).await;
        self.brand.app.settle().await;
    }

    async fn records(&self) -> Vec<Value> {
        records(&self.owner().await, self.order()).await
    }

    /// What WeChat is told of the only payment.
    async fn record(&self) -> Value {
        self.records().await.remove(0)
    }

    /// Someone of the brand, signed in again after days.
    async fn owner(&self) -> Person<'a> {
        self.brand.staff(StaffRole::Owner).await
    }

    async fn status(&self) -> String {
        let query = "query($id: ID!) { order(id: $id) { status } }";
        self.owner().await.gql(query, json!({ "id": self.order() })).await.text("order.status")
    }

    /// What WeChat has of the only payment.
    async fn at_wechat(&self) -> OrderState {
        let number = self.record().await["outTradeNo"].as_str().expect("a number").to_owned();
        at_wechat(&self.brand, &number).await
    }

    async fn corrects(&self, who: &Person<'_>, n: usize, carrier: &str, tracking_no: &str) -> Answer {
        let input = json!({ "parcelId": self.parcels[n].0, "carrier": carrier, "trackingNo": tracking_no });
        let done = who.mutate("correctParcel", input, "replayed parcel { carrier trackingNo }").await;
        self.brand.app.settle().await;
        done
    }

    async fn retries(&self, who: &Person<'_>) -> Answer {
        let done = who.mutate("retryShipping", json!({ "orderId": self.order() }), "delivery { orderId }").await;
        self.brand.app.settle().await;
        done
    }

    async fn desk(&self) -> Vec<Value> {
        desk(&self.owner().await).await
    }

    /// The buyer returns all of her order.
    async fn goes_back(&self) {
        let (buyer, order) = &self.sold.orders[0];
        let query = "query($id: ID!) { order(id: $id) { lines { id } } }";
        let line = buyer.gql(query, json!({ "id": order })).await.text("order.lines.0.id");
        let input = json!({ "orderId": order, "lines": [{ "lineId": line, "pieces": 1 }], "reason": "torn" });
        let case = buyer.mutate("openAfterSales", input, "afterSales { id }").await;
        let input = json!({ "caseId": case.text("openAfterSales.afterSales.id"), "approve": true, "answer": "sorry" });
        let decided = self.brand.owner.mutate("decideAfterSales", input, "afterSales { id }").await;
        decided.ok("decideAfterSales.afterSales");
        self.brand.app.settle().await;
    }
}

impl Shop<'_> {
    /// An order whose first part and balance are paid.
    async fn paid_in_two(&self, buyer: &Buyer<'_>) -> String {
        let order = self.committed(buyer, &[(0, 1)]).await;
        self.closed().await;
        self.pay_in_wechat(buyer, &order).await;
        self.app.settle().await;
        assert_eq!(self.order_status(buyer, &order).await, "PAID");
        order
    }
}

/// Makes what is paid of a presale and packs it as it arrives; the batch and (parcel, order).
async fn made(
    app: &TestApp,
    staff: &Person<'_>,
    presale: &str,
    sku: &str,
    shipments: &[i32],
) -> (String, Vec<(String, String)>) {
    let factory = app.factory("One").await;
    let release = tests::floor::release_input(presale, &[&factory]);
    let released = staff.mutate("releaseBatch", release, "batch { id }").await;
    let batch = released.text("releaseBatch.batch.id");
    app.settle().await;
    let epoch = factory.takes(&batch).await;
    factory.packs(&batch, epoch, json!([{ "skuId": sku, "pieces": shipments.iter().sum::<i32>() }])).await;
    for (n, pieces) in shipments.iter().enumerate() {
        let cells = json!([{ "skuId": sku, "pieces": pieces }]);
        factory.ships(&batch, epoch, &format!("SF1000{n:02}"), cells, false).await.ok("shipBatch.batch");
    }
    let query = "query($id: ID!) { packingList(batchId: $id) { nodes { parcel { id orderId } } } }";
    let nodes = staff.gql(query, json!({ "id": batch })).await.ok("packingList.nodes");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let one = |node: &Value| (text(&node["parcel"]["id"]), text(&node["parcel"]["orderId"]));
    let parcels = nodes.as_array().expect("a list").iter().map(one).collect();
    (batch, parcels)
}

async fn dispatch(staff: &Person<'_>, batch: &str, parcels: &[(&str, &str, &str)]) {
    let one = |(id, carrier, tracking_no): &(&str, &str, &str)| json!({ "parcelId": id, "carrier": carrier, "trackingNo": tracking_no });
    let input = json!({ "batchId": batch, "parcels": parcels.iter().map(one).collect::<Vec<_>>() });
    staff.mutate("dispatchParcels", input, "parcels { id }").await.ok("dispatchParcels.parcels");
}

async fn records(staff: &Person<'_>, order: &str) -> Vec<Value> {
    let found = staff.gql(SHIPPING, json!({ "id": order })).await.ok("delivery.shipping");
    found.as_array().expect("a list").clone()
}

async fn desk(finance: &Person<'_>) -> Vec<Value> {
    let found = finance.gql(STUCK, json!({})).await.ok("financeDesk.stuck");
    let items = found["items"].as_array().expect("a list").clone();
    assert_eq!(found["totalCount"], json!(items.len()));
    items
}

async fn at_wechat(brand: &Brand<'_>, number: &str) -> OrderState {
    let key = OrderKey::OutTradeNo(number.to_owned());
    let known = brand.app.app.wechat.shipping_record(&brand.account, &key).await.expect("an answer");
    known.expect("a payment that WeChat knows")
}

async fn row(app: &TestApp, order: &str) -> order::Model {
    let id = OrderId::parse(order).expect("an order").0;
    let found = order::Entity::find().filter(order::Column::Id.eq(id)).one(app.app.db.read()).await;
    found.expect("a read").expect("an order")
}

/// How often it was told that the order's money has settled.
async fn tellings(app: &TestApp, order: &str) -> u64 {
    let id = OrderId::parse(order).expect("an order").0;
    let told = outbox::Entity::find()
        .filter(outbox::Column::AggregateId.eq(id))
        .filter(outbox::Column::Kind.eq("order.settled"));
    told.count(app.app.db.read()).await.expect("a read")
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value:#}"))
}

fn refuses(app: &TestApp, path: &str, code: &str) {
    let refusal = ScriptedRefusal { status: 200, code: code.into(), message: "不可".into(), times: 1 };
    app.standin.refuse(path, refusal);
}

e2e! {
    async fn what_was_paid_in_full_is_told_with_its_parcel_and_settles_after_ten_days(app) {
        let packed = Packed::of(app, &[2]).await;
        assert!(packed.record().await["status"].is_null(), "nothing has left");
        packed.sends(0, "顺丰速运", "SF2000001").await;
        let shipped_at = app.now();
        let record = packed.record().await;
        let shown = ["status", "version", "isSplit", "isComplete", "correctionsUsed", "isCorrectionUsed"].map(|name| record[name].clone());
        assert_eq!(shown, [json!("UPLOADED"), json!(1), json!(false), json!(true), json!(0), json!(false)]);
        assert_eq!(record["amount"]["minorUnits"], json!(2 * 19_900));
        let estimated: chrono::DateTime<chrono::Utc> = text(&record, "estimatedSettlementAt").parse().expect("an instant");
        assert_eq!(estimated, shipped_at + Duration::days(10));
        let known = packed.at_wechat().await;
        assert_eq!(known.transaction_id, text(&record, "transactionId"));
        let parcels = known.shipping.expect("a record").parcels;
        assert_eq!((parcels[0].carrier.as_str(), parcels[0].tracking_no.as_str()), ("SF", "SF2000001"));
        app.advance(Duration::days(9)).await;
        assert_eq!((packed.status().await.as_str(), row(app, packed.order()).await.settled_at), ("SHIPPED", None));
        app.advance(Duration::days(1)).await;
        let record = packed.record().await;
        assert_eq!((text(&record, "status"), text(&record, "confirmedBy")), ("SETTLED", "TIME"));
        assert_eq!(packed.status().await, "RECEIVED");
        assert_eq!(row(app, packed.order()).await.settled_at, Some(app.now()));
        assert_eq!((app.standin.calls(UPLOAD), tellings(app, packed.order()).await), (1, 1));
        app.advance(Duration::days(8)).await;
        assert_eq!((packed.status().await.as_str(), tellings(app, packed.order()).await), ("COMPLETED", 1));
    }

    async fn a_buyer_who_confirms_in_wechat_has_received_her_order(app) {
        let packed = Packed::of(app, &[1]).await;
        packed.sends(0, "YTO", "YT2000001").await;
        let (buyer, order) = &packed.sold.orders[0];
        let record = packed.record().await;
        let query = "query($id: ID!) { delivery(orderId: $id) { shipping { status } receiptConfirmations { merchantId merchantTradeNo transactionId } } }";
        let seen = buyer.gql(query, json!({ "id": order })).await.ok("delivery");
        let extra = json!({ "merchantId": packed.brand.account.mchid, "merchantTradeNo": record["outTradeNo"], "transactionId": record["transactionId"] });
        assert_eq!(seen, json!({ "shipping": null, "receiptConfirmations": [extra] }));
        let staff = packed.brand.owner.gql(query, json!({ "id": order })).await;
        assert_eq!(staff.at("delivery.receiptConfirmations"), &json!([]), "only the buyer confirms");
        assert_eq!(app.brand("other").await.owner.gql(SHIPPING, json!({ "id": order })).await.fault(), "NOT_FOUND");
        app.standin.set_switches(Switches { duplicate: true, ..Switches::default() });
        assert!(app.standin.confirm_receipt(text(&record, "transactionId")));
        app.settle().await;
        let record = packed.record().await;
        assert_eq!((text(&record, "status"), text(&record, "confirmedBy")), ("SETTLED", "BUYER"));
        assert_eq!((packed.status().await.as_str(), tellings(app, order).await), ("RECEIVED", 1));
        assert_eq!(row(app, order).await.settled_at, Some(app.now()));
        let seen = buyer.gql(query, json!({ "id": order })).await;
        assert_eq!(seen.at("delivery.receiptConfirmations"), &json!([]));
    }

    async fn a_deposit_and_its_balance_are_two_payments_and_settle_the_order_together(app) {
        let plan = json!({ "plan": { "deposit": { "amount": 3_000, "balanceDays": 3 } } });
        let shop = &Shop::open(app, &[9], plan).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.paid_in_two(buyer).await;
        assert_eq!(app.standin.calls(DECLARE), 2, "each has its date");
        let (batch, parcels) = made(app, &shop.desk, &shop.presale, &shop.skus[0], &[1]).await;
        dispatch(&shop.desk, &batch, &[(&parcels[0].0, "ZTO", "ZT2000001")]).await;
        app.settle().await;
        let told = records(&shop.desk, &order).await;
        let paid: Vec<_> = told.iter().map(|one| (text(one, "status"), one["amount"]["minorUnits"].as_i64())).collect();
        assert_eq!(paid, [("UPLOADED", Some(3_000)), ("UPLOADED", Some(PRICE - 3_000))]);
        for one in &told {
            assert_eq!(text(one, "declarationStatus"), "DECLARED");
            assert!(at_wechat(&shop.brand, text(one, "outTradeNo")).await.shipping.expect("a record").is_complete);
        }
        assert!(app.standin.confirm_receipt(text(&told[1], "transactionId")));
        app.settle().await;
        assert_eq!((shop.order_status(buyer, &order).await.as_str(), row(app, &order).await.settled_at), ("RECEIVED", None));
        app.advance(Duration::minutes(5)).await;
        assert!(app.standin.confirm_receipt(text(&told[0], "transactionId")));
        app.settle().await;
        assert_eq!((row(app, &order).await.settled_at, tellings(app, &order).await), (Some(app.now()), 1));
    }

    async fn two_payments_that_settle_at_the_same_moment_settle_their_order(app) {
        let plan = json!({ "plan": { "prepayment": { "amount": 3_000, "balanceDays": 3 } } });
        let shop = &Shop::open(app, &[9], plan).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.paid_in_two(buyer).await;
        let (batch, parcels) = made(app, &shop.desk, &shop.presale, &shop.skus[0], &[1]).await;
        dispatch(&shop.desk, &batch, &[(&parcels[0].0, "ZTO", "ZT2000001")]).await;
        app.settle().await;
        app.advance(Duration::days(10)).await;
        let told = records(&shop.brand.merchandiser().await, &order).await;
        assert!(told.iter().all(|one| text(one, "status") == "SETTLED"), "{told:#?}");
        assert_eq!((row(app, &order).await.settled_at, tellings(app, &order).await), (Some(app.now()), 1));
    }

    async fn parcels_are_told_as_they_leave_and_the_last_completes_them(app) {
        let packed = Packed::of(app, &[1, 1, 1]).await;
        packed.sends(0, "YTO", "YT2000001").await;
        let record = packed.record().await;
        assert_eq!((&record["isSplit"], &record["isComplete"], &record["status"]), (&json!(true), &json!(false), &json!("UPLOADED")));
        assert!(record["estimatedSettlementAt"].is_null());
        assert!(!packed.at_wechat().await.shipping.expect("a record").is_complete);
        let right = packed.corrects(&packed.brand.owner, 0, "ZTO", "ZT2000001").await;
        right.ok("correctParcel.parcel");
        dispatch(&packed.brand.owner, &packed.batch, &[
            (&packed.parcels[1].0, "YTO", "YT2000002"), (&packed.parcels[2].0, "YTO", "YT2000003")]).await;
        app.settle().await;
        let has = packed.at_wechat().await.shipping.expect("a record");
        let numbers: Vec<_> = has.parcels.iter().map(|one| one.tracking_no.as_str()).collect();
        assert_eq!((has.is_split, has.is_complete, numbers), (true, true, vec!["ZT2000001", "YT2000002", "YT2000003"]));
        let record = packed.record().await;
        assert_eq!((record["version"].as_i64(), record["correctionsUsed"].as_i64()), (Some(3), Some(0)));
        assert_eq!(app.standin.calls(UPLOAD), 3, "two that leave together are told together");
        app.advance(Duration::days(10)).await;
        assert_eq!(text(&packed.record().await, "status"), "SETTLED");
    }

    async fn what_was_told_in_part_is_complete_when_the_rest_of_it_is_refunded(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 2)]]).await;
        let order = &sold.orders[0].1;
        let batch = brand.released(&sold.presale, &[&factory]).await;
        let epoch = factory.takes(&batch).await;
        let one = sold.cells(&[("red/S", 1)]);
        factory.packs(&batch, epoch, one.clone()).await;
        factory.ships(&batch, epoch, "SF100001", one, true).await.ok("shipBatch.batch");
        let query = "query($id: ID!) { packingList(batchId: $id) { nodes { parcel { id } } } }";
        let parcel = brand.owner.gql(query, json!({ "id": batch })).await.text("packingList.nodes.0.parcel.id");
        dispatch(&brand.owner, &batch, &[(&parcel, "YTO", "YT2000001")]).await;
        app.settle().await;
        let told = records(&brand.owner, order).await.remove(0);
        assert_eq!((&told["isSplit"], &told["isComplete"]), (&json!(true), &json!(false)));
        brand.owner.mutate("refundShortPieces", json!({ "orderId": order }), "refund { id }").await.ok("refundShortPieces.refund.id");
        app.settle().await;
        let told = records(&brand.owner, order).await.remove(0);
        assert_eq!((&told["isSplit"], &told["isComplete"], &told["correctionsUsed"]), (&json!(true), &json!(true), &json!(0)));
        assert!(at_wechat(&brand, text(&told, "outTradeNo")).await.shipping.expect("a record").is_complete);
    }

    async fn of_more_than_fifteen_parcels_the_first_are_told_and_the_last_completes_them(app) {
        let packed = Packed::of(app, &[1; 16]).await;
        let parcels: Vec<_> = packed.parcels.iter().enumerate().map(|(n, one)| (&*one.0, "YTO", format!("YT20000{n:02}"))).collect();
        let parcels: Vec<_> = parcels.iter().map(|(id, carrier, number)| (*id, *carrier, number.as_str())).collect();
        dispatch(&packed.brand.owner, &packed.batch, &parcels[..15]).await;
        app.settle().await;
        assert!(!packed.at_wechat().await.shipping.expect("a record").is_complete);
        dispatch(&packed.brand.owner, &packed.batch, &parcels[15..]).await;
        app.settle().await;
        let has = packed.at_wechat().await.shipping.expect("a record");
        assert_eq!((has.parcels.len(), has.is_complete), (15, true));
        assert_eq!((packed.status().await.as_str(), text(&packed.record().await, "status")), ("SHIPPED", "UPLOADED"));
    }

    async fn a_payment_that_wechat_does_not_know_yet_is_told_again(app) {
        app.standin.set_switches(Switches { shipping_lag_seconds: 3600, ..Switches::default() });
        let packed = Packed::of(app, &[1]).await;
        packed.sends(0, "YTO", "YT2000001").await;
        let record = packed.record().await;
        assert_eq!((text(&record, "status"), text(&record, "lastError")), ("PENDING", "WeChat does not know the payment yet"));
        let before = app.standin.calls(UPLOAD);
        app.advance(Duration::seconds(29)).await;
        assert_eq!(app.standin.calls(UPLOAD), before);
        app.advance(Duration::seconds(1)).await;
        assert_eq!(app.standin.calls(UPLOAD), before + 1);
        app.advance(Duration::hours(1)).await;
        let record = packed.record().await;
        assert_eq!((text(&record, "status"), record["lastError"].is_null(), record["version"].as_i64()), ("UPLOADED", true, Some(1)));
    }

    async fn an_upload_whose_outcome_nobody_knows_is_looked_up_and_not_repeated(app) {
        let packed = Packed::of(app, &[1]).await;
        app.standin.set_fault(UPLOAD, Fault::after(FaultKind::Reset));
        packed.sends(0, "YTO", "YT2000001").await;
        assert_eq!(text(&packed.record().await, "status"), "PENDING");
        app.advance(Duration::seconds(30)).await;
        let record = packed.record().await;
        assert_eq!((text(&record, "status"), record["correctionsUsed"].as_i64()), ("UPLOADED", Some(0)));
        assert_eq!(app.standin.calls(UPLOAD), 1, "WeChat had it");
        // And a correction of which nothing arrived is sent once more.
        app.standin.set_fault(UPLOAD, Fault::before(FaultKind::Reset));
        packed.corrects(&packed.brand.owner, 0, "YTO", "YT2000002").await.ok("correctParcel.parcel");
        assert_eq!(text(&packed.record().await, "status"), "PENDING");
        app.advance(Duration::seconds(30)).await;
        let record = packed.record().await;
        assert_eq!((text(&record, "status"), record["correctionsUsed"].as_i64()), ("UPLOADED", Some(1)));
        assert_eq!(app.standin.calls(UPLOAD), 3);
    }

    async fn a_settlement_that_comes_before_the_answer_to_our_upload_counts(app) {
        let packed = Packed::of(app, &[1]).await;
        app.standin.set_fault(UPLOAD, Fault::after(FaultKind::Reset));
        packed.sends(0, "YTO", "YT2000001").await;
        let record = packed.record().await;
        assert!(record["estimatedSettlementAt"].is_string(), "told before we know that it was taken");
        assert!(app.standin.confirm_receipt(text(&record, "transactionId")));
        app.settle().await;
        assert_eq!((text(&packed.record().await, "status"), packed.status().await.as_str()), ("SETTLED", "RECEIVED"));
        app.advance(Duration::days(2)).await;
        assert_eq!((app.standin.calls(UPLOAD), tellings(app, packed.order()).await), (1, 1));
    }

    async fn a_tracking_number_is_corrected_once(app) {
        let packed = Packed::of(app, &[1]).await;
        let support = packed.brand.staff(StaffRole::Support).await;
        let early = packed.corrects(&support, 0, "YTO", "YT2000002").await;
        assert_eq!(early.refused(), "WRONG_STATE", "it has not left");
        packed.sends(0, "YTO", "YT2000001").await;
        let (buyer, order) = &packed.sold.orders[0];
        assert_eq!(packed.corrects(buyer, 0, "YTO", "YT2000002").await.fault(), "FORBIDDEN");
        let foreign = app.brand("other").await;
        assert_eq!(packed.corrects(&foreign.owner, 0, "YTO", "YT2000002").await.fault(), "NOT_FOUND");
        let wrong = packed.corrects(&support, 0, "YTO", "nonsense!").await.refusal();
        assert_eq!((&wrong["code"], &wrong["field"]), (&json!("INVALID"), &json!(["trackingNo"])));
        let done = packed.corrects(&support, 0, "极兔速递", "jt 2000002").await;
        assert_eq!(done.ok("correctParcel.parcel"), json!({ "carrier": "极兔速递", "trackingNo": "JT2000002" }));
        let has = packed.at_wechat().await.shipping.expect("a record");
        assert_eq!((has.parcels[0].carrier.as_str(), has.parcels[0].tracking_no.as_str(), has.completions), ("JTSD", "JT2000002", 2));
        let record = packed.record().await;
        assert_eq!((record["correctionsUsed"].as_i64(), &record["isCorrectionUsed"]), (Some(1), &json!(true)));
        let again = packed.corrects(&support, 0, "YTO", "YT2000003").await.refusal();
        assert_eq!((&again["code"], &again["limit"]), (&json!("LIMIT_REACHED"), &json!(1)));
        let query = "query($id: ID!) { delivery(orderId: $id) { parcels { trackingNo } } }";
        let seen = buyer.gql(query, json!({ "id": order })).await;
        assert_eq!(seen.text("delivery.parcels.0.trackingNo"), "JT2000002");
        app.advance(Duration::days(10)).await;
        let late = packed.corrects(&packed.owner().await, 0, "YTO", "YT2000003").await.refusal();
        assert_eq!((&late["code"], &late["actual"]), (&json!("WRONG_STATE"), &json!("settled")));
    }

    async fn a_correction_that_was_used_in_wechats_console_ends_by_itself(app) {
        let packed = Packed::of(app, &[1]).await;
        packed.sends(0, "YTO", "YT2000001").await;
        app.advance(Duration::minutes(1)).await;
        let number = text(&packed.record().await, "outTradeNo").to_owned();
        assert_eq!(by_hand(&packed.brand, &packed.sold.orders[0].0, &number, "YT2000002").await, ShipmentOutcome::Taken);
        app.advance(Duration::minutes(1)).await;
        packed.corrects(&packed.brand.owner, 0, "YTO", "YT2000003").await.ok("correctParcel.parcel");
        let record = packed.record().await;
        assert_eq!((text(&record, "status"), text(&record, "problem")), ("STUCK", "CORRECTION_USED"));
        let stuck = packed.desk().await;
        assert_eq!((text(&stuck[0], "cause"), text(&stuck[0], "nextAction")), ("CORRECTION_USED", "TELL_BUYER"));
        app.advance(Duration::days(1)).await;
        let used = packed.corrects(&packed.owner().await, 0, "YTO", "YT2000004").await;
        assert_eq!(used.refused(), "LIMIT_REACHED", "asking has told how often");
        app.advance(Duration::days(9)).await;
        assert_eq!((text(&packed.record().await, "status"), packed.desk().await.len()), ("SETTLED", 0));
    }

    async fn a_parcel_that_is_told_in_wechats_console_settles_too(app) {
        let packed = Packed::of(app, &[1]).await;
        let number = text(&packed.record().await, "outTradeNo").to_owned();
        assert_eq!(by_hand(&packed.brand, &packed.sold.orders[0].0, &number, "YT2000001").await, ShipmentOutcome::Taken);
        app.settle().await;
        let record = packed.record().await;
        assert_eq!((text(&record, "status"), record["version"].as_i64()), ("UPLOADED", Some(0)));
        app.standin.set_switches(Switches { drop: true, ..Switches::default() });
        app.advance(Duration::days(10)).await;
        assert_eq!((text(&packed.record().await, "status"), packed.status().await.as_str()), ("SETTLED", "IN_BATCH"));
        assert!(row(app, packed.order()).await.settled_at.is_some());
    }

    async fn a_stuck_parcel_that_is_told_in_wechats_console_settles_without_a_push(app) {
        let packed = Packed::of(app, &[1]).await;
        packed.sends(0, "Village Post", "VP2000001").await;
        let record = packed.record().await;
        assert_eq!(text(&record, "status"), "STUCK");
        let buyer = &packed.sold.orders[0].0;
        assert_eq!(by_hand(&packed.brand, buyer, text(&record, "outTradeNo"), "YT2000001").await, ShipmentOutcome::Taken);
        app.standin.set_switches(Switches { drop: true, ..Switches::default() });
        app.advance(Duration::days(11)).await;
        assert_eq!(text(&packed.record().await, "status"), "SETTLED");
    }

    async fn who_closes_her_account_is_told_of_until_the_money_is_settled(app) {
        let packed = Packed::of(app, &[1]).await;
        packed.sends(0, "Village Post", "VP2000001").await;
        app.advance(Duration::days(10)).await;
        app.advance(Duration::days(8)).await;
        assert_eq!((packed.status().await.as_str(), text(&packed.record().await, "status")), ("COMPLETED", "STUCK"));
        let openid = packed.sold.orders[0].0.openid.clone();
        privacy::account_cancelled(&app.app, packed.brand.id, &openid).await.expect("a deletion");
        app.advance(Duration::days(2)).await;
        packed.corrects(&packed.owner().await, 0, "圆通速递", "YT2000001").await.ok("correctParcel.parcel");
        assert_eq!(text(&packed.record().await, "status"), "UPLOADED");
        app.advance(Duration::days(11)).await;
        assert_eq!(text(&packed.record().await, "status"), "SETTLED");
        app.advance(Duration::days(1)).await;
        let named = member::Entity::find().filter(member::Column::Openid.eq(openid));
        assert!(named.one(app.app.db.read()).await.expect("a read").is_none(), "now she is forgotten");
    }

    async fn a_carrier_that_wechat_does_not_know_holds_up_no_parcel(app) {
        let packed = Packed::of(app, &[1]).await;
        packed.sends(0, "Village Post", "VP2000001").await;
        assert_eq!(packed.status().await, "SHIPPED");
        let record = packed.record().await;
        assert_eq!((text(&record, "status"), text(&record, "problem")), ("STUCK", "CARRIER_UNKNOWN"));
        assert!(text(&record, "lastError").contains("Village Post"));
        let stuck = packed.desk().await;
        assert_eq!((text(&stuck[0], "cause"), text(&stuck[0], "nextAction")), ("CARRIER_UNKNOWN", "CORRECT_PARCEL"));
        assert_eq!((&stuck[0]["order"]["id"], &stuck[0]["amount"]["minorUnits"]), (&json!(packed.order()), &json!(19_900)));
        let asked = app.standin.calls(CARRIERS);
        let list = packed.brand.owner.gql("{ carriers { code name } }", json!({})).await.ok("carriers");
        assert!(list.as_array().expect("a list").contains(&json!({ "code": "YTO", "name": "圆通速递" })));
        assert_eq!(app.standin.calls(CARRIERS), asked, "kept for a day");
        packed.corrects(&packed.brand.owner, 0, "圆通速递", "YT2000001").await.ok("correctParcel.parcel");
        let record = packed.record().await;
        assert_eq!((text(&record, "status"), record["correctionsUsed"].as_i64()), ("UPLOADED", Some(0)));
        assert!(packed.desk().await.is_empty());
    }

    async fn what_wechat_refuses_is_tried_again_by_hand(app) {
        let packed = Packed::of(app, &[1]).await;
        refuses(app, UPLOAD, "10060009");
        packed.sends(0, "YTO", "YT2000001").await;
        let record = packed.record().await;
        assert_eq!((text(&record, "status"), text(&record, "problem")), ("STUCK", "REJECTED"));
        assert!(text(&record, "lastError").contains("10060009"));
        let stuck = packed.desk().await;
        assert_eq!((text(&stuck[0], "cause"), text(&stuck[0], "nextAction")), ("SHIPPING_REFUSED", "RETRY_SHIPPING"));
        app.advance(Duration::hours(5)).await;
        assert_eq!(app.standin.calls(UPLOAD), 1, "no repetition helps");
        assert_eq!(packed.retries(&packed.brand.designer().await).await.fault(), "FORBIDDEN");
        assert_eq!(packed.retries(&app.brand("other").await.owner).await.fault(), "NOT_FOUND");
        let finance = packed.brand.staff(StaffRole::Finance).await;
        packed.retries(&finance).await.ok("retryShipping.delivery");
        assert_eq!(text(&packed.record().await, "status"), "UPLOADED");
        assert_eq!(packed.retries(&finance).await.refused(), "WRONG_STATE");
        assert!(packed.desk().await.is_empty());
    }

    async fn an_upload_that_fails_for_an_hour_is_on_the_desk_and_goes_on_by_itself(app) {
        let packed = Packed::of(app, &[1]).await;
        app.standin.set_fault(UPLOAD, Fault::lasting(FaultKind::Throttled));
        packed.sends(0, "YTO", "YT2000001").await;
        assert!(packed.desk().await.is_empty(), "the next try may do it");
        app.advance(Duration::hours(2)).await;
        let stuck = packed.desk().await;
        assert_eq!((text(&stuck[0], "cause"), text(&stuck[0], "nextAction")), ("SHIPPING_FAILING", "RETRY_SHIPPING"));
        app.standin.clear_faults(UPLOAD);
        app.advance(Duration::hours(1)).await;
        assert_eq!((text(&packed.record().await, "status"), packed.desk().await.len()), ("UPLOADED", 0));
    }

    async fn a_settlement_that_no_push_told_is_found_by_asking(app) {
        let packed = Packed::of(app, &[1]).await;
        app.standin.set_callback_fault(SETTLEMENT, CallbackFault::Drop, u32::MAX);
        packed.sends(0, "YTO", "YT2000001").await;
        let record = packed.record().await;
        assert!(record["estimatedSettlementAt"].is_null());
        app.standin.complain(text(&record, "transactionId"), true);
        app.advance(Duration::days(10)).await;
        assert_eq!(text(&packed.record().await, "status"), "UPLOADED", "a dispute keeps the money");
        app.standin.complain(text(&record, "transactionId"), false);
        app.advance(Duration::days(1)).await;
        let record = packed.record().await;
        assert_eq!((text(&record, "status"), record["confirmedBy"].is_null()), ("SETTLED", true));
        assert_eq!((packed.status().await.as_str(), tellings(app, packed.order()).await), ("RECEIVED", 1));
    }

    async fn a_settlement_that_fits_nothing_of_ours_waits_for_a_person(app) {
        let packed = Packed::of(app, &[1]).await;
        packed.sends(0, "YTO", "YT2000001").await;
        let record = packed.record().await;
        let settled = |number: &str, id: &str| {
            let order = TradeOrder { transaction_id: id.to_owned(), mchid: packed.brand.account.mchid.clone(), out_trade_no: number.to_owned(), paid_at: None };
            let moment = SettlementMoment::Settled { confirmed_at: None, automatic: true, settled_at: app.now() };
            Push { identity: format!("{SETTLEMENT}|{id}"), created_at: None, event: PushEvent::Settlement { order, moment } }
        };
        for push in [settled("nobody-ordered-this", "42"), settled(text(&record, "outTradeNo"), "43")] {
            let (id, _) = provider::keep(&app.app, packed.brand.id, &push).await.expect("kept");
            provider::apply(&app.app, packed.brand.id, &id).await.expect("applied");
        }
        assert_eq!(text(&packed.record().await, "status"), "UPLOADED");
        let finance = packed.brand.staff(StaffRole::Finance).await;
        let stuck = desk(&finance).await;
        for item in &stuck {
            assert_eq!((text(item, "cause"), text(item, "nextAction")), ("MISMATCH", "RESOLVE_PROVIDER_EVENT"));
            let input = json!({ "eventId": item["providerEvent"]["eventId"], "note": "asked WeChat" });
            finance.mutate("resolveProviderEvent", input, "providerEvent { resolution }").await.ok("resolveProviderEvent.providerEvent");
        }
        let orders: Vec<_> = stuck.iter().map(|item| item["order"]["id"].as_str()).collect();
        assert_eq!((stuck.len(), orders.contains(&None), orders.contains(&Some(packed.order()))), (2, true, true));
        assert!(desk(&finance).await.is_empty());
    }

    async fn what_wechat_reminds_of_and_restricts_is_on_the_desk(app) {
        app.standin.set_switches(Switches { remind_shipping_hours: 48, ..Switches::default() });
        let brand = app.brand("sb").await;
        let sold = brand.sold(&[&[("red/S", 1)]]).await;
        app.advance(Duration::hours(48)).await;
        app.standin.control_trade(&brand.account.appid, "支付能力受限");
        app.settle().await;
        let finance = brand.staff(StaffRole::Finance).await;
        let mut stuck = desk(&finance).await;
        stuck.sort_by_key(|item| text(item, "cause").to_owned());
        let shown: Vec<_> = stuck.iter().map(|item| (text(item, "cause"), text(item, "nextAction"))).collect();
        assert_eq!(shown, [("SHIPPING_REMINDED", "SHIP_PARCELS"), ("TRADE_CONTROLLED", "LOOK_INTO_CONSOLE")]);
        assert_eq!(stuck[0]["order"]["id"], json!(sold.orders[0].1));
        assert!(text(&stuck[1], "why").contains("支付能力受限"));
        let input = json!({ "eventId": stuck[1]["providerEvent"]["eventId"], "note": "appealed" });
        finance.mutate("resolveProviderEvent", input, "providerEvent { kind }").await.ok("resolveProviderEvent.providerEvent");
        assert_eq!(desk(&finance).await.len(), 1);
    }

    async fn a_payment_that_went_back_is_not_uploaded_and_the_other_one_settles_the_order(app) {
        let plan = json!({ "plan": { "deposit": { "amount": 3_000, "balanceDays": 3 } } });
        let shop = &Shop::open(app, &[9], plan).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.paid_in_two(buyer).await;
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let balance = json!({ "orderId": order, "amount": PRICE - 3_000, "reason": "a present" });
        finance.mutate("refundOrder", balance, "order { id }").await.ok("refundOrder.order");
        app.settle().await;
        let (batch, parcels) = made(app, &shop.desk, &shop.presale, &shop.skus[0], &[1]).await;
        dispatch(&shop.desk, &batch, &[(&parcels[0].0, "ZTO", "ZT2000001")]).await;
        app.settle().await;
        let told = records(&shop.desk, &order).await;
        let states: Vec<_> = told.iter().map(|one| text(one, "status")).collect();
        assert_eq!((states, app.standin.calls(UPLOAD)), (vec!["UPLOADED", "REFUNDED"], 1));
        app.advance(Duration::days(10)).await;
        assert_eq!((row(app, &order).await.settled_at, tellings(app, &order).await), (Some(app.now()), 1));
    }

    async fn money_that_goes_back_while_wechat_does_not_know_it_is_not_told(app) {
        app.standin.set_switches(Switches { shipping_lag_seconds: 3600, ..Switches::default() });
        let packed = Packed::of(app, &[1]).await;
        packed.sends(0, "YTO", "YT2000001").await;
        packed.goes_back().await;
        app.advance(Duration::hours(2)).await;
        assert_eq!((text(&packed.record().await, "status"), app.standin.calls(UPLOAD)), ("REFUNDED", 1));
        assert!(packed.desk().await.is_empty());
        app.advance(Duration::days(11)).await;
        assert_eq!(row(app, packed.order()).await.settled_at, None);
    }

    async fn money_that_goes_back_after_it_was_told_is_not_waited_for(app) {
        let packed = Packed::of(app, &[1]).await;
        packed.sends(0, "YTO", "YT2000001").await;
        packed.goes_back().await;
        app.advance(Duration::days(1)).await;
        assert_eq!(text(&packed.record().await, "status"), "REFUNDED", "asking has told");
        app.advance(Duration::days(10)).await;
        assert_eq!(row(app, packed.order()).await.settled_at, None);
    }

    async fn a_promise_of_more_than_fifteen_days_is_declared_right_after_payment(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 1)]).await;
        assert_eq!(app.standin.calls(DECLARE), 1);
        let told = records(&shop.desk, &order).await;
        assert_eq!((text(&told[0], "declarationStatus"), told[0]["status"].is_null()), ("DECLARED", true));
        // The last second of the promised day in Shanghai.
        let until: chrono::DateTime<chrono::Utc> = text(&told[0], "declaredUntil").parse().expect("an instant");
        assert_eq!(until.to_rfc3339(), format!("{}T15:59:59+00:00", shop.promise));
        declare::begin(&app.app, &row(app, &order).await).await.expect("it is looked at again");
        app.advance(Duration::hours(3)).await;
        assert_eq!(app.standin.calls(DECLARE), 1, "once");
    }

    async fn a_later_promise_that_the_buyer_accepts_is_declared_anew(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.bought(buyer, &[(0, 1)]).await;
        let later = shop.promise.parse::<chrono::NaiveDate>().expect("a date") + Duration::days(10);
        let input = json!({ "presaleId": shop.presale, "promiseDate": later, "reason": "the fabric is late",
            "answerBy": app.at(Duration::days(3)), "ifSilent": "WAIT" });
        shop.desk.mutate("changePromise", input, "change { id }").await.ok("changePromise.change.id");
        app.settle().await;
        assert_eq!(app.standin.calls(DECLARE), 1, "not before she has accepted");
        let asked = buyer.person.gql("{ promiseQuestions(first: 1) { nodes { id } } }", json!({})).await;
        let input = json!({ "questionId": asked.text("promiseQuestions.nodes.0.id"), "accept": true });
        buyer.person.mutate("answerPromiseChange", input, "question { status }").await.ok("answerPromiseChange.question");
        app.settle().await;
        let told = records(&shop.desk, &order).await;
        assert_eq!((&told[0]["declaredUntil"], app.standin.calls(DECLARE)), (&json!(format!("{later}T15:59:59+00:00")), 2));
    }

    async fn a_promise_within_fifteen_days_is_not_declared(app) {
        let brand = app.brand("sb").await;
        let sold = brand.sold(&[&[("red/S", 1)]]).await;
        assert_eq!(app.standin.calls(DECLARE), 0);
        let told = records(&brand.owner, &sold.orders[0].1).await;
        assert_eq!((&told[0]["declaredUntil"], &told[0]["declarationStatus"]), (&json!(null), &json!(null)));
    }

    async fn a_balance_paid_when_the_goods_are_near_is_not_declared(app) {
        let promise = (app.now() + Duration::days(17)).date_naive();
        let terms = json!({ "promiseDate": promise, "plan": { "deposit": { "amount": 3_000, "balanceDays": 5 } } });
        let shop = &Shop::open(app, &[9], terms).await;
        let buyer = &shop.buyer("li").await;
        let order = shop.committed(buyer, &[(0, 1)]).await;
        shop.closed().await;
        app.advance(Duration::days(3)).await;
        let buyer = &shop.back(buyer).await;
        shop.pay_in_wechat(buyer, &order).await;
        app.settle().await;
        let told = records(&shop.brand.merchandiser().await, &order).await;
        let declared: Vec<_> = told.iter().map(|one| one["declarationStatus"].as_str()).collect();
        assert_eq!((declared, app.standin.calls(DECLARE)), (vec![Some("DECLARED"), None], 1));
    }

    async fn a_declaration_is_repeated_until_wechat_knows_the_payment(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        app.standin.set_switches(Switches { shipping_lag_seconds: 100, ..Switches::default() });
        app.standin.set_fault(DECLARE, Fault::after(FaultKind::BadGateway));
        let order = shop.bought(buyer, &[(0, 1)]).await;
        assert_eq!(text(&records(&shop.desk, &order).await[0], "declarationStatus"), "PENDING");
        for (seconds, calls) in [(29, 1), (1, 2), (59, 2), (1, 3)] {
            app.advance(Duration::seconds(seconds)).await;
            assert_eq!(app.standin.calls(DECLARE), calls);
        }
        app.advance(Duration::minutes(2)).await;
        assert_eq!((text(&records(&shop.desk, &order).await[0], "declarationStatus"), app.standin.calls(DECLARE)), ("DECLARED", 4));
    }

    async fn a_date_that_wechat_refuses_is_on_the_desk_and_declared_again_by_hand(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        refuses(app, DECLARE, "268546001");
        let order = shop.bought(buyer, &[(0, 1)]).await;
        let told = records(&shop.desk, &order).await;
        assert_eq!((text(&told[0], "declarationStatus"), told[0]["declaredUntil"].is_null()), ("REFUSED", true));
        assert!(text(&told[0], "declarationError").contains("268546001"));
        let finance = shop.brand.staff(StaffRole::Finance).await;
        let stuck = desk(&finance).await;
        assert_eq!((text(&stuck[0], "cause"), text(&stuck[0], "nextAction")), ("DECLARATION_REFUSED", "RETRY_SHIPPING"));
        finance.mutate("retryShipping", json!({ "orderId": order }), "delivery { orderId }").await.ok("retryShipping.delivery");
        app.settle().await;
        assert_eq!(text(&records(&shop.desk, &order).await[0], "declarationStatus"), "DECLARED");
        assert!(desk(&finance).await.is_empty());
    }

    async fn money_that_goes_back_needs_no_declaration(app) {
        let shop = &Shop::open(app, &[9], json!({})).await;
        let buyer = &shop.buyer("li").await;
        app.standin.set_switches(Switches { shipping_lag_seconds: 100, ..Switches::default() });
        let order = shop.bought(buyer, &[(0, 1)]).await;
        shop.cancel(buyer, &order).await.ok("cancelOrder.order");
        app.advance(Duration::hours(1)).await;
        assert_eq!(text(&records(&shop.desk, &order).await[0], "declarationStatus"), "REFUNDED");
        assert_eq!(app.standin.calls(DECLARE), 1);
    }
}

/// The brand's people tell WeChat of another parcel in its console.
async fn by_hand(brand: &Brand<'_>, buyer: &Person<'_>, number: &str, tracking_no: &str) -> ShipmentOutcome {
    let parcel =
        Parcel { tracking_no: tracking_no.into(), carrier: "YTO".into(), item_desc: "a blouse".into(), contact: None };
    let shipment = Shipment {
        order: OrderKey::OutTradeNo(number.to_owned()),
        kind: ShipmentKind::Express,
        is_split: false,
        is_complete: true,
        parcels: vec![parcel],
        uploaded_at: brand.app.now(),
        openid: buyer.openid.clone(),
    };
    let told = brand.app.app.wechat.upload_shipping(&brand.account, &shipment).await.expect("an outcome");
    brand.app.settle().await;
    told
}
