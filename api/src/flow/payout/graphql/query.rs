//! What is read about payouts.

use async_graphql::{Context, Object};
use chrono::NaiveDate;
use entity::{commission, transfer};

use super::commission::{Commission, CommissionEarnings, CommissionStatus};
use super::desk::PayoutDesk;
use super::factory::FactoryStatement;
use super::transfer::{Transfer, TransferStatus};
use crate::app::App;
use crate::base::id::{BrandId, FactoryId, MemberId};
use crate::base::page::{List, Page, PageArgs};
use crate::error::Result;
use crate::flow::payment::ledger::query::brand;
use crate::flow::payout::{desk, query, statement};
use crate::people::actor::Actor;
use crate::people::door;

#[derive(Default)]
pub struct PayoutQuery;

#[Object]
impl PayoutQuery {
    /// What I earned as a KOC, newest first.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn my_commissions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor to start after.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Page<Commission>>> {
        let me = ctx.data_unchecked::<Actor>().member()?;
        let select = query::commissions(me.brand_id, Some(me.id), None);
        let args = PageArgs::new(first, after, last, before);
        commissions(ctx, List::newest_first("myCommissions", me.id), select, &args).await.map(Some)
    }

    /// What I earned as a KOC, all in all.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn my_earnings(&self, ctx: &Context<'_>) -> Result<Option<CommissionEarnings>> {
        let db = ctx.data_unchecked::<App>().db.read();
        let me = ctx.data_unchecked::<Actor>().member()?;
        let (currency, _) = brand(db, me.brand_id).await?;
        Ok(Some(CommissionEarnings::new(&desk::earnings(db, me.brand_id, me.id).await?, &currency)))
    }

    /// What the brand pays me by transfer, newest first. One that is `WAITING` wants my confirmation within 24 hours:
    /// `wx.requestMerchantTransfer` with its `params`. Whatever that says, ask here again for how it ended.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn my_payouts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor to start after.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Page<Transfer>>> {
        let me = ctx.data_unchecked::<Actor>().member()?;
        let select = query::transfers(me.brand_id, Some(me.id), None);
        let args = PageArgs::new(first, after, last, before);
        transfers(ctx, List::newest_first("myPayouts", me.id), select, &args).await.map(Some)
    }

    /// What is frozen, available, on its way and stuck of commissions, compensations and factories' money.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn payout_desk(&self, ctx: &Context<'_>) -> Result<Option<PayoutDesk>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        Ok(Some(PayoutDesk(desk::read(app.db.read(), actor.brand_id()?).await?)))
    }

    /// What KOCs earned, newest first.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    #[allow(clippy::too_many_arguments)] // GraphQL arguments are function arguments
    async fn commissions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this KOC.")] koc: Option<MemberId>,
        #[graphql(desc = "Only those in one of these states; null for any state, an empty list for none.")]
        status: Option<Vec<CommissionStatus>>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor to start after.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Page<Commission>>> {
        let brand_id = ctx.data_unchecked::<Actor>().brand_id()?;
        let status = status.map(|status| status.into_iter().map(commission::CommissionStatus::from).collect());
        let select = query::commissions(brand_id, koc.map(|koc| koc.0), status);
        let args = PageArgs::new(first, after, last, before);
        commissions(ctx, List::newest_first("commissions", brand_id), select, &args).await.map(Some)
    }

    /// Transfers to members, newest first.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    #[allow(clippy::too_many_arguments)] // GraphQL arguments are function arguments
    async fn transfers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those to this member.")] member_id: Option<MemberId>,
        #[graphql(desc = "Only those in one of these states; null for any state, an empty list for none.")]
        status: Option<Vec<TransferStatus>>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Cursor to start after.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Page<Transfer>>> {
        let brand_id = ctx.data_unchecked::<Actor>().brand_id()?;
        let status = status.map(|status| status.into_iter().map(transfer::TransferStatus::from).collect());
        let select = query::transfers(brand_id, member_id.map(|id| id.0), status);
        let args = PageArgs::new(first, after, last, before);
        transfers(ctx, List::newest_first("transfers", brand_id), select, &args).await.map(Some)
    }

    /// What the brand owes a factory and paid it, over a month.
    #[graphql(guard = "door::FINANCE", directive = door::needs::apply(door::FINANCE.roles()))]
    async fn factory_statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which factory.")] factory_id: FactoryId,
        #[graphql(desc = "Any day of the month, in the brand's time zone.")] month: NaiveDate,
    ) -> Result<Option<FactoryStatement>> {
        let brand_id = ctx.data_unchecked::<Actor>().brand_id()?;
        statement_of(ctx, brand_id, factory_id.0, month).await
    }

    /// What a brand owes me, a factory, and paid me, over a month.
    #[graphql(guard = "door::FACTORY", directive = door::needs::apply(door::FACTORY.roles()))]
    async fn my_statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which brand; one whose work I did.")] brand_id: BrandId,
        #[graphql(desc = "Any day of the month, in the brand's time zone.")] month: NaiveDate,
    ) -> Result<Option<FactoryStatement>> {
        let me = ctx.data_unchecked::<Actor>().factory()?.id;
        statement_of(ctx, brand_id.0, me, month).await
    }
}

async fn statement_of(
    ctx: &Context<'_>,
    brand_id: uuid::Uuid,
    factory_id: uuid::Uuid,
    month: NaiveDate,
) -> Result<Option<FactoryStatement>> {
    let db = ctx.data_unchecked::<App>().db.read();
    Ok(Some(FactoryStatement(statement::read(db, brand_id, factory_id, month).await?)))
}

async fn commissions(
    ctx: &Context<'_>,
    list: List,
    select: sea_orm::Select<commission::Entity>,
    args: &PageArgs,
) -> Result<Page<Commission>> {
    let db = ctx.data_unchecked::<App>().db.read();
    list.page(ctx, db, select, commission::Column::Id, args, |row: commission::Model| (row.id, Commission(row))).await
}

async fn transfers(
    ctx: &Context<'_>,
    list: List,
    select: sea_orm::Select<transfer::Entity>,
    args: &PageArgs,
) -> Result<Page<Transfer>> {
    let db = ctx.data_unchecked::<App>().db.read();
    list.page(ctx, db, select, transfer::Column::Id, args, |row: transfer::Model| (row.id, Transfer(row))).await
}
