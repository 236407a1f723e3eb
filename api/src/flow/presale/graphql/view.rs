//! Presales and SKUs as the API shows them.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, NaiveDate, Utc};
use entity::staff::StaffRole;
use entity::{presale, presale_sku};

use super::plan::{PaymentPlan, PriceTier};
use super::progress::RefundProgress;
use crate::app::App;
use crate::base::id::{CommunityId, DesignId, PresaleId, RoundEntryId, SkuId};
use crate::base::money::Money;
use crate::error::Result;
use crate::flow::design::graphql::Design;
use crate::flow::design::shown::Shown;
use crate::flow::presale::loader::{AudienceOf, RefundsOf, SkusOf, TiersOf};
use crate::flow::presale::rules::{self, Event};
use crate::flow::presale::sale::Sale;
use crate::flow::presale::{capacity, policy};
use crate::load;
use crate::people::actor::Actor;
use crate::reads::hole::{self, Ask, Bound};

/// An offer to pay before making.
pub struct Presale(
    pub presale::Model,
    /// The design it offers, when that was read along.
    Option<Arc<Shown>>,
);

impl From<presale::Model> for Presale {
    fn from(row: presale::Model) -> Self {
        Presale(row, None)
    }
}

impl From<(presale::Model, Arc<Shown>)> for Presale {
    fn from((row, shown): (presale::Model, Arc<Shown>)) -> Self {
        Presale(row, Some(shown))
    }
}

/// Where a presale stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "presale::PresaleStatus")]
pub enum PresaleStatus {
    /// Being written; members do not see it.
    Draft,
    /// Opens by itself at its time.
    Scheduled,
    /// Orders are taken.
    Open,
    /// No more orders; unpaid ones may still be paid inside their hold.
    Closed,
    /// Enough pieces were paid: they will be made.
    Succeeded,
    /// Too few pieces were paid: everyone is refunded.
    Failed,
    /// Called off by the brand: everyone is refunded.
    Cancelled,
}

/// What the caller could do with a presale now.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresaleAction {
    /// `placeOrder`.
    PlaceOrder,
    /// `changePresale`.
    Change,
    /// `schedulePresale`.
    Schedule,
    /// `openPresale`.
    Open,
    /// `closePresale`.
    Close,
    /// `cancelPresale`.
    Cancel,
}

/// An offer to pay before making.
#[Object]
impl Presale {
    /// Public id, for `presale(id)` and `placeOrder`.
    pub async fn id(&self) -> PresaleId {
        self.0.id.into()
    }

    /// As the brand named it.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Where it stands.
    async fn status(&self) -> PresaleStatus {
        self.0.status.into()
    }

    /// The round entry whose design advanced into it.
    async fn entry_id(&self) -> RoundEntryId {
        self.0.entry_id.into()
    }

    /// Id of the design that is offered.
    async fn design_id(&self) -> DesignId {
        self.0.design_id.into()
    }

    /// The design that is offered, as it was when it advanced.
    async fn design(&self, ctx: &Context<'_>) -> Result<Design> {
        if let Some(shown) = &self.1 {
            return Ok(shown.clone().into());
        }
        Design::load(ctx, self.0.brand_id, self.0.design_id, self.0.design_version_id).await
    }

    /// Price of one piece, before any price tier is reached. What `placeOrder` expects is this times the pieces,
    /// also when only a part of it is paid then.
    async fn price(&self) -> Money {
        Money::new(self.0.price, &self.0.currency)
    }

    /// What is paid when, and what becomes of an order that is not paid in time.
    async fn payment_plan(&self) -> PaymentPlan {
        PaymentPlan::new(self.0.plan, self.0.first_leg, self.0.balance_days, &self.0.currency)
    }

    /// Lower prices for more pieces, from fewer to more; empty when there are none.
    async fn price_tiers(&self, ctx: &Context<'_>) -> Result<Vec<PriceTier>> {
        let tiers = load::of(ctx).load_one(TiersOf(self.0.brand_id, self.0.id)).await?.unwrap_or_default();
        Ok(tiers.into_iter().map(|tier| PriceTier::new(tier, &self.0.currency)).collect())
    }

    /// Pieces that were paid for, were it the first part only, when it succeeded: they decide the price tier.
    /// Null before.
    async fn reached_pieces(&self) -> Option<i32> {
        self.0.reached_pieces
    }

    /// From when balances can be paid; null until it has succeeded, and without a balance.
    async fn balance_opens_at(&self) -> Option<DateTime<Utc>> {
        self.0.balance_opens_at
    }

    /// Until when balances can be paid; null until it has succeeded, and without a balance.
    async fn balance_closes_at(&self) -> Option<DateTime<Utc>> {
        self.0.balance_closes_at
    }

    /// By when everyone must have the money back; null unless it failed or was called off.
    async fn refund_due_at(&self) -> Option<DateTime<Utc>> {
        self.0.refund_due_at
    }

    /// How far the refunds are; null unless it failed or was called off. Null for members.
    async fn refund_progress(&self, ctx: &Context<'_>) -> Result<Option<RefundProgress>> {
        let came_to_nothing = self.0.refund_due_at.is_some();
        if !came_to_nothing || !policy::may_see_book(ctx.data_unchecked::<Actor>(), self.0.brand_id) {
            return Ok(None);
        }
        let counts = load::of(ctx).load_one(RefundsOf(self.0.brand_id, self.0.id)).await?.unwrap_or_default();
        Ok(Some(RefundProgress::new(counts, &self.0.currency)))
    }

    /// Most pieces one member may order, open orders included.
    async fn member_limit(&self) -> i32 {
        self.0.member_limit
    }

    /// Pieces that must be paid, or everyone is refunded.
    async fn moq(&self) -> i32 {
        self.0.moq
    }

    /// Pieces paid so far, were it the first part only, and not refunded: the progress towards `moq`.
    async fn paid_pieces(&self, ctx: &Context<'_>) -> Result<Bound<i32>> {
        let read = async { Ok(self.rows(ctx).await?.iter().map(|sku| sku.paid).sum()) };
        hole::bound(ctx, Ask::PaidPieces { presale_id: self.0.id }, read).await
    }

    /// When it opens or opened by plan.
    async fn opens_at(&self) -> DateTime<Utc> {
        self.0.opens_at
    }

    /// When it closes by plan.
    async fn closes_at(&self) -> DateTime<Utc> {
        self.0.closes_at
    }

    /// When it did open; null before.
    async fn opened_at(&self) -> Option<DateTime<Utc>> {
        self.0.opened_at
    }

    /// When it did close; null before.
    async fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.0.closed_at
    }

    /// Day, in the brand's time zone, by which everything ships.
    async fn promise_date(&self) -> NaiveDate {
        self.0.promise_date
    }

    /// Colours and sizes in the order the brand gave them.
    async fn skus(&self, ctx: &Context<'_>) -> Result<Vec<Sku>> {
        let on_sale = policy::sells(&self.0, ctx.data_unchecked::<App>().clock.now());
        let rows = self.rows(ctx).await?;
        hole::learn_sale(ctx, self.0.id, || Sale::new(&self.0, &rows));
        Ok(rows.into_iter().map(|row| Sku { row, on_sale }).collect())
    }

    /// Communities it is offered to; empty when it is offered to every member. Null for members.
    async fn community_ids(&self, ctx: &Context<'_>) -> Result<Option<Vec<CommunityId>>> {
        if !policy::may_see_book(ctx.data_unchecked::<Actor>(), self.0.brand_id) {
            return Ok(None);
        }
        let audience = load::of(ctx).load_one(AudienceOf(self.0.brand_id, self.0.id)).await?;
        Ok(Some(audience.unwrap_or_default().into_iter().map(CommunityId::from).collect()))
    }

    /// What the KOC who brings an order earns of it, in hundredths of a percent; each order keeps it as it was at
    /// purchase. Null for members other than KOCs.
    async fn commission_bp(&self, ctx: &Context<'_>) -> Option<i32> {
        policy::may_see_commission(ctx.data_unchecked::<Actor>(), self.0.brand_id).then_some(self.0.commission_bp)
    }

    /// Share of the pickers, in percent, who are not told that it opened. Null for members.
    async fn hold_out_percent(&self, ctx: &Context<'_>) -> Option<i32> {
        policy::may_see_book(ctx.data_unchecked::<Actor>(), self.0.brand_id).then_some(self.0.hold_out_percent)
    }

    /// Verbs that would work for me now.
    async fn available_actions(&self, ctx: &Context<'_>) -> Result<Bound<Vec<PresaleAction>>> {
        let actions = async {
            let now = ctx.data_unchecked::<App>().clock.now();
            Ok(match ctx.data_unchecked::<Actor>() {
                Actor::Member(_) if policy::sells(&self.0, now) => vec![PresaleAction::PlaceOrder],
                actor if actor.staff(&[StaffRole::Merchandiser]).is_ok() => staff_actions(self.0.status),
                _ => Vec::new(),
            })
        };
        hole::bound(ctx, Ask::PresaleActions { presale_id: self.0.id }, actions).await
    }

    /// When it was drafted.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

impl Presale {
    async fn rows(&self, ctx: &Context<'_>) -> Result<Vec<presale_sku::Model>> {
        Ok(load::of(ctx).load_one(SkusOf(self.0.brand_id, self.0.id)).await?.unwrap_or_default())
    }
}

fn staff_actions(status: presale::PresaleStatus) -> Vec<PresaleAction> {
    let verbs = [
        (Event::Schedule, PresaleAction::Schedule),
        (Event::Open, PresaleAction::Open),
        (Event::Close, PresaleAction::Close),
        (Event::Cancel, PresaleAction::Cancel),
        (Event::Withdraw, PresaleAction::Cancel),
    ];
    let change = rules::is_editable(status).then_some(PresaleAction::Change);
    let moves = verbs.into_iter().filter(|(event, _)| rules::next(status, *event).is_some()).map(|(_, action)| action);
    change.into_iter().chain(moves).collect()
}

/// One colour and size of a presale.
pub struct Sku {
    pub row: presale_sku::Model,
    /// Whether its presale takes orders now.
    pub on_sale: bool,
}

impl From<presale_sku::Model> for Sku {
    fn from(row: presale_sku::Model) -> Self {
        let on_sale = row.selling;
        Sku { row, on_sale }
    }
}

/// One colour and size of a presale.
#[Object(serial)]
impl Sku {
    /// Public id, for order lines.
    pub async fn id(&self) -> SkuId {
        self.row.id.into()
    }

    /// Article code on cut ticket and label.
    async fn code(&self) -> &str {
        &self.row.code
    }

    /// Colour as members read it.
    async fn color(&self) -> &str {
        &self.row.color
    }

    /// Size as members read it.
    async fn size(&self) -> &str {
        &self.row.size
    }

    /// Size designation of the label (GB/T 1335), when given.
    async fn size_designation(&self) -> Option<&str> {
        self.row.size_designation.as_deref()
    }

    /// Pieces that could be ordered now; 0 while orders are not taken.
    async fn remaining(&self, ctx: &Context<'_>) -> Result<Bound<i32>> {
        let ask = Ask::Remaining { presale_id: self.row.presale_id, sku_id: self.row.id };
        hole::bound(ctx, ask, async { Ok(if self.on_sale { capacity::remaining(&self.row) } else { 0 }) }).await
    }

    /// Most pieces that may be sold. Null for members.
    async fn cap(&self, ctx: &Context<'_>) -> Option<i32> {
        self.for_staff(ctx, self.row.cap)
    }

    /// Pieces of unpaid orders inside their hold. Null for members.
    async fn held(&self, ctx: &Context<'_>) -> Option<i32> {
        self.for_staff(ctx, self.row.held)
    }

    /// Pieces paid and not refunded. Null for members.
    async fn paid(&self, ctx: &Context<'_>) -> Option<i32> {
        self.for_staff(ctx, self.row.paid)
    }
}

impl Sku {
    fn for_staff(&self, ctx: &Context<'_>, count: i32) -> Option<i32> {
        policy::may_see_book(ctx.data_unchecked::<Actor>(), self.row.brand_id).then_some(count)
    }
}
