//! The presale of the winner: pickers are told, 43 members pay.

use anyhow::{Context, Result};
use chrono::Duration;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::cast::openid;
use super::vote::picker;
use super::{ABREAST, MEMBERS, OTHER_ORDERS, PICKER_ORDERS, PICKERS, Pilot};
use crate::demo::caller::{at, text};

const COLORS: [&str; 2] = ["雾蓝 Mist blue", "米白 Ivory"];
const SIZES: [(&str, &str); 4] = [("S", "155/80A"), ("M", "160/84A"), ("L", "165/88A"), ("XL", "170/92A")];
/// Fen.
const PRICE: i64 = 19_900;
const MOQ: usize = 30;

/// The buyers: 35 of the pickers of design 1, then 8 who had not picked it.
fn buyers() -> Vec<usize> {
    let pickers: Vec<usize> = (0..PICKERS).map(|k| picker(1, k)).collect();
    let others = (0..MEMBERS).filter(|member| !pickers.contains(member)).step_by(17).take(OTHER_ORDERS);
    pickers.iter().copied().take(PICKER_ORDERS).chain(others).collect()
}

impl Pilot<'_> {
    /// Every order placed: its number in the pilot, the buyer, its id.
    pub(super) fn orders(&self) -> Vec<(usize, usize, String)> {
        let placed = buyers().into_iter().enumerate();
        placed.filter_map(|(n, member)| Some((n, member, self.diary.text(&format!("order.{n}")).ok()?))).collect()
    }

    pub(super) async fn sell(&self) -> Result<()> {
        self.bar.set_message("the presale opens; pickers are told");
        let skus = self.open_presale().await?;
        self.bar.set_message("members order and pay");
        let orders = buyers().into_iter().enumerate();
        stream::iter(orders).map(|(n, member)| self.buy(n, member, &skus)).buffer_unordered(ABREAST).try_collect::<Vec<()>>().await?;
        self.bar.set_message("the presale closes");
        self.close_presale().await
    }

    /// Opens the presale and gives the ids of its SKUs, in the order of the matrix.
    async fn open_presale(&self) -> Result<Vec<String>> {
        let merchandiser = self.caller("merchandiser.token")?;
        let now = self.app.clock.now();
        let day = |days: i64| (now + Duration::days(days)).to_rfc3339();
        let opens_at = self.diary.once("presale.opens", || async { Ok(json!(day(0))) }).await?;
        let closes_at = self.diary.once("presale.closes", || async { Ok(json!(day(5))) }).await?;
        let promise = (now + Duration::days(20)).format("%Y-%m-%d").to_string();
        let promise_date = self.diary.once("presale.promise", || async { Ok(json!(promise)) }).await?;
        let skus: Vec<Value> = COLORS
            .iter()
            .flat_map(|color| SIZES.iter().map(move |(size, cut)| json!({ "color": color, "size": size, "sizeDesignation": cut, "cap": 40 })))
            .collect();
        let input = json!({
            "entryId": self.diary.text("entry")?,
            "title": "碎花茶歇裙预售 Floral tea dress",
            "skus": skus,
            "price": PRICE,
            "memberLimit": 2,
            "moq": MOQ,
            "opensAt": opens_at,
            "closesAt": closes_at,
            "promiseDate": promise_date,
            "communityIds": [self.diary.text("community")?],
        });
        let made = merchandiser.act("draftPresale", "presale", input, "presale { id skus { id } }").await?;
        self.diary.note("presale", text(&made, "presale.id")?);
        if self.diary.get("presale.told").is_none() {
            // Half of the pickers have agreed to one message, as their phones would have asked them.
            (0..PICKERS).step_by(2).for_each(|k| self.accept_messages(picker(1, k)));
            self.standin.settle().await;
            self.diary.note("presale.told", true);
        }
        let id = json!({ "presaleId": self.diary.text("presale")? });
        merchandiser.act("schedulePresale", "presale-set", id, "presale { status }").await?;
        let status = "query($id: ID!) { presale(id: $id) { status } }";
        let open = |data: &Value| !matches!(at(data, "presale.status").as_str(), Some("SCHEDULED" | "DRAFT"));
        self.until("the presale to open", &merchandiser, status, json!({ "id": self.diary.text("presale")? }), open).await?;
        self.bar.inc(3);
        self.diary.save()?;
        let skus = at(&made, "presale.skus").as_array().context("the presale has SKUs")?;
        skus.iter().map(|sku| text(sku, "id")).collect()
    }

    async fn buy(&self, n: usize, member: usize, skus: &[String]) -> Result<()> {
        let caller = self.member(member)?;
        let recipient = json!({
            "recipient": format!("示例{n:02}"),
            "phone": format!("138{:08}", 10_000_000 + n),
            "province": "广东省",
            "city": "广州市",
            "district": "天河区",
            "street": format!("示例路 {} 号", n + 1),
        });
        let input = json!({ "address": recipient });
        let address = caller.act("addAddress", &format!("address-{n}"), input, "address { id }").await?;
        self.bar.inc(1);
        // A plausible spread: M and L most, the first colour more often.
        let sku = &skus[[1, 1, 2, 0, 5, 2, 6, 1, 3, 4, 2, 5, 7][n % 13]];
        let input = json!({
            "presaleId": self.diary.text("presale")?,
            "lines": [{ "skuId": sku, "quantity": 1 }],
            "addressId": text(&address, "address.id")?,
            "expectedAmount": PRICE,
            "expectedPromiseDate": self.diary.text("presale.promise")?,
            "termsVersion": "2026-01",
        });
        let placed = caller.act("placeOrder", &format!("order-{n}"), input, "order { id status }").await?;
        let order = text(&placed, "order.id")?;
        self.diary.note(&format!("order.{n}"), order.clone());
        self.bar.inc(1);
        self.pay(n, member, &order).await?;
        self.bar.inc(1);
        Ok(())
    }

    async fn pay(&self, n: usize, member: usize, order: &str) -> Result<()> {
        if self.diary.get(&format!("paid.{n}")).is_some() {
            return Ok(());
        }
        let caller = self.member(member)?;
        let fields = "params { timeStamp nonceStr package signType paySign }";
        let asked = caller.act("payOrder", &format!("pay-{n}"), json!({ "orderId": order }), fields).await?;
        let params = serde_json::from_value(asked["params"].clone()).context("payment parameters")?;
        self.standin.pay(&params, &openid(member)).map_err(|failure| anyhow::anyhow!("the phone could not pay: {failure:?}"))?;
        let query = "query($id: ID!) { order(id: $id) { status } }";
        self.until("the payment notification", &caller, query, json!({ "id": order }), |data| at(data, "order.status") != "PENDING_PAYMENT").await?;
        self.diary.note(&format!("paid.{n}"), true);
        Ok(())
    }

    async fn close_presale(&self) -> Result<()> {
        let merchandiser = self.caller("merchandiser.token")?;
        let id = self.diary.text("presale")?;
        merchandiser.act("closePresale", "presale-close", json!({ "presaleId": id }), "presale { status }").await?;
        let query = "query($id: ID!) { presale(id: $id) { status } }";
        self.until("the presale's verdict", &merchandiser, query, json!({ "id": id }), |data| at(data, "presale.status") == "SUCCEEDED").await?;
        self.bar.inc(2);
        self.diary.save()
    }
}
