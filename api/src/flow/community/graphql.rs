//! Communities in the API.

use async_graphql::{Context, Enum, InputObject, Object};
use chrono::{DateTime, Utc};
use entity::community;
use entity::membership::MembershipSource;

use super::loader::MembershipOf;
use super::{policy, query, service};
use crate::app::App;
use crate::base::id::{CommunityId, MemberId};
use crate::base::page::{List, Page, PageArgs};
use crate::error::Result;
use crate::load;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::door;

/// A circle of members around one KOC.
pub struct Community(pub community::Model);

impl From<community::Model> for Community {
    fn from(row: community::Model) -> Self {
        Community(row)
    }
}

/// A circle of members around one KOC, gathered by a shared need.
#[Object]
impl Community {
    pub async fn id(&self) -> CommunityId {
        self.0.id.into()
    }

    /// As its KOC named it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The long-tail need its members share, in a sentence.
    async fn need(&self) -> &str {
        &self.0.need
    }

    /// How many members it may hold.
    async fn cap(&self) -> i32 {
        self.0.cap
    }

    /// Members now, the KOC not counted.
    async fn member_count(&self) -> i32 {
        self.0.member_count
    }

    /// Opens the community to a new member. Shown to its KOC and to staff; null for others.
    async fn invite_code(&self, ctx: &Context<'_>) -> Option<&str> {
        policy::may_see_invite_code(ctx.data_unchecked::<Actor>(), &self.0).then_some(&*self.0.invite_code)
    }

    /// When I joined; null when I am not a member of it.
    async fn joined_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        let Ok(member) = ctx.data_unchecked::<Actor>().member() else { return Ok(None) };
        let key = MembershipOf(self.0.brand_id, member.id, self.0.id);
        Ok(load::of(ctx).load_one(key).await?.map(|membership| membership.joined_at))
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// How a member came to a community.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "MembershipSource")]
pub enum JoinSource {
    /// Typed the code.
    InviteCode,
    /// Scanned the mini-program code of a poster.
    QrCode,
    /// Opened a card a friend sent.
    ShareCard,
    /// Opened a card in a group chat.
    Group,
    Moments,
    Search,
    Other,
}

#[derive(InputObject)]
pub struct CreateCommunityInput {
    pub idempotency_key: String,
    /// The KOC it gathers around.
    pub koc_id: MemberId,
    /// Up to 40 characters.
    pub name: String,
    /// The shared need in a sentence, up to 400 characters.
    pub need: String,
    /// How many members it may hold; the brand's default when missing.
    pub cap: Option<i32>,
}

#[derive(InputObject)]
pub struct JoinCommunityInput {
    pub idempotency_key: String,
    /// As typed or read from the code; case, spaces and dashes do not matter.
    pub invite_code: String,
    /// How the member came.
    pub source: JoinSource,
    /// WeChat launch scene (`wx.getLaunchOptionsSync().scene`), when known.
    pub scene: Option<i32>,
}

#[derive(InputObject)]
pub struct LeaveCommunityInput {
    pub idempotency_key: String,
    pub community_id: CommunityId,
}

payload!(CreateCommunityPayload { community: Community });
payload!(JoinCommunityPayload { community: Community });
payload!(LeaveCommunityPayload { community: Community });

#[derive(Default)]
pub struct CommunityQuery;

#[Object]
impl CommunityQuery {
    /// The brand's communities, newest first; of one KOC when `koc` is given.
    #[graphql(guard = "door::STAFF", directive = door::needs::apply(door::STAFF.roles()))]
    async fn communities(
        &self,
        ctx: &Context<'_>,
        koc: Option<MemberId>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<Page<Community>>> {
        let app = ctx.data_unchecked::<App>();
        let brand_id = ctx.data_unchecked::<Actor>().brand_id()?;
        let select = query::all(brand_id, koc.map(|koc| koc.0));
        List::newest_first("communities", brand_id)
            .page(
                ctx,
                app.db.read(),
                select,
                community::Column::Id,
                &PageArgs::new(first, after, last, before),
                |row: community::Model| (row.id, Community(row)),
            )
            .await
            .map(Some)
    }
}

#[derive(Default)]
pub struct CommunityMutation;

#[Object]
impl CommunityMutation {
    /// Founds a community around a KOC.
    #[graphql(guard = "door::KOC_OR_MERCHANDISER", directive = door::needs::apply(door::KOC_OR_MERCHANDISER.roles()))]
    async fn create_community(
        &self,
        ctx: &Context<'_>,
        input: CreateCommunityInput,
    ) -> Result<Option<CreateCommunityPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let create = service::Create { koc_id: input.koc_id.0, name: input.name, need: input.need, cap: input.cap };
        CreateCommunityPayload::of(ctx, service::create(app, actor, &input.idempotency_key, &create).await).map(Some)
    }

    /// Joins the community of an invite code.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn join_community(
        &self,
        ctx: &Context<'_>,
        input: JoinCommunityInput,
    ) -> Result<Option<JoinCommunityPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let join = service::Join { invite_code: input.invite_code, source: input.source.into(), scene: input.scene };
        JoinCommunityPayload::of(ctx, service::join(app, actor, &input.idempotency_key, &join).await).map(Some)
    }

    /// Leaves a community.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn leave_community(
        &self,
        ctx: &Context<'_>,
        input: LeaveCommunityInput,
    ) -> Result<Option<LeaveCommunityPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        LeaveCommunityPayload::of(ctx, service::leave(app, actor, &input.idempotency_key, input.community_id.0).await)
            .map(Some)
    }
}
