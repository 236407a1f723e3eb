//! A batch that a factory made and shipped, and the parcel to the buyer.

use serde_json::json;

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
        let released = self.merchandiser.mutate("releaseBatch", input, "batch { id }").await;
        let batch = released.text("releaseBatch.batch.id");
        self.brand.app.settle().await;
        let epoch = self.factory.takes(&batch).await;
        let cells = json!([{ "skuId": self.id("skuId"), "pieces": 1 }]);
        self.factory.packs(&batch, epoch, cells.clone()).await;
        let tracking = format!("{}-SF2", self.mark());
        self.factory.ships(&batch, epoch, &tracking, cells, true).await.ok("shipBatch.batch");
        let query = "query($id: ID!) { packingList(batchId: $id) { nodes { parcel { id } } } }";
        let packed = self.support.gql(query, json!({ "id": batch })).await;
        let parcel = packed.text("packingList.nodes.0.parcel.id");
        let sent = json!({ "batchId": batch,
            "parcels": [{ "parcelId": parcel, "carrier": self.marked("carrier"), "trackingNo": format!("{}-SF3", self.mark()) }] });
        self.support.mutate("dispatchParcels", sent, "parcels { id }").await.ok("dispatchParcels.parcels");
        let lines = json!([{ "lineId": self.id("orderLineId"), "pieces": 1 }]);
        let input = json!({ "orderId": self.id("orderId"), "lines": lines, "reason": self.marked("reason") });
        let asked = self.buyer.mutate("openAfterSales", input, "afterSales { id }").await;
        self.ids.insert("caseId", asked.text("openAfterSales.afterSales.id"));
        let inbox = self.buyer.gql("{ viewer { inbox(first: 1) { nodes { id } } } }", json!({})).await;
        self.ids.insert("messageId", inbox.text("viewer.inbox.nodes.0.id"));
        self.ids.insert("batchId", batch);
        self.ids.insert("parcelId", parcel);
    }
    /// A later ship-by date, which the buyer is asked to accept.
    async fn promise(&mut self) {
        let input = json!({
            "presaleId": self.id("presaleId"), "promiseDate": "2026-03-24", "reason": self.marked("delay"),
            "answerBy": self.brand.app.at(chrono::Duration::days(3)), "ifSilent": "WAIT",
        });
        let changed = self.merchandiser.mutate("changePromise", input, "change { id }").await;
        changed.ok("changePromise.change.id");
        self.brand.app.settle().await;
        let asked = self.buyer.gql("{ promiseQuestions(first: 1) { nodes { id } } }", json!({})).await;
        self.ids.insert("questionId", asked.text("promiseQuestions.nodes.0.id"));
    }
}
