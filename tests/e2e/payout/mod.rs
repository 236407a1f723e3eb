//! Payouts: who earns with an order, when she may be paid, how transfers end, and what factories are owed.

mod earn;
mod factory;
mod transfer;

use chrono::{DateTime, Duration, Utc};
use entity::staff::StaffRole;
use serde_json::{Value, json};
use tests::floor::Sold;
use tests::{Answer, Brand, Person};

use super::*;

/// Fen of a piece, and what a tenth of it earns.
const PIECE: i64 = 19_900;
const SHARE: i64 = 1_990;
/// When what was earned with an order received in March may be paid: May begins in Shanghai.
const MAY: &str = "2026-04-30T16:00:00Z";
pub const TRANSFERS: &str = "/v3/fund-app/mch-transfer/transfer-bills";

/// A brand whose KOC `mei` leads the community of `li`, with an open presale in which a KOC earns a tenth.
struct Trade<'a> {
    app: &'a TestApp,
    brand: Brand<'a>,
    mei: Person<'a>,
    sold: Sold<'a>,
    pieces: i32,
}

impl<'a> Trade<'a> {
    async fn open(app: &'a TestApp) -> Trade<'a> {
        let brand = app.brand("sb").await;
        let (mei, li) = (brand.koc("mei").await, brand.member("li").await);
        let community = brand.community(&mei, &[&li]).await;
        let (_, entry, _) = brand.advanced_entry(&community, &[&li]).await;
        let (presale, skus) = brand.open_presale_with(&entry, json!({ "commissionBp": 1_000 })).await;
        let sold = Sold { presale, skus, orders: Vec::new() };
        Trade { app, brand, mei, sold, pieces: 0 }
    }

    /// What `name` sends for so many pieces; `more` is added to it.
    async fn orders(&self, name: &str, pieces: i32, more: Value) -> Answer {
        self.brand.member(name).await.orders(&self.sold, &[("red/S", pieces)], more).await
    }

    /// The same, which must succeed, and paid; the order.
    async fn bought(&mut self, name: &str, pieces: i32, more: Value) -> String {
        let order = self.orders(name, pieces, more).await.text("placeOrder.order.id");
        let buyer = self.brand.member(name).await;
        buyer.pays(&order).await;
        self.sold.orders.push((buyer, order.clone()));
        self.pieces += pieces;
        order
    }

    /// Everything that was sold is made and sent, and each buyer has received it; the batch.
    async fn delivered(&self, factory: &Person<'_>) -> String {
        let batch = self.sent(factory).await;
        for one in &self.sold.orders {
            self.receives(one).await;
        }
        batch
    }

    /// Everything that was sold is made and sent; the batch.
    async fn sent(&self, factory: &Person<'_>) -> String {
        let (presale, owner) = (&self.sold.presale, &self.brand.owner);
        owner
            .mutate("closePresale", json!({ "presaleId": presale }), "presale { id }")
            .await
            .ok("closePresale.presale");
        self.app.settle().await;
        let batch = self.brand.released(presale, &[factory]).await;
        let epoch = factory.takes(&batch).await;
        let cells = self.sold.cells(&[("red/S", self.pieces)]);
        factory.packs(&batch, epoch, cells.clone()).await;
        factory.ships(&batch, epoch, "SF100001", cells, true).await.ok("shipBatch.batch");
        let query = "query($id: ID!) { packingList(batchId: $id) { nodes { parcel { id } } } }";
        let packed = owner.gql(query, json!({ "id": batch })).await.ok("packingList.nodes");
        let parcels = packed.as_array().expect("a list").iter().enumerate().map(
            |(n, node)| json!({ "parcelId": node["parcel"]["id"], "carrier": "SF", "trackingNo": format!("SF20000{n}") }),
        );
        let input = json!({ "batchId": batch, "parcels": parcels.collect::<Vec<_>>() });
        owner.mutate("dispatchParcels", input, "parcels { id }").await.ok("dispatchParcels.parcels");
        self.app.settle().await;
        batch
    }

    /// A buyer has what she ordered.
    async fn receives(&self, (buyer, order): &(Person<'a>, String)) {
        let input = json!({ "orderId": order });
        buyer.mutate("confirmReceipt", input, "delivery { orderId }").await.ok("confirmReceipt.delivery");
        self.app.settle().await;
    }

    /// `li` buys so many pieces for each of `orders`, receives them, and their money is settled; the orders.
    async fn earned(app: &'a TestApp, orders: &[i32]) -> (Trade<'a>, Vec<String>) {
        let mut trade = Trade::open(app).await;
        let mut ids = Vec::new();
        for pieces in orders {
            ids.push(trade.bought("li", *pieces, json!({})).await);
        }
        trade.delivered(&app.factory("One").await).await;
        for order in &ids {
            trade.brand.settles(order).await;
        }
        (trade, ids)
    }

    /// Finance staff, signed in now.
    async fn finance(&self) -> Person<'a> {
        self.brand.staff(StaffRole::Finance).await
    }

    /// `mei`, signed in now.
    async fn mei(&self) -> Person<'a> {
        self.brand.member("mei").await
    }

    /// Time moves on to an instant.
    async fn until(&self, at: &str) {
        let at: DateTime<Utc> = at.parse().expect("an instant");
        self.app.advance(at - self.app.now()).await;
    }

    async fn pay_commission(&self) -> Answer {
        let input = json!({ "memberId": self.mei.id });
        self.finance()
            .await
            .mutate("payCommission", input, "replayed transfers { id status amount { minorUnits } }")
            .await
    }

    /// `STATUS amount open` of what `mei` earned, oldest first.
    async fn commissions(&self) -> Vec<String> {
        let query = "{ myCommissions { nodes { status amount { minorUnits } open { minorUnits } } } }";
        let nodes = self.mei().await.gql(query, json!({})).await.ok("myCommissions.nodes");
        let one = |node: &Value| {
            let status = node["status"].as_str().expect("a state");
            format!("{status} {} {}", node["amount"]["minorUnits"], node["open"]["minorUnits"])
        };
        nodes.as_array().expect("a list").iter().rev().map(one).collect()
    }

    /// The transfers to `mei`, oldest first, as finance staff see them.
    async fn transfers(&self) -> Vec<Value> {
        let query = "{ transfers { nodes { id kind status amount { minorUnits } outBillNo failReason lastError isCancellable } } }";
        let nodes = self.finance().await.gql(query, json!({})).await.ok("transfers.nodes");
        nodes.as_array().expect("a list").iter().rev().cloned().collect()
    }

    async fn transfer_states(&self) -> Vec<String> {
        let text = |row: &Value| row["status"].as_str().expect("a state").to_owned();
        self.transfers().await.iter().map(text).collect()
    }

    /// `person` confirms what waits for her, in WeChat; how many that were.
    async fn confirms(&self, name: &str) -> usize {
        let waiting = params(&self.brand.member(name).await).await;
        for params in &waiting {
            let package = params["package"].as_str().expect("a package");
            self.app.standin.confirm_transfer(package, name).expect("WeChat takes it");
        }
        self.app.settle().await;
        waiting.len()
    }

    /// `CAUSE ACTION` of what is stuck.
    async fn stuck(&self) -> Vec<String> {
        let query = "{ payoutDesk { stuck { totalCount items { cause nextAction transfer { id } } } } }";
        let desk = self.finance().await.gql(query, json!({})).await;
        let items = desk.ok("payoutDesk.stuck.items");
        let items: Vec<_> = items
            .as_array()
            .expect("a list")
            .iter()
            .map(|item| format!("{} {}", text(&item["cause"]), text(&item["nextAction"])))
            .collect();
        assert_eq!(desk.int("payoutDesk.stuck.totalCount"), items.len() as i64);
        items
    }

    /// Commission payable, as the books have it.
    async fn payable(&self) -> i64 {
        let desk = self.finance().await.gql("{ financeDesk { commissionPayable { minorUnits } } }", json!({})).await;
        desk.int("financeDesk.commissionPayable.minorUnits")
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// What waits for a member to confirm it.
async fn params(person: &Person<'_>) -> Vec<Value> {
    let query = "{ myPayouts { nodes { status params { mchId appId package } confirmBy } } }";
    let nodes = person.gql(query, json!({})).await.ok("myPayouts.nodes");
    let waiting = nodes.as_array().expect("a list").iter().map(|node| node["params"].clone());
    waiting.filter(|params| !params.is_null()).collect()
}
