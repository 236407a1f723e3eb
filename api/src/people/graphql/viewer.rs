//! `viewer`: who I am and what is mine.

use async_graphql::{Context, Enum, Object};

use super::address::Address;
use super::consent::{Consent, NeedProfile};
use super::inbox::InboxMessage;
use super::view::{Brand, Factory, Member, Staff};
use crate::app::App;
use crate::base::page::{List, Page, PageArgs};
use crate::error::Result;
use crate::flow::community;
use crate::flow::community::graphql::Community;
use crate::flow::community::loader::CommunityById;
use crate::load;
use crate::people::actor::{Actor, MemberActor};
use crate::people::loader::{BrandById, FactoryById, MemberById, StaffById};
use crate::people::{book, profile, query};

/// Kinds of callers.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewerKind {
    /// No token was sent.
    Anonymous,
    /// A member, signed in from the mini-program.
    Member,
    /// A member of KOC grade.
    Koc,
    /// A person of the brand's team.
    Staff,
    /// A factory, by API key.
    Factory,
}

/// Whoever sends the request. What a kind of caller does not have is null or empty for it.
pub struct Viewer(pub Actor);

impl Viewer {
    fn member_actor(&self) -> Option<&MemberActor> {
        match &self.0 {
            Actor::Member(member) => Some(member),
            Actor::Anonymous | Actor::Staff(_) | Actor::Factory(_) => None,
        }
    }
}

/// Whoever sends the request. What a kind of caller does not have is null or empty for it.
#[Object]
impl Viewer {
    /// What kind of caller the token belongs to; anonymous without one.
    async fn kind(&self) -> ViewerKind {
        match &self.0 {
            Actor::Anonymous => ViewerKind::Anonymous,
            Actor::Member(member) if member.is_koc => ViewerKind::Koc,
            Actor::Member(_) => ViewerKind::Member,
            Actor::Staff(_) => ViewerKind::Staff,
            Actor::Factory(_) => ViewerKind::Factory,
        }
    }

    /// I, as a member; null for other kinds.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        let Some(me) = self.member_actor() else { return Ok(None) };
        Ok(load::of(ctx).load_one(MemberById(me.brand_id, me.id)).await?.map(Member::own))
    }

    /// I, as one of the brand's team; null for other kinds.
    async fn staff(&self, ctx: &Context<'_>) -> Result<Option<Staff>> {
        let Actor::Staff(me) = &self.0 else { return Ok(None) };
        Ok(load::of(ctx).load_one(StaffById(me.brand_id, me.id)).await?.map(Staff))
    }

    /// I, as a factory; null for other kinds.
    async fn factory(&self, ctx: &Context<'_>) -> Result<Option<Factory>> {
        let Actor::Factory(me) = &self.0 else { return Ok(None) };
        Ok(load::of(ctx).load_one(FactoryById(me.id)).await?.map(Factory))
    }

    /// The brand my session belongs to; null for factories, which serve many, and without a session.
    async fn brand(&self, ctx: &Context<'_>) -> Result<Option<Brand>> {
        let Ok(brand_id) = self.0.brand_id() else { return Ok(None) };
        Ok(load::of(ctx).load_one(BrandById(brand_id)).await?.map(Brand))
    }

    /// The communities I am in, in the order I joined.
    async fn communities(&self, ctx: &Context<'_>) -> Result<Vec<Community>> {
        let Some(me) = self.member_actor() else { return Ok(Vec::new()) };
        let app = ctx.data_unchecked::<App>();
        let joined = community::query::memberships_of(app.db.read(), me.brand_id, me.id).await?;
        let key = |id| CommunityById(me.brand_id, id);
        let mut found = load::of(ctx).load_many(joined.iter().map(|row| key(row.community_id))).await?;
        Ok(joined.iter().filter_map(|row| found.remove(&key(row.community_id))).map(Community).collect())
    }

    /// The code by which buyers name me when they order; null for all but KOCs.
    async fn koc_code(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let Some(me) = self.member_actor().filter(|me| me.is_koc) else { return Ok(None) };
        community::query::koc_code(ctx.data_unchecked::<App>().db.read(), me.brand_id, me.id).await
    }

    /// What I agreed to and have not taken back.
    async fn consents(&self, ctx: &Context<'_>) -> Result<Vec<Consent>> {
        let Some(me) = self.member_actor() else { return Ok(Vec::new()) };
        let rows = query::consents_of(ctx.data_unchecked::<App>().db.read(), me.brand_id, me.id).await?;
        Ok(rows.into_iter().map(Consent).collect())
    }

    /// My long-tail need; null when I told none.
    async fn need_profile(&self, ctx: &Context<'_>) -> Result<Option<NeedProfile>> {
        let Some(me) = self.member_actor() else { return Ok(None) };
        let found = profile::find(ctx.data_unchecked::<App>(), me.brand_id, me.id).await?;
        Ok(found.map(NeedProfile::from))
    }

    /// My address book in full, newest entry first; at most 20.
    async fn addresses(&self, ctx: &Context<'_>) -> Result<Vec<Address>> {
        let Some(me) = self.member_actor() else { return Ok(Vec::new()) };
        let entries = book::list(ctx.data_unchecked::<App>(), me.brand_id, me.id).await?;
        Ok(entries.into_iter().map(Address).collect())
    }

    /// My messages, newest first; null for all but members.
    async fn inbox(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Size of the page from its start, at most 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "Size of the page from its end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Option<Page<InboxMessage>>> {
        let Some(me) = self.member_actor() else { return Ok(None) };
        let list = List::newest_first("inbox", me.id);
        let args = PageArgs::new(first, after, last, before);
        let (db, select) = (ctx.data_unchecked::<App>().db.read(), query::inbox(me.brand_id, me.id));
        let view = |row: entity::inbox_message::Model| (row.id, InboxMessage(row));
        Ok(Some(list.page(ctx, db, select, entity::inbox_message::Column::Id, &args, view).await?))
    }

    /// How many of my messages I have not read.
    async fn unread_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let Some(me) = self.member_actor() else { return Ok(0) };
        let count = query::unread_count(ctx.data_unchecked::<App>().db.read(), me.brand_id, me.id).await?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    }
}
