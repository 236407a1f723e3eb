//! The brand's people as its staff see them.

use async_graphql::{Context, InputObject, Object};

use super::view::{Member, Staff, TeamRole};
use crate::app::App;
use crate::base::id::{MemberId, StaffId};
use crate::base::page::{List, Page, PageArgs};
use crate::error::Result;
use crate::payload;
use crate::people::actor::Actor;
use crate::people::team::{self, NewStaff};
use crate::people::{door, query};

/// A person to let into the team.
#[derive(InputObject)]
pub struct CreateStaffAccountInput {
    /// 8 to 64 characters of your making, new for each user action.
    pub idempotency_key: String,
    /// The address to sign in with; one account each.
    pub email: String,
    /// As colleagues read it, up to 40 characters.
    pub name: String,
    /// What the person may do for the brand.
    pub role: TeamRole,
    /// At least 10 characters.
    pub password: String,
}

/// A person to show out.
#[derive(InputObject)]
pub struct DisableStaffInput {
    /// 8 to 64 characters of your making, new for each user action.
    pub idempotency_key: String,
    /// Who; not oneself.
    pub staff_id: StaffId,
}

/// A member to become a KOC.
#[derive(InputObject)]
pub struct GrantKocInput {
    /// 8 to 64 characters of your making, new for each user action.
    pub idempotency_key: String,
    /// Who.
    pub member_id: MemberId,
}

payload!(
    /// The new account, or why there is none.
    CreateStaffAccountPayload {
        /// The account as it is now.
        staff: Staff
    }
);
payload!(
    /// The disabled account, or why it is not.
    DisableStaffPayload {
        /// The account as it is now.
        staff: Staff
    }
);
payload!(
    /// The new KOC, or why she is none.
    GrantKocPayload {
        /// The member as she is now.
        member: Member
    }
);

#[derive(Default)]
pub struct TeamQuery;

#[Object]
impl TeamQuery {
    /// The brand's members, newest first; phone numbers masked.
    #[graphql(guard = "door::STAFF", directive = door::needs::apply(door::STAFF.roles()))]
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only members whose nickname begins so; null: all.")] nickname: Option<String>,
        #[graphql(desc = "Size of the page from its start, at most 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "Size of the page from its end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Option<Page<Member>>> {
        let (app, brand_id) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>().brand_id()?);
        let select = query::members(brand_id, nickname.as_deref());
        let args = PageArgs::new(first, after, last, before);
        let view = |row: entity::member::Model| (row.id, Member::from(row));
        let list = List::newest_first("members", brand_id);
        list.page(ctx, app.db.read(), select, entity::member::Column::Id, &args, view).await.map(Some)
    }

    /// One member of the brand.
    #[graphql(guard = "door::STAFF", directive = door::needs::apply(door::STAFF.roles()))]
    async fn member(&self, ctx: &Context<'_>, #[graphql(desc = "Which one.")] id: MemberId) -> Result<Option<Member>> {
        let (app, brand_id) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>().brand_id()?);
        Ok(Some(query::member(app.db.read(), brand_id, id.0).await?.into()))
    }

    /// The brand's team, disabled accounts included, newest first.
    #[graphql(guard = "door::STAFF", directive = door::needs::apply(door::STAFF.roles()))]
    async fn team(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Size of the page from its start, at most 100; 20 when neither is given.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "Size of the page from its end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Option<Page<Staff>>> {
        let (app, brand_id) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>().brand_id()?);
        let args = PageArgs::new(first, after, last, before);
        let view = |row: entity::staff::Model| (row.id, Staff(row));
        let list = List::newest_first("team", brand_id);
        list.page(ctx, app.db.read(), query::team(brand_id), entity::staff::Column::Id, &args, view).await.map(Some)
    }
}

#[derive(Default)]
pub struct TeamMutation;

#[Object]
impl TeamMutation {
    /// Lets a person into the brand's team.
    #[graphql(guard = "door::OWNER", directive = door::needs::apply(door::OWNER.roles()))]
    async fn create_staff_account(
        &self,
        ctx: &Context<'_>,
        input: CreateStaffAccountInput,
    ) -> Result<Option<CreateStaffAccountPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let CreateStaffAccountInput { idempotency_key, email, name, role, password } = input;
        let new = NewStaff { email, name, role: role.into(), password };
        CreateStaffAccountPayload::of(ctx, team::create_staff(app, actor, &idempotency_key, &new).await).map(Some)
    }

    /// Shows a person out: the account is disabled and its sessions end at once.
    #[graphql(guard = "door::OWNER", directive = door::needs::apply(door::OWNER.roles()))]
    async fn disable_staff(&self, ctx: &Context<'_>, input: DisableStaffInput) -> Result<Option<DisableStaffPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        DisableStaffPayload::of(ctx, team::disable_staff(app, actor, &input.idempotency_key, input.staff_id.0).await)
            .map(Some)
    }

    /// Makes a member a KOC, who may lead communities and try garments on.
    #[graphql(guard = "door::MERCHANDISER", directive = door::needs::apply(door::MERCHANDISER.roles()))]
    async fn grant_koc(&self, ctx: &Context<'_>, input: GrantKocInput) -> Result<Option<GrantKocPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        GrantKocPayload::of(ctx, team::grant_koc(app, actor, &input.idempotency_key, input.member_id.0).await).map(Some)
    }
}
