//! What the tests of presales, orders and payments share: a brand with an open presale, and buyers.

use chrono::Duration;
use entity::design::{self, DesignStatus};
use entity::round::{self, RoundStatus};
use entity::{design_version, round_entry, state_change};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};
use serde_json::{Value, json};
use smallbatch::base::id::{PresaleId, RoundEntryId, StaffId};
use smallbatch::wechat::pay::PayParams;
use tests::{Answer, Brand, Person};

use super::TestApp;

/// Fen per piece.
pub const PRICE: i64 = 19_900;

/// A brand with a presale.
pub struct Shop<'a> {
    pub app: &'a TestApp,
    pub brand: Brand<'a>,
    pub desk: Person<'a>,
    pub presale: String,
    /// Red in S, M, L …, with the caps that were asked for.
    pub skus: Vec<String>,
    pub promise: String,
}

/// Someone who buys: a member with an address.
#[derive(Clone)]
pub struct Buyer<'a> {
    pub person: Person<'a>,
    pub address: String,
}

impl<'a> Shop<'a> {
    /// Opens a presale for a week; `terms` overrides what is ordinary about it.
    pub async fn open(app: &'a TestApp, caps: &[i32], terms: Value) -> Shop<'a> {
        let shop = Shop::draft(app, caps, terms).await;
        shop.act("schedulePresale").await.ok("schedulePresale.presale.id");
        shop.act("openPresale").await.ok("openPresale.presale.id");
        shop
    }

    pub async fn draft(app: &'a TestApp, caps: &[i32], terms: Value) -> Shop<'a> {
        let brand = app.brand("linen").await;
        let desk = brand.merchandiser().await;
        let entry = advanced_entry(&brand, &desk).await;
        let mut input = ordinary_terms(app, caps);
        input["entryId"] = json!(entry);
        merge(&mut input, terms);
        let drafted = desk.mutate("draftPresale", input, "presale { id promiseDate skus { id } }").await;
        let skus = drafted.ok("draftPresale.presale.skus");
        let skus = skus.as_array().expect("a list").iter().map(|sku| text(&sku["id"])).collect();
        let presale = drafted.text("draftPresale.presale.id");
        let promise = drafted.text("draftPresale.presale.promiseDate");
        Shop { app, brand, desk, presale, skus, promise }
    }

    /// A verb of the desk on the presale.
    pub async fn act(&self, verb: &str) -> Answer {
        self.desk.mutate(verb, json!({ "presaleId": self.presale }), "presale { id status }").await
    }

    pub async fn status(&self) -> String {
        let query = "query($id: ID!) { presale(id: $id) { status } }";
        self.desk.gql(query, json!({ "id": self.presale })).await.text("presale.status")
    }

    /// What happened to the presale, by event.
    pub async fn history(&self) -> Vec<String> {
        let id = PresaleId::parse(&self.presale).expect("a presale").0;
        let moves = state_change::Entity::find()
            .filter(state_change::Column::BrandId.eq(self.brand.id))
            .filter(state_change::Column::SubjectId.eq(id))
            .order_by_asc(state_change::Column::Id);
        let moves = moves.all(self.app.app.db.read()).await.expect("a read");
        moves.into_iter().map(|step| step.event).collect()
    }

    /// Held, paid and open pieces over all SKUs, as the demand book has them.
    pub async fn book(&self) -> (i64, i64, i64) {
        let query = "query($id: ID!) { demandBook(presaleId: $id) { totalHeld totalPaid totalOpen } }";
        let book = self.desk.gql(query, json!({ "id": self.presale })).await;
        (book.int("demandBook.totalHeld"), book.int("demandBook.totalPaid"), book.int("demandBook.totalOpen"))
    }

    /// Pieces of the `n`th SKU that a buyer could still order.
    pub async fn remaining(&self, n: usize) -> i64 {
        let query = "query($id: ID!) { presale(id: $id) { skus { remaining } } }";
        self.desk.gql(query, json!({ "id": self.presale })).await.int(&format!("presale.skus.{n}.remaining"))
    }

    pub async fn buyer(&self, name: &str) -> Buyer<'a> {
        let person = self.brand.member(name).await;
        let address = json!({ "address": {
            "recipient": "王小花", "phone": "13812345678", "province": "上海市", "city": "上海市",
            "district": "徐汇区", "street": "漕溪北路 1 号" } });
        let added = person.mutate("addAddress", address, "address { id }").await;
        Buyer { address: added.text("addAddress.address.id"), person }
    }

    /// What a buyer sends for `lines` of (SKU number, pieces) when she was shown the truth.
    pub fn basket(&self, buyer: &Buyer<'_>, lines: &[(usize, i64)]) -> Value {
        let pieces: i64 = lines.iter().map(|(_, quantity)| quantity).sum();
        let lines: Vec<_> =
            lines.iter().map(|(sku, quantity)| json!({ "skuId": self.skus[*sku], "quantity": quantity })).collect();
        json!({
            "presaleId": self.presale,
            "lines": lines,
            "addressId": buyer.address,
            "expectedAmount": PRICE * pieces,
            "expectedPromiseDate": self.promise,
            "termsVersion": "2026-01",
        })
    }

    pub async fn place(&self, buyer: &Buyer<'_>, lines: &[(usize, i64)]) -> Answer {
        buyer.person.mutate("placeOrder", self.basket(buyer, lines), ORDER).await
    }

    /// Places an order that must succeed; its id.
    pub async fn placed(&self, buyer: &Buyer<'_>, lines: &[(usize, i64)]) -> String {
        self.place(buyer, lines).await.text("placeOrder.order.id")
    }

    /// Places an order, pays it in WeChat and lets the notification arrive.
    pub async fn bought(&self, buyer: &Buyer<'_>, lines: &[(usize, i64)]) -> String {
        let order = self.placed(buyer, lines).await;
        self.pay_in_wechat(buyer, &order).await;
        self.app.settle().await;
        assert_eq!(self.order_status(buyer, &order).await, "PAID");
        order
    }

    /// The buyer taps “pay” and confirms in WeChat; the notification is on its way. The transaction id.
    pub async fn pay_in_wechat(&self, buyer: &Buyer<'_>, order: &str) -> String {
        let params = self.pay_params(buyer, order).await;
        self.app.standin.pay(&params, &buyer.person.openid).expect("WeChat takes the payment")
    }

    pub async fn pay_params(&self, buyer: &Buyer<'_>, order: &str) -> PayParams {
        let answer = self.pay(buyer, order).await;
        serde_json::from_value(answer.ok("payOrder.params")).expect("what wx.requestPayment takes")
    }

    pub async fn pay(&self, buyer: &Buyer<'_>, order: &str) -> Answer {
        let fields = "order { id } params { timeStamp nonceStr package signType paySign }";
        buyer.person.mutate("payOrder", json!({ "orderId": order }), fields).await
    }

    pub async fn cancel(&self, buyer: &Buyer<'_>, order: &str) -> Answer {
        buyer.person.mutate("cancelOrder", json!({ "orderId": order }), ORDER).await
    }

    pub async fn order_status(&self, buyer: &Buyer<'_>, order: &str) -> String {
        let query = "query($id: ID!) { order(id: $id) { status } }";
        buyer.person.gql(query, json!({ "id": order })).await.text("order.status")
    }

    /// `REASON STATUS fen` of each refund of an order.
    pub async fn refunds(&self, order: &str) -> Vec<String> {
        let query =
            "query($id: ID) { refunds(orderId: $id) { edges { node { reason status amount { minorUnits } } } } }";
        let answer = self.desk.gql(query, json!({ "id": order })).await;
        let edges = answer.ok("refunds.edges");
        let describe = |edge: &Value| {
            let node = &edge["node"];
            format!("{} {} {}", text(&node["reason"]), text(&node["status"]), node["amount"]["minorUnits"])
        };
        edges.as_array().expect("a list").iter().map(describe).collect()
    }

    /// Money that WeChat's books say left the buyers and has not come back.
    pub fn takings(&self) -> i64 {
        use smallbatch::wechat::pay::RefundStatus;
        let books = self.app.standin.books(&self.brand.account.mchid);
        let paid: i64 = books.transactions.iter().filter(|t| t.state.is_paid()).map(|t| t.amount_fen).sum();
        let back: i64 = books.refunds.iter().filter(|r| r.status == RefundStatus::Success).map(|r| r.amount_fen).sum();
        paid - back
    }
}

pub const ORDER: &str = "order { id status version orderNo pieces amount { minorUnits } lines { id quantity sku { id } } holdExpiresAt availableActions }";

fn ordinary_terms(app: &TestApp, caps: &[i32]) -> Value {
    let sizes = ["S", "M", "L", "XL"];
    let skus: Vec<_> =
        caps.iter().zip(sizes).map(|(cap, size)| json!({ "color": "红", "size": size, "cap": cap })).collect();
    json!({
        "title": "亚麻连衣裙",
        "skus": skus,
        "price": PRICE,
        "memberLimit": 5,
        "moq": 1,
        "opensAt": app.at(Duration::hours(1)),
        "closesAt": app.at(Duration::days(7)),
        "promiseDate": (app.now() + Duration::days(30)).date_naive(),
    })
}

fn merge(into: &mut Value, from: Value) {
    let Value::Object(from) = from else { return };
    for (key, value) in from {
        into[key] = value;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// A design that advanced in a closed round.
async fn advanced_entry(brand: &Brand<'_>, desk: &Person<'_>) -> String {
    let (app, brand_id) = (&brand.app.app, brand.id);
    let (db, now) = (app.db.read(), app.clock.now());
    let [design_id, version_id, round_id, entry_id] = [(); 4].map(|()| app.ids.next());
    design::ActiveModel {
        brand_id: Set(brand_id),
        id: Set(design_id),
        style_no: Set("D-0001".into()),
        designer_id: Set(StaffId::parse(&desk.id).expect("a staff id").0),
        status: Set(DesignStatus::Advanced),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(db)
    .await
    .expect("a design");
    design_version::ActiveModel {
        brand_id: Set(brand_id),
        id: Set(version_id),
        design_id: Set(design_id),
        version: Set(1),
        title: Set("Linen dress".into()),
        description: Set("Cut for 160 cm".into()),
        category: Set("dress".into()),
        season: Set(None),
        fabric: Set(None),
        fit: Set(None),
        attributes: Set(json!([])),
        submitted_at: Set(Some(now)),
        created_at: Set(now),
    }
    .insert(db)
    .await
    .expect("a version");
    round::ActiveModel {
        brand_id: Set(brand_id),
        id: Set(round_id),
        title: Set("Spring".into()),
        status: Set(RoundStatus::Closed),
        advance_count: Set(1),
        opens_at: Set(now - Duration::days(7)),
        closes_at: Set(now - Duration::days(1)),
        closed_at: Set(Some(now - Duration::days(1))),
        tie_break: Set(None),
        created_at: Set(now - Duration::days(8)),
    }
    .insert(db)
    .await
    .expect("a round");
    round_entry::ActiveModel {
        brand_id: Set(brand_id),
        id: Set(entry_id),
        round_id: Set(round_id),
        design_id: Set(design_id),
        design_version_id: Set(version_id),
        position: Set(1),
        picks: Set(0),
        last_pick_at: Set(None),
        rank: Set(Some(1)),
        advanced: Set(true),
        frozen: Set(true),
    }
    .insert(db)
    .await
    .expect("an entry");
    RoundEntryId::new(entry_id).to_string()
}
