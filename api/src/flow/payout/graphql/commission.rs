//! Commissions as the API shows them: to the KOC who earned them and to the brand's finance people. Never who bought.

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::commission;

use crate::base::id::{CommissionId, PresaleId};
use crate::base::money::Money;
use crate::error::{Error, Result};
use crate::flow::order::graphql::Order;
use crate::flow::order::loader::OrderById;
use crate::flow::payout::desk::Earnings;
use crate::flow::payout::rules;
use crate::load;
use crate::people::actor::Actor;
use crate::people::graphql::Member;
use crate::people::loader::MemberById;

/// Where a commission stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "commission::CommissionStatus")]
pub enum CommissionStatus {
    /// Earned; it may be paid from `availableAt` on.
    Frozen,
    /// It is paid with the next payout.
    Available,
    /// It is on its way to the KOC, or a part of it.
    Paying,
    /// The KOC has it.
    Paid,
    /// The KOC has more than is left of it after a refund; the next payout is lessened by that.
    Owing,
    /// Refunds took all of it back.
    Reversed,
}

/// What a KOC earned with one order that was received.
pub struct Commission(pub commission::Model);

/// What a KOC earned with one order that was received.
#[Object]
impl Commission {
    /// Public id.
    pub async fn id(&self) -> CommissionId {
        self.0.id.into()
    }

    /// Where it stands.
    async fn status(&self) -> CommissionStatus {
        self.0.status.into()
    }

    /// What she earned.
    async fn amount(&self) -> Money {
        self.money(self.0.amount)
    }

    /// What refunds took back of it.
    async fn reversed(&self) -> Money {
        self.money(self.0.reversed)
    }

    /// What of it is on its way to her.
    async fn paying(&self) -> Money {
        self.money(self.0.paying)
    }

    /// What of it she has.
    async fn paid(&self) -> Money {
        self.money(self.0.paid)
    }

    /// What of it is neither; negative when a refund came after it was paid.
    async fn open(&self) -> Money {
        self.money(rules::open(&self.0))
    }

    /// What was paid for the order and not refunded when she earned it.
    async fn base(&self) -> Money {
        self.money(self.0.base)
    }

    /// Her share of it in hundredths of a percent, as it was fixed when the order was placed.
    async fn rate_bp(&self) -> i32 {
        self.0.rate_bp
    }

    /// The presale it was earned in.
    async fn presale_id(&self, ctx: &Context<'_>) -> Result<PresaleId> {
        let order = load::of(ctx).load_one(OrderById(self.0.brand_id, self.0.order_id)).await?;
        Ok(order.ok_or_else(|| Error::not_found("order"))?.presale_id.into())
    }

    /// The order it was earned with. Null for the KOC: who bought is not hers to know.
    async fn order(&self, ctx: &Context<'_>) -> Result<Option<Order>> {
        if ctx.data_unchecked::<Actor>().any_staff().is_err() {
            return Ok(None);
        }
        Ok(load::of(ctx).load_one(OrderById(self.0.brand_id, self.0.order_id)).await?.map(Order::from))
    }

    /// Who earned it. Null for the KOC, who knows.
    async fn koc(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        if ctx.data_unchecked::<Actor>().any_staff().is_err() {
            return Ok(None);
        }
        Ok(load::of(ctx).load_one(MemberById(self.0.brand_id, self.0.member_id)).await?.map(Member::from))
    }

    /// From when on it may be paid: when the month after that of the receipt is over.
    async fn available_at(&self) -> DateTime<Utc> {
        self.0.available_at
    }

    /// When it was earned: the order was received, and WeChat had settled its money.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

impl Commission {
    fn money(&self, fen: i64) -> Money {
        Money::new(fen, &self.0.currency)
    }
}

/// What I earned as a KOC, all in all.
#[derive(SimpleObject)]
pub struct CommissionEarnings {
    /// Earned, to be paid when the month after that of the receipt is over.
    frozen: Money,
    /// Paid with the next payout; less what was paid too much before, and negative when that is more.
    available: Money,
    /// On its way; see `myPayouts` for what I have to confirm.
    paying: Money,
    /// What reached me.
    paid: Money,
}

impl CommissionEarnings {
    pub(super) fn new(of: &Earnings, currency: &str) -> Self {
        let money = |fen| Money::new(fen, currency);
        CommissionEarnings {
            frozen: money(of.frozen),
            available: money(of.available),
            paying: money(of.paying),
            paid: money(of.paid),
        }
    }
}
