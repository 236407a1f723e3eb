//! What happens to few, or goes wrong. Without it, fields such as a phone number, the words that came with a refund or
//! WeChat's reason for a failed transfer are empty for everyone, and that somebody sees them could not show.

use chrono::Duration;
use serde_json::{Value, json};
use smallbatch::wechat::pay::RefundStatus;
use smallbatch::wechat::standin::{ScriptedRefusal, Switches};

use super::World;
use super::sell::PRICE;

const REFUNDS: &str = "/v3/refund/domestic/refunds";
const TRANSFERS: &str = "/v3/fund-app/mch-transfer/transfer-bills";
const DECLARE: &str = "/wxa/sec/order/opspecialorder";
const DEPOSIT: i64 = 3_000;
const PROMISE: &str = "2026-03-28";

impl World<'_> {
    /// The buyer says her name and her phone number. Nobody else does: what is seen of a name or a number is hers.
    pub(super) async fn introduce(&self) {
        let app = self.brand.app;
        let query = "mutation($input: ChangeNicknameInput!) { changeNickname(input: $input) { userErrors { code } } }";
        let named = self.buyer.gql(query, json!({ "input": { "nickname": self.marked("nick") } })).await;
        named.ok("changeNickname");
        let code = app.standin.phone_code(&self.buyer.appid, &self.buyer.openid, &self.phone);
        let query = "mutation($input: BindPhoneInput!) { bindPhone(input: $input) { userErrors { code } } }";
        self.buyer.gql(query, json!({ "input": { "code": code } })).await.ok("bindPhone");
    }

    /// An order is cancelled while WeChat has no money for the refund.
    pub(super) async fn refund_in_vain(&mut self) {
        let app = self.brand.app;
        let order = self.buy().await;
        app.standin.refuse(REFUNDS, refusal(403, "NOT_ENOUGH", &self.marked("no money")));
        self.buyer.mutate("cancelOrder", json!({ "orderId": order }), "order { id }").await.ok("cancelOrder.order.id");
        app.settle().await;
        app.standin.clear_faults(REFUNDS);
        self.ids.insert("pendingOrderId", order);
    }

    /// After the goods are out.
    pub(super) async fn less_smooth(&mut self) {
        self.refuse_case().await;
        self.read_a_message().await;
        self.ask_for_changes().await;
        self.sell_by_deposit().await;
        self.miss_the_minimum().await;
        self.transfer_in_vain().await;
    }

    /// Support says no to what the buyer asked of the other order, and why.
    async fn refuse_case(&self) {
        let order = self.id("shippedOrderId");
        let query = "query($id: ID!) { order(id: $id) { lines { id } } }";
        let line = self.buyer.gql(query, json!({ "id": order })).await.text("order.lines.0.id");
        let asked =
            json!({ "orderId": order, "lines": [{ "lineId": line, "pieces": 1 }], "reason": self.marked("seam") });
        let case = self.buyer.mutate("openAfterSales", asked, "afterSales { id }").await;
        let answer = json!({ "caseId": case.text("openAfterSales.afterSales.id"), "approve": false,
            "answer": self.marked("as the photo shows") });
        let decided = self.support.mutate("decideAfterSales", answer, "afterSales { status }").await;
        assert_eq!(decided.text("decideAfterSales.afterSales.status"), "REFUSED");
    }

    async fn read_a_message(&self) {
        let inbox = self.buyer.gql("{ viewer { inbox(first: 2) { nodes { id } } } }", json!({})).await;
        let query = "mutation($input: MarkReadInput!) { markRead(input: $input) { userErrors { code } } }";
        let ids = [inbox.text("viewer.inbox.nodes.1.id")];
        self.buyer.gql(query, json!({ "input": { "ids": ids } })).await.ok("markRead");
    }

    /// The KOC shall say more about the second design.
    async fn ask_for_changes(&mut self) {
        let post = self.sample("secondEntryId").await;
        self.act("requestTryOnChanges", json!({ "tryOnId": post, "note": self.marked("say more") })).await;
    }

    /// A presale of the second design by deposit, cheaper when many buy. One order is not paid, of another the deposit is,
    /// of whose date WeChat wants to know nothing.
    async fn sell_by_deposit(&mut self) {
        let (presale, sku) = self.present("secondEntryId", self.by_deposit()).await;
        let (unpaid, paid) = (self.place(&presale, &sku).await, self.place(&presale, &sku).await);
        let standin = &self.brand.app.standin;
        standin.refuse(DECLARE, refusal(200, "268546001", &self.marked("no such date")));
        self.pay(&paid).await;
        standin.clear_faults(DECLARE);
        for (name, id) in [("secondPresaleId", presale), ("unpaidOrderId", unpaid), ("depositOrderId", paid)] {
            self.ids.insert(name, id);
        }
    }

    /// Terms of a presale for the community alone.
    pub(super) fn by_deposit(&self) -> Value {
        json!({
            "plan": { "deposit": { "amount": DEPOSIT, "balanceDays": 3 } },
            "priceTiers": [{ "fromPieces": 9, "unitPrice": 17_000 }],
            "communityIds": [self.id("communityId")],
        })
    }

    /// The third design finds one buyer and needs nine; and the money does not reach her.
    async fn miss_the_minimum(&mut self) {
        let (presale, sku) = self.present("thirdEntryId", json!({ "moq": 9 })).await;
        let order = self.place(&presale, &sku).await;
        self.pay(&order).await;
        let standin = &self.brand.app.standin;
        standin.set_switches(Switches { refund_result: RefundStatus::Abnormal, ..Switches::default() });
        self.act("closePresale", json!({ "presaleId": presale })).await;
        self.brand.app.settle().await;
        standin.set_switches(Switches::default());
        self.ids.insert("thirdPresaleId", presale);
        self.ids.insert("missedOrderId", order);
    }

    /// An open presale of an entry, with these terms; it and its SKU.
    pub(super) async fn present(&self, entry: &str, terms: Value) -> (String, String) {
        let app = self.brand.app;
        let mut input = json!({
            "entryId": self.id(entry),
            "title": self.marked(entry),
            "skus": [{ "color": self.marked("blue"), "size": "S", "cap": 50 }],
            "price": PRICE,
            "memberLimit": 9,
            "moq": 1,
            "opensAt": app.at(Duration::zero()),
            "closesAt": app.at(Duration::days(2)),
            "promiseDate": PROMISE,
        });
        for (name, term) in terms.as_object().expect("terms") {
            input[name] = term.clone();
        }
        let draft = self.merchandiser.mutate("draftPresale", input, "presale { id skus { id } }").await;
        let (presale, sku) = (draft.text("draftPresale.presale.id"), draft.text("draftPresale.presale.skus.0.id"));
        self.act("schedulePresale", json!({ "presaleId": presale })).await;
        app.settle().await;
        (presale, sku)
    }

    /// The buyer orders a piece; the order.
    pub(super) async fn place(&self, presale: &str, sku: &str) -> String {
        let input = json!({
            "presaleId": presale,
            "lines": [{ "skuId": sku, "quantity": 1 }],
            "addressId": self.id("addressId"),
            "expectedAmount": PRICE,
            "expectedPromiseDate": PROMISE,
            "termsVersion": "2026-01",
        });
        self.buyer.mutate("placeOrder", input, "order { id }").await.text("placeOrder.order.id")
    }

    /// One transfer fails after the buyer confirmed it, one is taken back, one waits for money; one comes through.
    async fn transfer_in_vain(&mut self) {
        let app = self.brand.app;
        let fails = Switches { transfer_fails: Some(self.marked("frozen")), ..Switches::default() };
        for (switches, order) in [(fails, "shippedOrderId"), (Switches::default(), "refundedOrderId")] {
            app.standin.set_switches(switches);
            let transfer = self.pay_compensation(order).await;
            let query = "query($id: ID!) { node(id: $id) { ... on Transfer { params { package } } } }";
            let shown = self.buyer.gql(query, json!({ "id": transfer })).await;
            let package = shown.text("node.params.package");
            app.standin.confirm_transfer(&package, &self.buyer.openid).expect("WeChat takes it");
            app.settle().await;
        }
        let taken_back = self.pay_compensation("pendingOrderId").await;
        let taken_back = json!({ "transferId": taken_back });
        let cancelled = self.finance.mutate("cancelTransfer", taken_back, "transfer { id }").await;
        cancelled.ok("cancelTransfer.transfer.id");
        app.settle().await;
        app.standin.refuse(TRANSFERS, refusal(403, "NOT_ENOUGH", &self.marked("no money")));
        self.pay_compensation("depositOrderId").await;
        app.standin.clear_faults(TRANSFERS);
    }
}

/// WeChat's answer until it is asked for another.
fn refusal(status: u16, code: &str, message: &str) -> ScriptedRefusal {
    ScriptedRefusal { status, code: code.to_owned(), message: message.to_owned(), times: 9 }
}
