//! A presale, three orders that stay, one that is refunded and one whose refund does not get on.

use chrono::Duration;
use entity::reconciliation::{self, ReconciliationStatus};
use entity::reconciliation_difference::{self, DifferenceKind, DifferenceStatus};
use sea_orm::{ActiveModelTrait, Set};
use serde_json::{Value, json};
use smallbatch::base::id::{DifferenceId, OrderId, StaffId};
use smallbatch::wechat::pay::{PayParams, Prepay};

use super::World;

pub(super) const PRICE: i64 = 19_900;

impl World<'_> {
    pub(super) async fn sell(&mut self) {
        self.brand.app.standin.accept_subscribe(&self.brand.account.appid, &self.buyer.openid, crate::people::TEMPLATE);
        let red = self.marked("red");
        let sku = |size: &str| json!({ "color": red, "size": size, "sizeDesignation": "160/84A", "cap": 50 });
        let input = json!({
            "entryId": self.id("entryId"),
            "title": self.marked("presale"),
            "skus": [sku("S"), sku("M")],
            "price": PRICE,
            "memberLimit": 9,
            "moq": 1,
            "opensAt": self.brand.app.at(Duration::zero()),
            "closesAt": self.brand.app.at(Duration::days(2)),
            "promiseDate": "2026-03-14",
            "commissionBp": 1_000,
        });
        let draft = self.merchandiser.mutate("draftPresale", input, "presale { id skus { id } }").await;
        self.ids.insert("presaleId", draft.text("draftPresale.presale.id"));
        self.ids.insert("skuId", draft.text("draftPresale.presale.skus.0.id"));
        self.act("schedulePresale", json!({ "presaleId": self.id("presaleId") })).await;
        self.brand.app.settle().await;
        let address = json!({ "recipient": self.marked("recipient"), "phone": self.phone, "province": "上海市",
            "city": "上海市", "district": "徐汇区", "street": self.marked("street") });
        let added = self.buyer.mutate("addAddress", json!({ "address": address }), "address { id }").await;
        self.ids.insert("addressId", added.text("addAddress.address.id"));
        let kept = self.buy().await;
        let shipped = self.buy().await;
        let stuck = self.buy().await;
        let refunded = self.buy().await;
        let part = json!({ "orderId": refunded, "amount": 100, "reason": self.marked("a gift") });
        self.support.mutate("refundOrder", part, "order { id }").await.ok("refundOrder.order.id");
        self.brand.app.settle().await;
        self.buyer
            .mutate("cancelOrder", json!({ "orderId": refunded }), "order { id }")
            .await
            .ok("cancelOrder.order.id");
        self.brand.app.settle().await;
        let query = "query($kept: ID!, $gone: ID!) { order(id: $kept) { lines { id } } refunds(orderId: $gone) { nodes { id } } }";
        let found = self.buyer.gql(query, json!({ "kept": kept, "gone": refunded })).await;
        self.ids.insert("orderLineId", found.text("order.lines.0.id"));
        self.ids.insert("refundId", found.text("refunds.nodes.0.id"));
        self.ids.insert("refundedOrderId", refunded);
        self.ids.insert("orderId", kept);
        self.ids.insert("shippedOrderId", shipped);
        self.ids.insert("stuckOrderId", stuck);
        let settled = self.pay_astray().await;
        let input = json!({ "eventId": settled, "note": self.marked("sent back") });
        let done = self.finance.mutate("resolveProviderEvent", input, "providerEvent { eventId }").await;
        done.ok("resolveProviderEvent.providerEvent");
        let open = self.pay_astray().await;
        self.ids.insert("eventId", open);
        self.reconcile().await;
        // Last, as the desk would show it before the money that came astray.
        self.refund_in_vain().await;
    }

    /// A day before the brand began, with a difference that is open and one that was settled, and one without its bill.
    async fn reconcile(&mut self) {
        let (app, brand_id) = (self.brand.app, self.brand.id);
        let (db, now) = (app.app.db.read(), app.now());
        let [day, waiting, open, settled] = [(); 4].map(|()| app.app.ids.next());
        let order_id = OrderId::parse(self.id("orderId")).expect("an order").0;
        let row = |id, date: &str, status| reconciliation::ActiveModel {
            brand_id: Set(brand_id),
            id: Set(id),
            bill_date: Set(date.parse().expect("a date")),
            status: Set(status),
            attempts: Set(1),
            last_error: Set(Some(self.marked("late"))),
            trade_sha1: Set(Some(self.marked("trade"))),
            flow_sha1: Set(Some(self.marked("flow"))),
            bill_payments: Set(1),
            bill_paid: Set(PRICE),
            bill_refunds: Set(0),
            bill_refunded: Set(0),
            bill_fees: Set(119),
            bill_movement: Set(PRICE - 119),
            bill_balance: Set(Some(PRICE - 119)),
            our_payments: Set(0),
            our_paid: Set(0),
            our_refunds: Set(0),
            our_refunded: Set(0),
            our_fees: Set(0),
            our_movement: Set(0),
            healed: Set(0),
            checked_at: Set(Some(now)),
            created_at: Set(now - Duration::hours(2)),
        };
        let days = [
            (day, "2026-02-28", ReconciliationStatus::Differing),
            (waiting, "2026-02-27", ReconciliationStatus::Waiting),
        ];
        for (id, date, status) in days {
            row(id, date, status).insert(db).await.expect("a day");
        }
        let staff = StaffId::parse(&self.finance.id).expect("a person of staff").0;
        for (id, status) in [(open, DifferenceStatus::Open), (settled, DifferenceStatus::Resolved)] {
            let resolved = status == DifferenceStatus::Resolved;
            let difference = reconciliation_difference::ActiveModel {
                brand_id: Set(brand_id),
                id: Set(id),
                reconciliation_id: Set(day),
                kind: Set(DifferenceKind::PaymentAmount),
                number: Set(self.marked("number")),
                provider_no: Set(Some(self.marked("theirs"))),
                order_id: Set(Some(order_id)),
                bill_amount: Set(Some(PRICE)),
                our_amount: Set(Some(1)),
                detail: Set(Some(self.marked("detail"))),
                status: Set(status),
                created_at: Set(now),
                resolved_at: Set(resolved.then_some(now)),
                resolved_by: Set(resolved.then_some(staff)),
                note: Set(resolved.then(|| self.marked("note"))),
            };
            difference.insert(db).await.expect("a difference");
        }
        self.ids.insert("differenceId", DifferenceId::new(open).to_string());
    }

    /// Money comes that was ordered under no number of ours; the event that tells of it.
    async fn pay_astray(&self) -> String {
        let (app, account) = (self.brand.app, &self.brand.account);
        let wechat = &app.app.wechat;
        let prepay = Prepay {
            out_trade_no: app.app.ids.next().simple().to_string(),
            description: self.marked("astray"),
            amount_fen: PRICE,
            openid: self.buyer.openid.clone(),
            time_expire: app.now() + Duration::minutes(30),
            notify_url: wechat.public_url(&format!("/wechat/pay/{}", account.slug)),
            attach: None,
            client_ip: None,
        };
        let prepay_id = wechat.prepay(account, &prepay).await.expect("WeChat takes the order");
        let params = wechat.pay_params(account, &prepay_id).expect("signed");
        app.standin.pay(&params, &self.buyer.openid).expect("WeChat takes the money");
        app.settle().await;
        let query = "{ financeDesk { stuck { items { providerEvent { eventId } } } } }";
        let desk = self.finance.gql(query, json!({})).await;
        desk.text("financeDesk.stuck.items.0.providerEvent.eventId")
    }

    /// Orders a piece and pays; the order's id.
    pub(super) async fn buy(&self) -> String {
        let input: Value = json!({
            "presaleId": self.id("presaleId"),
            "lines": [{ "skuId": self.id("skuId"), "quantity": 1 }],
            "addressId": self.id("addressId"),
            "expectedAmount": PRICE,
            "expectedPromiseDate": "2026-03-14",
            "termsVersion": "2026-01",
        });
        let order = self.buyer.mutate("placeOrder", input, "order { id }").await.text("placeOrder.order.id");
        self.pay(&order).await;
        order
    }

    pub(super) async fn pay(&self, order: &str) {
        let fields = "params { timeStamp nonceStr package signType paySign }";
        let params = self.buyer.mutate("payOrder", json!({ "orderId": order }), fields).await.ok("payOrder.params");
        let params: PayParams = serde_json::from_value(params).expect("what wx.requestPayment takes");
        self.brand.app.standin.pay(&params, &self.buyer.openid).expect("WeChat takes the money");
        self.brand.app.settle().await;
    }
}
