//! A batch that a factory made and shipped, and the parcel to the buyer.

use entity::compensation::{self, CompensationReason, CompensationStatus};
use sea_orm::{ActiveModelTrait, Set};
use serde_json::{Value, json};
use smallbatch::base::id::{CompensationId, OrderId, RefundId};
use smallbatch::base::tx::By;
use smallbatch::flow::payment::ledger;
use smallbatch::flow::payment::ledger::rules::{self, Event, Party};

use super::World;

impl World<'_> {
    pub(super) async fn make(&mut self) {
        self.act("closePresale", json!({ "presaleId": self.id("presaleId") })).await;
        self.brand.app.settle().await;
        self.promise().await;
        let mut input = crate::floor::release_input(self.id("presaleId"), &[&self.factory]);
        input["shipTo"] = json!(self.marked("warehouse"));
        input["note"] = json!(self.marked("note"));
        for name in ["productName", "makerName", "makerAddress", "fibreContent"] {
            input["hangTag"][name] = json!(self.marked(name));
        }
        input["hangTag"]["storageNote"] = json!(self.marked("dry"));
        let released = self.merchandiser.mutate("releaseBatch", input, "batch { id }").await;
        let batch = released.text("releaseBatch.batch.id");
        self.brand.app.settle().await;
        let epoch = self.factory.takes(&batch).await;
        let cells = |pieces: i32| json!([{ "skuId": self.id("skuId"), "pieces": pieces }]);
        let begun = json!({ "batchId": batch, "epoch": epoch, "stage": "FABRIC_IN", "cells": cells(1),
            "note": self.marked("one roll") });
        self.factory.mutate("reportBatchProgress", begun, "batch { status }").await.ok("reportBatchProgress.batch");
        let cells = cells(3);
        self.factory.packs(&batch, epoch, cells.clone()).await;
        let tracking = format!("{}-SF2", self.mark());
        self.factory.ships(&batch, epoch, &tracking, cells, true).await.ok("shipBatch.batch");
        let query = "query($id: ID!) { packingList(batchId: $id) { nodes { parcel { id orderId } } } }";
        let packed = self.support.gql(query, json!({ "id": batch })).await;
        let parcel = |order: &str| {
            let of = |item: &&Value| item["parcel"]["orderId"] == json!(order);
            let item = packed.at("packingList.nodes").as_array().and_then(|items| items.iter().find(of));
            item.and_then(|item| item["parcel"]["id"].as_str()).expect("a parcel").to_owned()
        };
        let [parcel, other, stuck] = ["orderId", "shippedOrderId", "stuckOrderId"].map(|order| parcel(self.id(order)));
        let sent = json!({ "batchId": batch, "parcels": [
            { "parcelId": parcel, "carrier": self.marked("carrier"), "trackingNo": format!("{}-SF3", self.mark()) },
            { "parcelId": other, "carrier": "YTO", "trackingNo": format!("{}-YT2", self.mark()) },
            { "parcelId": stuck, "carrier": self.marked("carrier"), "trackingNo": format!("{}-SF4", self.mark()) },
        ] });
        self.support.mutate("dispatchParcels", sent, "parcels { id }").await.ok("dispatchParcels.parcels");
        self.brand.app.settle().await;
        // WeChat knows no such carrier. One stays so.
        let right = json!({ "parcelId": parcel, "carrier": "YTO", "trackingNo": format!("{}-YT1", self.mark()) });
        self.support.mutate("correctParcel", right, "parcel { id }").await.ok("correctParcel.parcel");
        self.brand.app.settle().await;
        let lines = json!([{ "lineId": self.id("orderLineId"), "pieces": 1 }]);
        let input = json!({ "orderId": self.id("orderId"), "lines": lines, "reason": self.marked("reason") });
        let asked = self.buyer.mutate("openAfterSales", input, "afterSales { id }").await;
        self.ids.insert("caseId", asked.text("openAfterSales.afterSales.id"));
        let got = json!({ "orderId": self.id("orderId") });
        self.buyer.mutate("confirmReceipt", got, "delivery { orderId }").await.ok("confirmReceipt.delivery");
        let taken = json!({ "batchId": batch });
        self.merchandiser.mutate("confirmBatchReceived", taken, "batch { id }").await.ok("confirmBatchReceived.batch");
        let inbox = self.buyer.gql("{ viewer { inbox(first: 1) { nodes { id } } } }", json!({})).await;
        self.ids.insert("messageId", inbox.text("viewer.inbox.nodes.0.id"));
        self.ids.insert("batchId", batch);
        self.ids.insert("parcelId", parcel);
        // Which earns the KOC her share.
        self.brand.settles(self.id("orderId")).await;
        self.owe().await;
    }

    /// The brand owes the buyer a little and pays it; the transfer waits for her. A factory is paid, too.
    async fn owe(&mut self) {
        let transfer = self.pay_compensation("orderId").await;
        self.ids.insert("transferId", transfer);
        let input = json!({ "factoryId": self.factory.id, "amount": 100, "paidOn": "2026-03-02", "reference": self.marked("B-1") });
        let recorded = self.finance.mutate("recordFactoryPayment", input, "payment { id }").await;
        recorded.ok("recordFactoryPayment.payment.id");
    }

    /// The brand owes the buyer a little for one of her orders, late with its refund if it was refunded, and pays it; the
    /// transfer.
    pub(super) async fn pay_compensation(&mut self, order: &'static str) -> String {
        let refund = (order == "refundedOrderId").then(|| RefundId::parse(self.id("refundId")).expect("a refund").0);
        let (app, brand_id) = (self.brand.app, self.brand.id);
        let (id, order_id) = (app.app.ids.next(), OrderId::parse(self.id(order)).expect("an order").0);
        let owed = app.app.write(brand_id, |tx| async move {
            let row = compensation::ActiveModel {
                brand_id: Set(brand_id),
                id: Set(id),
                order_id: Set(order_id),
                reason: Set(refund.map_or(CompensationReason::DepositDoubled, |_| CompensationReason::LateInterest)),
                refund_id: Set(refund),
                amount: Set(500),
                status: Set(CompensationStatus::Owed),
                created_at: Set(tx.now()),
                paid_at: Set(None),
            };
            row.insert(tx.conn()).await?;
            let of =
                Event { source_id: id, order_id: Some(order_id), party: Party::Nobody, currency: "CNY", amount: 500 };
            ledger::record(&tx, By::SYSTEM, rules::compensation_owed(&of)?);
            Ok(())
        });
        owed.await.expect("it is written");
        let id = CompensationId::new(id).to_string();
        let paid = self.finance.mutate("payCompensation", json!({ "compensationId": id }), "transfers { id }").await;
        self.ids.entry("compensationId").or_insert(id);
        app.settle().await;
        paid.text("payCompensation.transfers.0.id")
    }

    /// A later ship-by date, which the buyers are asked to accept.
    pub(super) async fn change_promise(&self, presale: &str, date: &str) {
        let input = json!({
            "presaleId": presale, "promiseDate": date, "reason": self.marked("delay"),
            "answerBy": self.brand.app.at(chrono::Duration::days(3)), "ifSilent": "WAIT",
        });
        let changed = self.merchandiser.mutate("changePromise", input, "change { id }").await;
        changed.ok("changePromise.change.id");
        self.brand.app.settle().await;
    }

    /// The buyer answers for one of her orders.
    async fn promise(&mut self) {
        self.change_promise(self.id("presaleId"), "2026-03-24").await;
        let asked = self.buyer.gql("{ promiseQuestions(first: 2) { nodes { id } } }", json!({})).await;
        self.ids.insert("questionId", asked.text("promiseQuestions.nodes.0.id"));
        let answer = json!({ "questionId": asked.text("promiseQuestions.nodes.1.id"), "accept": true });
        let answered = self.buyer.mutate("answerPromiseChange", answer, "question { id }").await;
        answered.ok("answerPromiseChange.question.id");
    }
}
