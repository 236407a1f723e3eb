//! Lists and feeds.

use async_graphql::{Context, Object};
use entity::{sample, tryon};
use sea_orm::Select;
use uuid::Uuid;

use super::sample::SampleStatus;
use super::tryon::TryOnStatus;
use super::{Sample, TryOn};
use crate::app::App;
use crate::base::id::{CommunityId, DesignId, MemberId, TryOnId};
use crate::base::page::{List, Page, PageArgs};
use crate::error::Result;
use crate::flow::tryon::{policy, query};
use crate::people::actor::Actor;
use crate::people::door;

#[derive(Default)]
pub struct TryOnQuery;

#[Object]
impl TryOnQuery {
    /// The brand's samples, newest first.
    #[graphql(guard = "door::STAFF", directive = door::needs::apply(door::STAFF.roles()))]
    #[allow(clippy::too_many_arguments)] // paging arguments are part of every list
    async fn samples(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this KOC; null for all.")] koc: Option<MemberId>,
        #[graphql(desc = "Only those in this state; null for all.")] status: Option<SampleStatus>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Continue before this cursor.")] before: Option<String>,
    ) -> Result<Option<Page<Sample>>> {
        let brand_id = ctx.data_unchecked::<Actor>().brand_id()?;
        let select = query::samples(brand_id, koc.map(|koc| koc.0), status.map(Into::into));
        samples_page(ctx, ("samples", brand_id), select, &PageArgs::new(first, after, last, before)).await.map(Some)
    }

    /// The samples sent or to be sent to me, newest first.
    #[graphql(guard = "door::KOC", directive = door::needs::apply(door::KOC.roles()))]
    async fn my_samples(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Continue before this cursor.")] before: Option<String>,
    ) -> Result<Option<Page<Sample>>> {
        let koc = ctx.data_unchecked::<Actor>().koc()?;
        let select = query::samples(koc.brand_id, Some(koc.id), None);
        samples_page(ctx, ("my_samples", koc.id), select, &PageArgs::new(first, after, last, before)).await.map(Some)
    }

    /// The brand's try-ons in any state, newest task first: the queue of what is to be looked at.
    #[graphql(guard = "door::STAFF", directive = door::needs::apply(door::STAFF.roles()))]
    #[allow(clippy::too_many_arguments)] // paging arguments are part of every list
    async fn try_ons(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this KOC; null for all.")] koc: Option<MemberId>,
        #[graphql(desc = "Only those in this state; null for all.")] status: Option<TryOnStatus>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Continue before this cursor.")] before: Option<String>,
    ) -> Result<Option<Page<TryOn>>> {
        let brand_id = ctx.data_unchecked::<Actor>().brand_id()?;
        let select = query::tryons(brand_id, koc.map(|koc| koc.0), status.map(Into::into));
        tasks_page(ctx, ("try_ons", brand_id), select, &PageArgs::new(first, after, last, before)).await.map(Some)
    }

    /// My try-on tasks and the posts I made of them, newest task first.
    #[graphql(guard = "door::KOC", directive = door::needs::apply(door::KOC.roles()))]
    async fn my_try_on_tasks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in this state; null for all.")] status: Option<TryOnStatus>,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Continue before this cursor.")] before: Option<String>,
    ) -> Result<Option<Page<TryOn>>> {
        let koc = ctx.data_unchecked::<Actor>().koc()?;
        let select = query::tryons(koc.brand_id, Some(koc.id), status.map(Into::into));
        tasks_page(ctx, ("my_try_on_tasks", koc.id), select, &PageArgs::new(first, after, last, before)).await.map(Some)
    }

    /// One try-on. Members see it when it is published to a community of theirs.
    #[graphql(guard = "door::BRAND", directive = door::needs::apply(door::BRAND.roles()))]
    async fn try_on(&self, ctx: &Context<'_>, #[graphql(desc = "Which one.")] id: TryOnId) -> Result<Option<TryOn>> {
        let (db, actor) = (ctx.data_unchecked::<App>().db.read(), ctx.data_unchecked::<Actor>());
        let tryon = query::find(db, actor.brand_id()?, id.0).await?;
        policy::may_see(db, actor, &tryon).await?;
        Ok(Some(TryOn(tryon)))
    }

    /// The posts published to a community, newest first. For its members, its KOC and staff.
    #[graphql(guard = "door::BRAND", directive = door::needs::apply(door::BRAND.roles()))]
    async fn community_feed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which community.")] community_id: CommunityId,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Continue before this cursor.")] before: Option<String>,
    ) -> Result<Option<Page<TryOn>>> {
        let (db, actor) = (ctx.data_unchecked::<App>().db.read(), ctx.data_unchecked::<Actor>());
        let community = policy::may_read_feed(db, actor, community_id.0).await?;
        let select = query::feed_of_community(community.brand_id, community.id);
        posts_page(ctx, ("community_feed", community.id), select, &PageArgs::new(first, after, last, before))
            .await
            .map(Some)
    }

    /// The posts about a design that I may see, newest first: those published to a community of mine,
    /// or all for staff.
    #[graphql(guard = "door::BRAND", directive = door::needs::apply(door::BRAND.roles()))]
    async fn design_try_ons(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which design.")] design_id: DesignId,
        #[graphql(desc = "Page size from the start, up to 100.")] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, up to 100.")] last: Option<i32>,
        #[graphql(desc = "Continue before this cursor.")] before: Option<String>,
    ) -> Result<Option<Page<TryOn>>> {
        let actor = ctx.data_unchecked::<Actor>();
        let member = actor.member().ok().map(|member| member.id);
        let select = query::feed_of_design(actor.brand_id()?, design_id.0, member);
        posts_page(ctx, ("design_try_ons", design_id.0), select, &PageArgs::new(first, after, last, before))
            .await
            .map(Some)
    }
}

/// A list's name and whose it is.
type Name = (&'static str, Uuid);

async fn samples_page(
    ctx: &Context<'_>,
    (name, owner): Name,
    select: Select<sample::Entity>,
    args: &PageArgs,
) -> Result<Page<Sample>> {
    let db = ctx.data_unchecked::<App>().db.read();
    List::newest_first(name, owner)
        .page(ctx, db, select, sample::Column::Id, args, |row: sample::Model| (row.id, Sample(row)))
        .await
}

async fn tasks_page(
    ctx: &Context<'_>,
    (name, owner): Name,
    select: Select<tryon::Entity>,
    args: &PageArgs,
) -> Result<Page<TryOn>> {
    let db = ctx.data_unchecked::<App>().db.read();
    List::newest_first(name, owner)
        .page(ctx, db, select, tryon::Column::Id, args, |row: tryon::Model| (row.id, TryOn(row)))
        .await
}

/// Published posts run by when they were published, not by when the task was given.
async fn posts_page(
    ctx: &Context<'_>,
    (name, owner): Name,
    select: Select<tryon::Entity>,
    args: &PageArgs,
) -> Result<Page<TryOn>> {
    let db = ctx.data_unchecked::<App>().db.read();
    List::newest_first(name, owner)
        .page(ctx, db, select, tryon::Column::PublicationId, args, |row: tryon::Model| {
            (row.publication_id.unwrap_or(row.id), TryOn(row))
        })
        .await
}
