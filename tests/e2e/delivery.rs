//! Parcels: packed in order of payment, dispatched, received by the buyer or by time.

use chrono::Duration;
use serde_json::{Value, json};
use smallbatch::base::id::ParcelId;
use smallbatch::flow::delivery::service::receive;
use tests::floor::{PHONE, STREET, Sold};
use tests::{Brand, Person};

use super::*;

const PACKING: &str = "query($id: ID!) { packingList(batchId: $id) { edges { node { orderNo recipientMasked phoneMasked region \
    label { recipient phone street } parcel { id orderId status pieces lines { skuCode pieces unitCodes } } } } } }";

/// A batch of which `pieces` of red S have been shipped; its id and epoch.
async fn shipped(brand: &Brand<'_>, sold: &Sold<'_>, factory: &Person<'_>, pieces: i32, all: i32) -> (String, i64) {
    let batch = brand.released(&sold.presale, &[factory]).await;
    let epoch = factory.takes(&batch).await;
    factory.packs(&batch, epoch, sold.cells(&[("red/S", all)])).await;
    factory.ships(&batch, epoch, "SF100001", sold.cells(&[("red/S", pieces)]), false).await.ok("shipBatch.batch");
    (batch, epoch)
}

/// Makes and sends all `pieces` of red S, which is everything that was sold.
pub(super) async fn sent(brand: &Brand<'_>, sold: &Sold<'_>, factory: &Person<'_>, pieces: i32) {
    let (batch, _) = shipped(brand, sold, factory, pieces, pieces).await;
    let all = parcels(&brand.owner, &batch).await;
    let all: Vec<_> = all.iter().map(|(parcel, _)| &**parcel).collect();
    dispatch(&brand.owner, &batch, &all).await.ok("dispatchParcels.parcels");
}

/// (parcel, order) of the packing list.
async fn parcels(staff: &Person<'_>, batch: &str) -> Vec<(String, String)> {
    let edges = staff.gql(PACKING, json!({ "id": batch })).await.ok("packingList.edges");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let one = |edge: &Value| (text(&edge["node"]["parcel"]["id"]), text(&edge["node"]["parcel"]["orderId"]));
    edges.as_array().expect("a list").iter().map(one).collect()
}

async fn dispatch(staff: &Person<'_>, batch: &str, parcels: &[&str]) -> tests::Answer {
    let one =
        |id: &&str| json!({ "parcelId": id, "carrier": "SF", "trackingNo": format!("sf {}", &id[id.len() - 10..]) });
    let input = json!({ "batchId": batch, "parcels": parcels.iter().map(one).collect::<Vec<_>>() });
    staff.mutate("dispatchParcels", input, "parcels { id status trackingNo }").await
}

async fn refund_short(staff: &Person<'_>, order: &str) -> tests::Answer {
    staff.mutate("refundShortPieces", json!({ "orderId": order }), "refund { id }").await
}

async fn status(buyer: &Person<'_>, order: &str) -> String {
    buyer.gql("query($id: ID!) { order(id: $id) { status } }", json!({ "id": order })).await.text("order.status")
}

e2e! {
    async fn a_partial_shipment_serves_those_who_paid_first(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 1)], &[("red/S", 2)], &[("red/S", 1)]]).await;
        let (batch, epoch) = shipped(&brand, &sold, &factory, 2, 4).await;
        let orders: Vec<_> = parcels(&brand.owner, &batch).await.into_iter().map(|(_, order)| order).collect();
        assert_eq!(orders, [sold.orders[0].1.clone(), sold.orders[1].1.clone()]);
        factory.ships(&batch, epoch, "SF100002", sold.cells(&[("red/S", 2)]), false).await.ok("shipBatch.batch");
        let all = parcels(&brand.owner, &batch).await;
        assert_eq!(all.len(), 4, "the second order comes in two parcels");
        let of_second: Vec<_> = all.iter().filter(|(_, order)| *order == sold.orders[1].1).map(|(id, _)| &**id).collect();
        dispatch(&brand.owner, &batch, &of_second[..1]).await.ok("dispatchParcels.parcels");
        assert_eq!(status(&sold.orders[1].0, &sold.orders[1].1).await, "IN_BATCH");
        dispatch(&brand.owner, &batch, &of_second[1..]).await.ok("dispatchParcels.parcels");
        assert_eq!(status(&sold.orders[1].0, &sold.orders[1].1).await, "SHIPPED");
    }

    async fn parcels_of_one_order_that_leave_and_arrive_at_the_same_moment_move_it_on(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let two: &[(&str, i32)] = &[("red/S", 1), ("blue/M", 1)];
        let sold = brand.sold(&[two; 6]).await;
        let batch = brand.released(&sold.presale, &[&factory]).await;
        let epoch = factory.takes(&batch).await;
        factory.packs(&batch, epoch, sold.cells(&[("red/S", 6), ("blue/M", 6)])).await;
        for (sku, tracking) in [("red/S", "SF100001"), ("blue/M", "SF100002")] {
            factory.ships(&batch, epoch, tracking, sold.cells(&[(sku, 6)]), false).await.ok("shipBatch.batch");
        }
        let all = parcels(&brand.owner, &batch).await;
        for (buyer, order) in &sold.orders {
            let own: Vec<_> = all.iter().filter(|(_, of)| of == order).map(|(id, _)| &**id).collect();
            let (one, other) =
                tokio::join!(dispatch(&brand.owner, &batch, &own[..1]), dispatch(&brand.owner, &batch, &own[1..]));
            one.ok("dispatchParcels.parcels");
            other.ok("dispatchParcels.parcels");
            assert_eq!(status(buyer, order).await, "SHIPPED");
            let id = |parcel: &str| ParcelId::parse(parcel).expect("a parcel").0;
            let (one, other) = tokio::join!(
                receive::by_time(&app.app, brand.id, id(own[0])),
                receive::by_time(&app.app, brand.id, id(own[1]))
            );
            one.and(other).expect("both count as received");
            assert_eq!(status(buyer, order).await, "RECEIVED");
        }
    }

    async fn pieces_that_were_never_made_are_refunded_and_the_order_goes_on(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 2)], &[("blue/M", 3)]]).await;
        let batch = brand.released(&sold.presale, &[&factory]).await;
        let epoch = factory.takes(&batch).await;
        let made = sold.cells(&[("red/S", 1), ("blue/M", 1)]);
        factory.packs(&batch, epoch, made.clone()).await;
        let ((red, one), (blue, two)) = (&sold.orders[0], &sold.orders[1]);
        let finance = brand.staff(entity::staff::StaffRole::Finance).await;
        assert_eq!(refund_short(&finance, one).await.refused(), "INVALID", "the batch may still make it");
        factory.ships(&batch, epoch, "SF100001", made, true).await.ok("shipBatch.batch");
        assert_eq!(refund_short(red, one).await.fault(), "FORBIDDEN");
        assert_eq!(refund_short(&app.brand("other").await.owner, one).await.fault(), "NOT_FOUND");
        refund_short(&finance, one).await.ok("refundShortPieces.refund.id");
        assert_eq!(refund_short(&finance, one).await.refused(), "INVALID", "once");
        let list = parcels(&brand.owner, &batch).await;
        dispatch(&brand.owner, &batch, &[&list[0].0, &list[1].0]).await.ok("dispatchParcels.parcels");
        assert_eq!(status(red, one).await, "SHIPPED", "its one piece is on the way");
        assert_eq!(status(blue, two).await, "IN_BATCH", "two pieces are waited for");
        refund_short(&finance, two).await.ok("refundShortPieces.refund.id");
        app.settle().await;
        assert_eq!(status(blue, two).await, "SHIPPED");
        let query = "query($id: ID) { refunds(orderId: $id) { edges { node { reason status amount { minorUnits } } } } }";
        for (order, fen) in [(one, 19_900), (two, 2 * 19_900)] {
            let refunds = finance.gql(query, json!({ "id": order })).await.ok("refunds.edges");
            let node = json!({ "reason": "SHORT_YIELD", "status": "SUCCEEDED", "amount": { "minorUnits": fen } });
            assert_eq!(refunds, json!([{ "node": node }]));
        }
        assert_eq!(brand.release(&sold.presale, &[&factory]).await.refused(), "NOTHING_TO_RELEASE");
    }

    async fn a_missing_piece_is_refunded_or_made_and_never_both(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 2)]]).await;
        let batch = brand.released(&sold.presale, &[&factory]).await;
        let epoch = factory.takes(&batch).await;
        factory.packs(&batch, epoch, sold.cells(&[("red/S", 1)])).await;
        factory.ships(&batch, epoch, "SF100001", sold.cells(&[("red/S", 1)]), true).await.ok("shipBatch.batch");
        let factories = [&factory];
        let (refunded, released) =
            tokio::join!(refund_short(&brand.owner, &sold.orders[0].1), brand.release(&sold.presale, &factories));
        if refunded.user_errors().is_empty() {
            assert_eq!(released.refused(), "NOTHING_TO_RELEASE");
        } else {
            assert_eq!(refunded.refused(), "INVALID");
            assert_eq!(released.int("releaseBatch.batch.pieces"), 1);
        }
    }

    async fn what_a_batch_comes_short_of_goes_back_when_its_presale_was_withdrawn(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 2)]]).await;
        let batch = brand.released(&sold.presale, &[&factory]).await;
        let epoch = factory.takes(&batch).await;
        brand.owner.mutate("cancelPresale", json!({ "presaleId": sold.presale }), "presale { id }").await.ok("cancelPresale.presale");
        app.settle().await;
        factory.packs(&batch, epoch, sold.cells(&[("red/S", 1)])).await;
        factory.ships(&batch, epoch, "SF100001", sold.cells(&[("red/S", 1)]), true).await.ok("shipBatch.batch");
        app.settle().await;
        let query = "query($id: ID!) { refunds(orderId: $id) { nodes { reason status dueAt } } order(id: $id) { status } }";
        let seen = brand.owner.gql(query, json!({ "id": sold.orders[0].1 })).await;
        let refunds = seen.ok("refunds.nodes");
        assert_eq!((seen.text("order.status").as_str(), refunds.as_array().expect("a list").len()), ("IN_BATCH", 1));
        assert_eq!((&refunds[0]["reason"], &refunds[0]["status"]), (&json!("SHORT_YIELD"), &json!("SUCCEEDED")));
        assert!(refunds[0]["dueAt"].is_string(), "the law sets a day: {refunds}");
    }

    async fn only_those_who_pack_read_an_address(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 2)]]).await;
        let (batch, _) = shipped(&brand, &sold, &factory, 2, 2).await;
        let support = brand.staff(entity::staff::StaffRole::Support).await;
        let item = support.gql(PACKING, json!({ "id": batch })).await.ok("packingList.edges.0.node");
        assert_eq!((&item["label"]["phone"], &item["label"]["street"]), (&json!(PHONE), &json!(STREET)));
        assert!(!item["phoneMasked"].as_str().expect("text").contains("1234"));
        assert_eq!(item["parcel"]["lines"][0]["pieces"], json!(2));
        assert_eq!(item["parcel"]["lines"][0]["unitCodes"].as_array().expect("codes").len(), 2);
        for other in [brand.designer().await, sold.orders[0].0.clone(), factory.clone()] {
            assert_eq!(other.gql(PACKING, json!({ "id": batch })).await.fault(), "FORBIDDEN");
        }
        let foreign = app.brand("other").await;
        assert_eq!(foreign.owner.gql(PACKING, json!({ "id": batch })).await.ok("packingList.edges"), json!([]));
    }

    async fn a_parcel_is_dispatched_once_and_all_of_a_dispatch_or_none(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 1)], &[("red/S", 1)]]).await;
        let (batch, _) = shipped(&brand, &sold, &factory, 2, 2).await;
        let list = parcels(&brand.owner, &batch).await;
        let sent = dispatch(&brand.owner, &batch, &[&list[0].0]).await;
        assert_eq!(sent.text("dispatchParcels.parcels.0.status"), "SHIPPED");
        let both = dispatch(&brand.owner, &batch, &[&list[1].0, &list[0].0]).await;
        assert_eq!(both.refused(), "WRONG_STATE");
        assert_eq!(status(&sold.orders[1].0, &sold.orders[1].1).await, "IN_BATCH", "none of them left");
        let twice = json!({ "batchId": batch, "parcels": [
            { "parcelId": list[1].0, "carrier": "SF", "trackingNo": sent.text("dispatchParcels.parcels.0.trackingNo") }
        ] });
        let used = brand.owner.mutate("dispatchParcels", twice, "parcels { id }").await.refusal();
        assert_eq!(used["field"], json!(["parcels", "trackingNo"]));
    }

    async fn a_buyer_confirms_and_a_week_later_the_order_is_complete(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 1)], &[("red/S", 1)]]).await;
        let (batch, _) = shipped(&brand, &sold, &factory, 2, 2).await;
        let (buyer, order) = &sold.orders[0];
        let confirm = json!({ "orderId": order });
        let early = buyer.mutate("confirmReceipt", confirm.clone(), "delivery { orderId }").await;
        assert_eq!(early.refused(), "WRONG_STATE");
        let list = parcels(&brand.owner, &batch).await;
        dispatch(&brand.owner, &batch, &[&list[0].0]).await.ok("dispatchParcels.parcels");
        let query = "query($id: ID!) { delivery(orderId: $id) { availableActions parcels { status trackingNo countsAsReceivedAt } } }";
        let delivery = buyer.gql(query, json!({ "id": order })).await;
        assert_eq!(delivery.ok("delivery.availableActions"), json!(["CONFIRM_RECEIPT"]));
        assert_eq!(sold.orders[1].0.gql(query, json!({ "id": order })).await.fault(), "NOT_FOUND");
        let stranger = sold.orders[1].0.mutate("confirmReceipt", confirm.clone(), "delivery { orderId }").await;
        assert_eq!(stranger.fault(), "NOT_FOUND");
        buyer.mutate("confirmReceipt", confirm, "delivery { orderId }").await.ok("confirmReceipt.delivery");
        assert_eq!(status(buyer, order).await, "RECEIVED");
        app.advance(Duration::days(7)).await;
        let buyer = &brand.member(&buyer.openid).await;
        assert_eq!(status(buyer, order).await, "COMPLETED");
    }

    async fn a_parcel_nobody_confirms_is_received_after_ten_days(app) {
        let (brand, factory) = (app.brand("sb").await, app.factory("One").await);
        let sold = brand.sold(&[&[("red/S", 1)]]).await;
        let (batch, _) = shipped(&brand, &sold, &factory, 1, 1).await;
        let list = parcels(&brand.owner, &batch).await;
        dispatch(&brand.owner, &batch, &[&list[0].0]).await.ok("dispatchParcels.parcels");
        let (buyer, order) = &sold.orders[0];
        app.advance(Duration::days(9)).await;
        let buyer = brand.member(&buyer.openid).await;
        assert_eq!(status(&buyer, order).await, "SHIPPED");
        app.advance(Duration::days(1)).await;
        let buyer = brand.member(&buyer.openid).await;
        assert_eq!(status(&buyer, order).await, "RECEIVED");
    }
}
