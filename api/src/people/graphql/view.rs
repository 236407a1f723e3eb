//! People as others see them: views over rows that decide field by field what the caller may see.

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};
use entity::member::{MemberGrade, MemberNicknameVerdict};
use entity::staff::{StaffRole, StaffStatus};
use entity::{brand, factory, member, staff};

use crate::base::id::{BrandId, FactoryId, MemberId, StaffId};
use crate::base::money::CurrencyCode;
use crate::people::actor::Actor;

/// A person in one brand. The same human in two brands is two members who know nothing of each other.
pub struct Member {
    row: member::Model,
    /// Shown to herself, even where the request has no token yet: in the answer to signing in.
    is_own: bool,
}

impl From<member::Model> for Member {
    fn from(row: member::Model) -> Self {
        Member { row, is_own: false }
    }
}

impl Member {
    pub(super) fn own(row: member::Model) -> Self {
        Member { row, is_own: true }
    }

    /// The member herself and the staff of her brand know more than others do.
    fn is_known_to(&self, ctx: &Context<'_>) -> bool {
        match ctx.data_unchecked::<Actor>() {
            _ if self.is_own => true,
            Actor::Member(member) => member.id == self.row.id && member.brand_id == self.row.brand_id,
            Actor::Staff(staff) => staff.brand_id == self.row.brand_id,
            Actor::Anonymous | Actor::Factory(_) => false,
        }
    }
}

/// A person in one brand. The same human in two brands is two members who know nothing of each other.
#[Object(serial)]
impl Member {
    /// `member_…`; the same for as long as the member exists.
    pub async fn id(&self) -> MemberId {
        self.row.id.into()
    }

    /// What she calls herself. Others see it only after it passed the content check; null until then.
    async fn nickname(&self, ctx: &Context<'_>) -> Option<&str> {
        let passed = self.row.nickname_verdict == MemberNicknameVerdict::Pass;
        self.row.nickname.as_deref().filter(|_| passed || self.is_known_to(ctx))
    }

    /// Whether she is a KOC, who leads communities and tries garments on.
    async fn grade(&self) -> Grade {
        self.row.grade.into()
    }

    /// Her phone number as `138******78`, for herself and the brand's staff; null for others and when none is bound.
    async fn phone_masked(&self, ctx: &Context<'_>) -> Option<&str> {
        self.row.phone_masked.as_deref().filter(|_| self.is_known_to(ctx))
    }

    /// When she first signed in.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }
}

/// What a member is to her brand.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "MemberGrade", remote = "MemberGrade")]
pub enum Grade {
    /// Votes and buys.
    Member,
    /// Key opinion consumer: also leads communities, tries garments on and tells the truth about them.
    Koc,
}

/// A person of the brand's team.
pub struct Staff(pub staff::Model);

impl From<staff::Model> for Staff {
    fn from(row: staff::Model) -> Self {
        Staff(row)
    }
}

/// A person of the brand's team.
#[Object]
impl Staff {
    /// `staff_…`.
    pub async fn id(&self) -> StaffId {
        self.0.id.into()
    }

    /// As colleagues and, on designs, members read it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What she may do for the brand.
    async fn role(&self) -> TeamRole {
        self.0.role.into()
    }

    /// The address she signs in with; shown to herself and to the owner, null for others.
    async fn email(&self, ctx: &Context<'_>) -> Option<&str> {
        let Actor::Staff(caller) = ctx.data_unchecked::<Actor>() else { return None };
        let ours = caller.brand_id == self.0.brand_id;
        (ours && (caller.id == self.0.id || caller.role == StaffRole::Owner)).then_some(&*self.0.email)
    }

    /// False once the owner has disabled the account.
    async fn is_active(&self) -> bool {
        self.0.status == StaffStatus::Active
    }
}

/// Roles in a brand's team.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "StaffRole", remote = "StaffRole")]
pub enum TeamRole {
    /// May do whatever any role may, and manages the team.
    Owner,
    /// Runs communities, rounds, samples, presales and batches.
    Merchandiser,
    /// Proposes designs.
    Designer,
    /// Helps members with orders, refunds and reviews.
    Support,
    /// Sees payments, refunds and settlements.
    Finance,
}

/// A factory. It serves many brands and belongs to none.
pub struct Factory(pub factory::Model);

impl From<factory::Model> for Factory {
    fn from(row: factory::Model) -> Self {
        Factory(row)
    }
}

/// A factory. It serves many brands and belongs to none.
#[Object]
impl Factory {
    /// `factory_…`; the same for all brands.
    pub async fn id(&self) -> FactoryId {
        self.0.id.into()
    }

    /// The company's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where it makes and ships from.
    async fn city(&self) -> &str {
        &self.0.city
    }
}

/// A brand and the limits it works within.
pub struct Brand(pub brand::Model);

impl From<brand::Model> for Brand {
    fn from(row: brand::Model) -> Self {
        Brand(row)
    }
}

/// A brand and the limits it works within.
#[Object]
impl Brand {
    /// `brand_…`.
    pub async fn id(&self) -> BrandId {
        self.0.id.into()
    }

    /// As shown to people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Short name, given at sign-in.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// IANA name, such as `Asia/Shanghai`; windows and promise dates are meant in it.
    async fn time_zone(&self) -> &str {
        &self.0.time_zone
    }

    /// Currency of all its prices.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency.clone())
    }

    /// The most members one community may hold.
    async fn community_cap(&self) -> i32 {
        self.0.community_cap
    }

    /// The most communities one KOC may lead.
    async fn koc_max_communities(&self) -> i32 {
        self.0.koc_max_communities
    }

    /// The most members one KOC may lead, over all her communities.
    async fn koc_max_members(&self) -> i32 {
        self.0.koc_max_members
    }

    /// Days within which a presale that came to nothing is refunded.
    async fn refund_days(&self) -> i32 {
        self.0.refund_days
    }

    /// Interest on refunds that come later, in hundredths of a percent a year: 300 is 3 %.
    async fn late_interest_bp(&self) -> i32 {
        self.0.late_interest_bp
    }
}
