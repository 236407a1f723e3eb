//! What is under way, and what waits for somebody: a balance, a promise, a batch that was turned down by its factory and
//! one that it has claimed. And who only looked on.

use entity::refund;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use smallbatch::base::id::RefundId;

use super::World;

impl World<'_> {
    /// A member of the community who picks nothing and buys nothing.
    pub(super) async fn look_on(&self, invite_code: &str) {
        let silent = self.brand.member(&format!("{}-silent", self.mark())).await;
        let joins = json!({ "inviteCode": invite_code, "source": "INVITE_CODE" });
        silent.mutate("joinCommunity", joins, "community { id }").await.ok("joinCommunity.community.id");
    }

    /// The second design is sold twice more.
    pub(super) async fn half_way(&mut self) {
        self.wait_for_the_balance().await;
        self.wait_for_the_factory().await;
        self.pay_back_late().await;
    }

    /// The presale has succeeded and its balance is due, later than was promised.
    async fn wait_for_the_balance(&mut self) {
        let (presale, sku) = self.present("secondEntryId", self.by_deposit()).await;
        let order = self.place(&presale, &sku).await;
        self.pay(&order).await;
        self.act("closePresale", json!({ "presaleId": presale })).await;
        self.brand.app.settle().await;
        self.change_promise(&presale, "2026-04-04").await;
        self.ids.insert("balancePresaleId", presale);
        self.ids.insert("balanceOrderId", order);
    }

    /// The factory turns a batch down, and gets another one in its place.
    async fn wait_for_the_factory(&mut self) {
        let (presale, sku) = self.present("secondEntryId", json!({})).await;
        let order = self.place(&presale, &sku).await;
        self.pay(&order).await;
        self.act("closePresale", json!({ "presaleId": presale })).await;
        self.brand.app.settle().await;
        let rejected = self.brand.released(&presale, &[&self.factory]).await;
        let epoch = self.factory.claims(&rejected).await;
        let no = json!({ "batchId": rejected, "epoch": epoch, "reason": self.marked("no line free") });
        self.factory.mutate("rejectBatch", no, "batchId").await.ok("rejectBatch.batchId");
        self.act("cancelBatch", json!({ "batchId": rejected, "reason": self.marked("again") })).await;
        self.brand.app.settle().await;
        let claimed = self.brand.released(&presale, &[&self.factory]).await;
        self.factory.claims(&claimed).await;
        self.ids.insert("rejectedBatchId", rejected);
        self.ids.insert("claimedBatchId", claimed);
    }

    /// One of the refunds came later than the brand's terms say.
    async fn pay_back_late(&self) {
        let id = RefundId::parse(self.id("refundId")).expect("a refund").0;
        let late = refund::Entity::update_many()
            .col_expr(refund::Column::Interest, Expr::value(500i64))
            .filter(refund::Column::BrandId.eq(self.brand.id))
            .filter(refund::Column::Id.eq(id))
            .exec(self.brand.app.app.db.read())
            .await
            .expect("it is written");
        assert_eq!(late.rows_affected, 1);
    }
}
