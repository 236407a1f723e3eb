//! Transfers as the API shows them: to the member who is paid and to the brand's finance people.

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::transfer;

use crate::base::id::TransferId;
use crate::base::money::Money;
use crate::error::{Error, Result};
use crate::flow::payout::loader::AccountOf;
use crate::flow::payout::rules;
use crate::load;
use crate::people::actor::Actor;
use crate::people::graphql::Member;
use crate::people::loader::MemberById;
use crate::wechat::pay::CONFIRM_WITHIN;

/// What a transfer pays.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "transfer::TransferKind")]
pub enum TransferKind {
    /// What a KOC earned.
    Commission,
    /// What a buyer is owed because the brand did not keep its word.
    Compensation,
}

/// Where a transfer stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "transfer::TransferStatus")]
pub enum TransferStatus {
    /// Not taken by WeChat Pay yet; it is asked until it is.
    Created,
    /// Taken by WeChat Pay.
    Accepted,
    /// It waits for the member to confirm it, 24 hours long.
    Waiting,
    /// Confirmed; the money is on its way.
    Transferring,
    /// The brand takes it back.
    Cancelling,
    /// The member has the money.
    Succeeded,
    /// It came to nothing, as when the member did not confirm in time; what it pays can be paid again.
    Failed,
    /// The brand took it back; what it pays can be paid again.
    Cancelled,
}

/// What `wx.requestMerchantTransfer` takes; hand it on unchanged.
#[derive(SimpleObject)]
pub struct WechatTransferParams {
    /// The brand's merchant account.
    mch_id: String,
    /// The mini-program.
    app_id: String,
    /// What is to be confirmed.
    package: String,
}

/// Money to a member by WeChat Pay's merchant transfer, which she confirms in WeChat.
pub struct Transfer(pub transfer::Model);

impl From<transfer::Model> for Transfer {
    fn from(row: transfer::Model) -> Self {
        Transfer(row)
    }
}

/// Money to a member by WeChat Pay's merchant transfer, which she confirms in WeChat.
#[Object]
impl Transfer {
    /// Public id, for `cancelTransfer`.
    pub async fn id(&self) -> TransferId {
        self.0.id.into()
    }

    /// What it pays.
    async fn kind(&self) -> TransferKind {
        self.0.kind.into()
    }

    /// Where it stands.
    async fn status(&self) -> TransferStatus {
        self.0.status.into()
    }

    /// How much it is.
    async fn amount(&self) -> Money {
        Money::new(self.0.amount, &self.0.currency)
    }

    /// What I confirm it with, for `wx.requestMerchantTransfer` (base library 3.3.0 and later). Null unless it waits for
    /// me; always null for others.
    async fn params(&self, ctx: &Context<'_>) -> Result<Option<WechatTransferParams>> {
        let is_mine = ctx.data_unchecked::<Actor>().member().is_ok_and(|me| me.id == self.0.member_id);
        let waits = self.0.status == transfer::TransferStatus::Waiting && self.0.cancel_requested_at.is_none();
        let Some(package) = self.0.package_info.clone().filter(|_| is_mine && waits) else { return Ok(None) };
        let ids = load::of(ctx).load_one(AccountOf(self.0.brand_id)).await?;
        let ids = ids.ok_or_else(|| Error::not_found("WeChat account"))?;
        Ok(Some(WechatTransferParams { mch_id: ids.mchid, app_id: ids.appid, package }))
    }

    /// About when it fails if it is not confirmed; null once it is confirmed or has ended.
    async fn confirm_by(&self) -> Option<DateTime<Utc>> {
        let called_at = self.0.called_at.filter(|_| self.0.status == transfer::TransferStatus::Waiting)?;
        Some(called_at + CONFIRM_WITHIN)
    }

    /// Who is paid. Null for herself, who knows.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        if ctx.data_unchecked::<Actor>().any_staff().is_err() {
            return Ok(None);
        }
        Ok(load::of(ctx).load_one(MemberById(self.0.brand_id, self.0.member_id)).await?.map(Member::from))
    }

    /// Our number at WeChat Pay, for its console. Null for members.
    async fn out_bill_no(&self, ctx: &Context<'_>) -> Option<&str> {
        ctx.data_unchecked::<Actor>().any_staff().is_ok().then_some(&*self.0.out_bill_no)
    }

    /// What WeChat Pay last said against it. Null for members and when nothing.
    async fn last_error(&self, ctx: &Context<'_>) -> Option<&str> {
        ctx.data_unchecked::<Actor>().any_staff().is_ok().then_some(self.0.last_error.as_deref()).flatten()
    }

    /// WeChat's word for why it failed, such as `OVERDUE_CLOSE` when it was not confirmed in time; null when it did not.
    async fn fail_reason(&self) -> Option<&str> {
        self.0.fail_reason.as_deref()
    }

    /// When the brand asked for it back; null when it did not.
    async fn cancel_requested_at(&self) -> Option<DateTime<Utc>> {
        self.0.cancel_requested_at
    }

    /// Whether the brand could take it back now.
    async fn is_cancellable(&self) -> bool {
        rules::is_cancellable(self.0.status) && self.0.cancel_requested_at.is_none()
    }

    /// When the brand started it.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it ended; null before.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }
}
