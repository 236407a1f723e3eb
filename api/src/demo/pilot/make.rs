//! The batch: released, pulled by the factory, made stage by stage, shipped, and brought to 43 people.

use anyhow::{Context, Result};
use chrono::Duration;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::{ABREAST, Pilot};
use crate::demo::caller::{Caller, at, text};

const STAGES: [&str; 6] = ["FABRIC_IN", "CUT", "SEWN", "FINISHED", "QC", "PACKED"];

impl Pilot<'_> {
    pub(super) async fn make(&self) -> Result<()> {
        self.bar.set_message("the batch is released; the factory pulls it");
        self.release().await?;
        let epoch = self.pull().await?;
        self.bar.set_message("the factory cuts, sews, packs and ships");
        self.produce(epoch).await?;
        self.bar.set_message("parcels go out and arrive");
        self.deliver().await
    }

    async fn release(&self) -> Result<()> {
        let merchandiser = self.caller("merchandiser.token")?;
        let due = (self.app.clock.now() + Duration::days(12)).format("%Y-%m-%d").to_string();
        let due = self.diary.once("batch.due", || async { Ok(json!(due)) }).await?;
        let input = json!({
            "presaleId": self.diary.text("presale")?,
            "factoryIds": [self.diary.text("factory")?],
            "pricePerPiece": 6_800,
            "dueDate": due,
            "shipTo": "广州市白云区 示例仓 1 号门 (sample warehouse, gate 1)",
            "hangTag": {
                "productName": "连衣裙 Dress",
                "fibreContent": "100 % 粘纤 viscose",
                "careSymbols": ["wash 30", "do not bleach", "iron low"],
                "productStandard": "FZ/T 81004",
                "safetyClass": "B",
                "makerName": "示例品牌 Sample brand",
                "makerAddress": "广州市",
                "storageNote": "干燥通风 keep dry",
            },
            "note": "Match the floral print at the side seam.",
        });
        let made = merchandiser.act("releaseBatch", "release", input, "batch { id batchNo pieces }").await?;
        self.diary.note("batch", text(&made, "batch.id")?);
        self.bar.inc(1);
        self.diary.save()
    }

    /// The factory sees the batch in its feed, claims and accepts it. Gives the epoch it holds it under.
    async fn pull(&self) -> Result<i64> {
        let factory = self.caller("factory.token")?;
        let batch = self.diary.text("batch")?;
        let feed = "{ factory { batchFeed(first: 20) { nodes { sequence kind batchId } } } }";
        let listed = |data: &Value| {
            let entries = at(data, "factory.batchFeed.nodes").as_array().into_iter().flatten();
            entries.into_iter().any(|entry| entry["batchId"] == batch.as_str())
        };
        self.until("the factory feed", &factory, feed, json!({}), listed).await?;
        let claimed = factory.act("claimBatch", "claim", json!({ "batchId": batch }), "batch { epoch }").await?;
        let epoch = at(&claimed, "batch.epoch").as_i64().context("a claim has an epoch")?;
        factory.act("acceptBatch", "accept", json!({ "batchId": batch, "epoch": epoch }), "batch { status }").await?;
        self.bar.inc(3);
        Ok(epoch)
    }

    async fn produce(&self, epoch: i64) -> Result<()> {
        let factory = self.caller("factory.token")?;
        let batch = self.diary.text("batch")?;
        let cells = self.cells(&factory, &batch).await?;
        for stage in STAGES {
            let input = json!({ "batchId": batch, "epoch": epoch, "stage": stage, "cells": cells });
            factory.act("reportBatchProgress", &format!("stage-{stage}"), input, "batch { progressRevision }").await?;
            self.bar.inc(1);
        }
        let input = json!({
            "batchId": batch,
            "epoch": epoch,
            "carrier": "SF",
            "trackingNo": "SF2000000000001",
            "cartons": 2,
            "cells": cells,
            "isFinal": true,
        });
        factory.act("shipBatch", "ship", input, "batch { status shippedPieces }").await?;
        let support = self.caller("support.token")?;
        support.act("confirmBatchReceived", "batch-here", json!({ "batchId": batch }), "batch { status }").await?;
        self.bar.inc(2);
        Ok(())
    }

    /// All cells of the batch's matrix, as a report of everything.
    async fn cells(&self, factory: &Caller, batch: &str) -> Result<Vec<Value>> {
        let query = "query($id: ID!) { factory { batch(id: $id) { matrix { rows { cells { skuId pieces } } } } } }";
        let data = factory.ask(query, json!({ "id": batch })).await?;
        let rows = at(&data, "factory.batch.matrix.rows").as_array().context("a matrix has rows")?;
        let cells = rows.iter().filter_map(|row| row["cells"].as_array()).flatten().filter(|cell| !cell.is_null());
        Ok(cells.map(|cell| json!({ "skuId": cell["skuId"], "pieces": cell["pieces"] })).collect())
    }

    async fn deliver(&self) -> Result<()> {
        let support = self.caller("support.token")?;
        let batch = self.diary.text("batch")?;
        let query = "query($id: ID!) { packingList(batchId: $id, first: 100) { totalCount nodes { parcel { id orderId } orderNo } } }";
        let all = self.orders();
        let packed = |data: &Value| at(data, "packingList.nodes").as_array().is_some_and(|items| items.len() == all.len());
        let list = self.until("the packing list", &support, query, json!({ "id": batch }), packed).await?;
        let items = at(&list, "packingList.nodes").as_array().cloned().unwrap_or_default();
        let parcels: Vec<Value> = items
            .iter()
            .enumerate()
            .map(|(n, item)| json!({ "parcelId": at(item, "parcel.id"), "carrier": "SF", "trackingNo": format!("SF30000000{n:05}") }))
            .collect();
        support.act("dispatchParcels", "parcels", json!({ "batchId": batch, "parcels": parcels }), "parcels { id }").await?;
        self.bar.inc(1);
        stream::iter(all).map(|(n, member, order)| self.receive(n, member, order)).buffer_unordered(ABREAST).try_collect::<Vec<()>>().await?;
        Ok(())
    }

    async fn receive(&self, n: usize, member: usize, order: String) -> Result<()> {
        let input = json!({ "orderId": order });
        self.member(member)?.act("confirmReceipt", &format!("received-{n}"), input, "delivery { orderId }").await?;
        self.bar.inc(1);
        Ok(())
    }
}
