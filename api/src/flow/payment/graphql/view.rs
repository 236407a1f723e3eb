//! Payment parameters and refunds as the API shows them.

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::refund;

use crate::base::id::{OrderId, RefundId};
use crate::base::money::Money;
use crate::error::{Error, Result};
use crate::flow::order::loader::OrderById;
use crate::load;
use crate::people::actor::Actor;
use crate::wechat::pay::PayParams;

/// What `wx.requestPayment` takes; hand it on unchanged.
#[derive(SimpleObject)]
pub struct WechatPayParams {
    /// Seconds since 1970, as text.
    time_stamp: String,
    /// Random text that is part of what is signed.
    nonce_str: String,
    /// `prepay_id=…`.
    package: String,
    /// How it is signed: `RSA`.
    sign_type: String,
    /// The signature.
    pay_sign: String,
}

impl From<PayParams> for WechatPayParams {
    fn from(params: PayParams) -> Self {
        let PayParams { time_stamp, nonce_str, package, sign_type, pay_sign } = params;
        WechatPayParams { time_stamp, nonce_str, package, sign_type, pay_sign }
    }
}

/// Money on its way back to the buyer.
pub struct Refund(pub refund::Model);

impl From<refund::Model> for Refund {
    fn from(row: refund::Model) -> Self {
        Refund(row)
    }
}

/// Why money goes back.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "refund::RefundReason")]
pub enum RefundReason {
    /// Its presale failed or was called off.
    PresaleFailed,
    /// The buyer cancelled.
    Cancelled,
    /// It was paid when the order needed no payment any more.
    LatePayment,
    /// Fewer pieces could be made than were paid.
    ShortYield,
    /// So many were bought that a lower price tier was reached.
    PriceTier,
    /// The balance was not paid in time, and what was paid first is a 订金.
    BalanceUnpaid,
    /// The brand and the buyer agreed on it.
    Agreed,
    /// An after-sales case was approved.
    AfterSales,
    /// The ship-by date was moved, and the buyer did not accept the new one.
    PromiseRefused,
}

/// How far a refund is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "refund::RefundStatus")]
pub enum RefundStatus {
    /// Not accepted by WeChat yet; it is sent until it is.
    Pending,
    /// Accepted by WeChat.
    Processing,
    /// The money is with the buyer.
    Succeeded,
    /// The buyer's account takes no money; the brand settles it in WeChat Pay's console.
    Abnormal,
    /// WeChat closed it and the money did not leave; `retryRefund` sends it again.
    Closed,
}

/// Money on its way back to the buyer.
#[Object]
impl Refund {
    /// Public id.
    pub async fn id(&self) -> RefundId {
        self.0.id.into()
    }

    /// The order whose money goes back.
    async fn order_id(&self) -> OrderId {
        self.0.order_id.into()
    }

    /// How much goes back.
    async fn amount(&self, ctx: &Context<'_>) -> Result<Money> {
        let order = load::of(ctx).load_one(OrderById(self.0.brand_id, self.0.order_id)).await?;
        let order = order.ok_or_else(|| Error::not_found("order"))?;
        Ok(Money::new(self.0.amount, &order.currency))
    }

    /// Why it goes back.
    async fn reason(&self) -> RefundReason {
        self.0.reason.into()
    }

    /// How far it is.
    async fn status(&self) -> RefundStatus {
        self.0.status.into()
    }

    /// Our number at WeChat Pay, for its console. Null for members.
    async fn out_refund_no(&self, ctx: &Context<'_>) -> Option<&str> {
        ctx.data_unchecked::<Actor>().any_staff().is_ok().then_some(&*self.0.out_refund_no)
    }

    /// What WeChat Pay last said against it. Null for members and when nothing.
    async fn last_error(&self, ctx: &Context<'_>) -> Option<&str> {
        ctx.data_unchecked::<Actor>().any_staff().is_ok().then_some(self.0.last_error.as_deref()).flatten()
    }

    /// Words of the person who decided it; null when a rule did.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// By when the law wants it to be with the buyer; null when it sets no day.
    async fn due_at(&self) -> Option<DateTime<Utc>> {
        self.0.due_at
    }

    /// What the buyer is owed on top because it came later than that; null when nothing.
    async fn interest(&self, ctx: &Context<'_>) -> Result<Option<Money>> {
        if self.0.interest == 0 {
            return Ok(None);
        }
        let order = load::of(ctx).load_one(OrderById(self.0.brand_id, self.0.order_id)).await?;
        let order = order.ok_or_else(|| Error::not_found("order"))?;
        Ok(Some(Money::new(self.0.interest, &order.currency)))
    }

    /// When it was decided.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it ended; null before.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }
}
