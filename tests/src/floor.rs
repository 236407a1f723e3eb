//! The second half of the flow in a few calls: a presale that succeeded, a batch on offer, a factory at work.

use std::collections::BTreeMap;

use chrono::Duration;
use entity::payment_attempt;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use smallbatch::base::id::OrderId;
use smallbatch::wechat::pay::PayParams;
use uuid::Uuid;

use crate::{Answer, Brand, Person};

/// What no factory may ever read.
pub const PHONE: &str = "13912345678";
pub const RECIPIENT: &str = "王小花";
pub const STREET: &str = "漕溪北路 1 号";

/// A presale that succeeded: its SKUs by `color/size` and its orders in the order of payment.
pub struct Sold<'a> {
    pub presale: String,
    pub skus: BTreeMap<String, String>,
    pub orders: Vec<(Person<'a>, String)>,
}

impl Sold<'_> {
    pub fn sku(&self, name: &str) -> &str {
        &self.skus[name]
    }

    /// `[{skuId, pieces}]` for reports and notices.
    pub fn cells(&self, cells: &[(&str, i32)]) -> Value {
        cells.iter().map(|(name, pieces)| json!({ "skuId": self.sku(name), "pieces": pieces })).collect()
    }
}

impl<'a> Brand<'a> {
    /// A presale of red and blue, S and M, in which each order of `orders` was paid, a minute apart,
    /// by a member of her own.
    pub async fn sold(&self, orders: &[&[(&str, i32)]]) -> Sold<'a> {
        let picker = self.member("picker").await;
        let koc = self.koc("koc").await;
        let community = self.community(&koc, &[&picker]).await;
        let (_, entry, _) = self.advanced_entry(&community, &[&picker]).await;
        let (presale, skus) = self.open_presale_of(&entry).await;
        let mut sold = Sold { presale, skus, orders: Vec::new() };
        for (number, lines) in orders.iter().enumerate() {
            let buyer = self.member(&format!("buyer-{number}")).await;
            let order = buyer.buy(&sold, lines).await;
            sold.orders.push((buyer, order));
            self.app.advance(Duration::minutes(1)).await;
        }
        let closed =
            self.owner.mutate("closePresale", json!({ "presaleId": sold.presale }), "presale { status }").await;
        assert_eq!(closed.text("closePresale.presale.status"), "SUCCEEDED");
        self.app.settle().await;
        sold
    }

    /// An open presale of an entry that advanced: its id and its SKUs by `color/size`.
    pub async fn open_presale_of(&self, entry: &str) -> (String, BTreeMap<String, String>) {
        self.open_presale_with(entry, json!({})).await
    }

    /// The same; `terms` overrides what is ordinary about it.
    pub async fn open_presale_with(&self, entry: &str, terms: Value) -> (String, BTreeMap<String, String>) {
        let sku = |color: &str, size: &str| json!({ "color": color, "size": size, "cap": 500 });
        let mut input = json!({
            "entryId": entry,
            "title": "Stand-up collar",
            "skus": [sku("red", "S"), sku("red", "M"), sku("blue", "S"), sku("blue", "M")],
            "price": 19900,
            "memberLimit": 50,
            "moq": 1,
            "opensAt": self.app.at(Duration::zero()),
            "closesAt": self.app.at(Duration::days(2)),
            "promiseDate": "2026-03-14",
        });
        merge(&mut input, terms);
        let draft = self.owner.mutate("draftPresale", input, "presale { id skus { id color size } }").await;
        let presale = draft.text("draftPresale.presale.id");
        let skus = draft.ok("draftPresale.presale.skus");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let named = |sku: &Value| (format!("{}/{}", text(&sku["color"]), text(&sku["size"])), text(&sku["id"]));
        let skus = skus.as_array().expect("a list").iter().map(named).collect();
        self.owner
            .mutate("schedulePresale", json!({ "presaleId": presale }), "presale { id }")
            .await
            .ok("schedulePresale");
        self.app.settle().await;
        (presale, skus)
    }

    /// Releases all that is paid to `factories`, due in ten days.
    /// The buyer confirms in WeChat what was shipped of an order, which settles its money.
    pub async fn settles(&self, order: &str) {
        for transaction in self.transactions(order).await {
            self.app.standin.confirm_receipt(&transaction);
        }
        self.app.settle().await;
    }

    /// The buyer complains to WeChat, or no longer does: meanwhile the money of her order does not settle.
    pub async fn complains(&self, order: &str, open: bool) {
        for transaction in self.transactions(order).await {
            self.app.standin.complain(&transaction, open);
        }
        self.app.settle().await;
    }

    /// WeChat's numbers of what was paid for an order.
    async fn transactions(&self, order: &str) -> Vec<String> {
        let order_id = OrderId::parse(order).expect("an order").0;
        let paid = payment_attempt::Entity::find()
            .filter(payment_attempt::Column::BrandId.eq(self.id))
            .filter(payment_attempt::Column::OrderId.eq(order_id))
            .filter(payment_attempt::Column::Settles.eq(true));
        let paid = paid.all(self.app.app.db.read()).await.expect("a read");
        paid.into_iter().filter_map(|attempt| attempt.transaction_id).collect()
    }

    pub async fn release(&self, presale: &str, factories: &[&Person<'_>]) -> Answer {
        self.owner
            .mutate("releaseBatch", release_input(presale, factories), "replayed batch { id batchNo status pieces }")
            .await
    }

    /// The same, told to the factories; the batch's id.
    pub async fn released(&self, presale: &str, factories: &[&Person<'_>]) -> String {
        let batch = self.release(presale, factories).await.text("releaseBatch.batch.id");
        self.app.settle().await;
        batch
    }
}

fn merge(into: &mut Value, from: Value) {
    let Value::Object(from) = from else { return };
    for (key, value) in from {
        into[key] = value;
    }
}

/// A complete `ReleaseBatchInput` without its key.
pub fn release_input(presale: &str, factories: &[&Person<'_>]) -> Value {
    json!({
        "presaleId": presale,
        "factoryIds": factories.iter().map(|factory| &factory.id).collect::<Vec<_>>(),
        "pricePerPiece": 4500,
        "dueDate": "2026-03-12",
        "shipTo": "Warehouse, dock 3",
        "hangTag": {
            "productName": "Blouse",
            "fibreContent": "Cotton 100%",
            "careSymbols": ["hand wash", "do not bleach"],
            "productStandard": "FZ/T 81004",
            "safetyClass": "B",
            "makerName": "Maker",
            "makerAddress": "Somewhere 1",
        },
    })
}

impl Person<'_> {
    /// The factory and the key that a factory's token names.
    pub fn key(&self) -> (Uuid, Uuid) {
        let token = self.token.as_deref().expect("a key");
        let mut ids = token.split('.').skip(1).map(|id| id.parse().expect("an id"));
        (ids.next().expect("a factory"), ids.next().expect("a key"))
    }

    /// Orders `lines` to an address full of personal data and pays; the order's id.
    pub async fn buy(&self, sold: &Sold<'_>, lines: &[(&str, i32)]) -> String {
        let order = self.orders(sold, lines, json!({})).await.text("placeOrder.order.id");
        self.pays(&order).await;
        order
    }

    /// Places an order for `lines` without paying; `more` is added to what she sends.
    pub async fn orders(&self, sold: &Sold<'_>, lines: &[(&str, i32)], more: Value) -> Answer {
        let address = json!({ "recipient": RECIPIENT, "phone": PHONE, "province": "上海市", "city": "上海市", "district": "徐汇区", "street": STREET });
        let address = self.mutate("addAddress", json!({ "address": address }), "address { id }").await;
        let pieces: i32 = lines.iter().map(|(_, quantity)| quantity).sum();
        let line = |(name, quantity): &(&str, i32)| json!({ "skuId": sold.sku(name), "quantity": quantity });
        let mut input = json!({
            "presaleId": sold.presale,
            "lines": lines.iter().map(line).collect::<Vec<_>>(),
            "addressId": address.text("addAddress.address.id"),
            "expectedAmount": pieces * 19900,
            "expectedPromiseDate": "2026-03-14",
            "termsVersion": "2026-01",
        });
        merge(&mut input, more);
        self.mutate("placeOrder", input, "order { id }").await
    }

    /// Pays an order in WeChat.
    pub async fn pays(&self, order: &str) {
        let fields = "params { timeStamp nonceStr package signType paySign }";
        let params = self.mutate("payOrder", json!({ "orderId": order }), fields).await.ok("payOrder.params");
        let params: PayParams = serde_json::from_value(params).expect("payment parameters");
        self.app().standin.pay(&params, &self.openid).expect("WeChat takes the money");
        self.app().settle().await;
    }

    /// Claims the batch; its epoch.
    pub async fn claims(&self, batch: &str) -> i64 {
        let claimed = self.mutate("claimBatch", json!({ "batchId": batch }), "batch { epoch }").await;
        claimed.int("claimBatch.batch.epoch")
    }

    /// Claims and accepts; the epoch.
    pub async fn takes(&self, batch: &str) -> i64 {
        let epoch = self.claims(batch).await;
        let input = json!({ "batchId": batch, "epoch": epoch });
        self.mutate("acceptBatch", input, "batch { status }").await.ok("acceptBatch.batch");
        epoch
    }

    pub async fn reports(&self, batch: &str, epoch: i64, stage: &str, cells: Value) -> Answer {
        let input = json!({ "batchId": batch, "epoch": epoch, "stage": stage, "cells": cells });
        self.mutate("reportBatchProgress", input, "batch { status progressRevision }").await
    }

    /// Reports `cells` through every stage up to packed.
    pub async fn packs(&self, batch: &str, epoch: i64, cells: Value) {
        for stage in ["FABRIC_IN", "CUT", "SEWN", "FINISHED", "QC", "PACKED"] {
            self.reports(batch, epoch, stage, cells.clone()).await.ok("reportBatchProgress.batch");
        }
    }

    pub async fn ships(&self, batch: &str, epoch: i64, tracking: &str, cells: Value, is_final: bool) -> Answer {
        let input = json!({
            "batchId": batch, "epoch": epoch, "carrier": "SF", "trackingNo": tracking, "cartons": 1,
            "cells": cells, "isFinal": is_final,
        });
        let done = self.mutate("shipBatch", input, "batch { status shippedPieces }").await;
        self.app().settle().await;
        done
    }
}
