//! The view of a try-on.

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::security_check::{self, SecurityCheckVerdict as Verdict};
use entity::staff::StaffRole;
use entity::tryon::{self, TryonFit, TryonStatus as Status};

use super::Sample;
use crate::base::id::{CommunityId, MediaId, TryOnId};
use crate::error::{Error, Result};
use crate::flow::design::graphql::Design;
use crate::flow::design::loader::DesignById;
use crate::flow::tryon::loader::{ChecksOfTryOn, CommunitiesOfTryOn, MediaOfTryOn, SampleById};
use crate::flow::tryon::rules::{Event, may_approve, next};
use crate::flow::tryon::{policy, security};
use crate::load;
use crate::people::actor::Actor;
use crate::people::graphql::view::Member;
use crate::people::loader::MemberById;
use crate::storage::graphql::Media;

/// The view of a try-on's row.
pub struct TryOn(pub tryon::Model);

impl From<tryon::Model> for TryOn {
    fn from(row: tryon::Model) -> Self {
        TryOn(row)
    }
}

/// How far a try-on is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub enum TryOnStatus {
    /// Waiting for the KOC.
    Assigned,
    /// Handed in; being checked and looked at.
    Submitted,
    /// Back with the KOC; `reviewNote` says why.
    ChangesRequested,
    /// Good to publish.
    Approved,
    /// Shown to communities.
    Published,
    /// Taken back for good.
    Withdrawn,
}

/// How the garment fits compared with its size.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "TryonFit")]
pub enum Fit {
    /// Take one size more.
    RunsSmall,
    /// As the size says.
    TrueToSize,
    /// Take one size less.
    RunsLarge,
}

/// What WeChat's content check says.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Verdict")]
pub enum SecurityVerdict {
    /// Not known yet.
    Pending,
    /// Harmless.
    Pass,
    /// In doubt, or of a kind that WeChat does not check: a person decides.
    Review,
    /// Must not be shown.
    Risky,
    /// Could not be checked: a person decides.
    Error,
}

/// The verdict on one part of a post.
#[derive(SimpleObject)]
pub struct ContentCheck {
    /// The picture or video; null for the words.
    media_id: Option<MediaId>,
    /// What came out.
    verdict: SecurityVerdict,
    /// WeChat's class of content, such as 20002; null while unknown.
    label: Option<i32>,
    /// When it was decided.
    decided_at: Option<DateTime<Utc>>,
}

impl From<security_check::Model> for ContentCheck {
    fn from(row: security_check::Model) -> Self {
        ContentCheck {
            media_id: row.media_id.map(Into::into),
            verdict: row.verdict.into(),
            label: row.label,
            decided_at: row.decided_at,
        }
    }
}

/// What the content check says of a post.
#[derive(SimpleObject)]
pub struct SecurityVerdicts {
    /// The worst of all parts.
    overall: SecurityVerdict,
    /// Of the words.
    text: SecurityVerdict,
    /// The worst of pictures and video.
    media: SecurityVerdict,
    /// Part by part, for the revision now handed in.
    checks: Vec<ContentCheck>,
}

/// What can be done with a try-on.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryOnAction {
    /// `submitTryOn`
    Submit,
    /// `approveTryOn`
    Approve,
    /// `approveTryOn` with `acceptUnchecked: true`
    ApproveUnchecked,
    /// `requestTryOnChanges`
    RequestChanges,
    /// `publishTryOn`
    Publish,
    /// `withdrawTryOn`
    Withdraw,
    /// `extendTryOn`
    Extend,
}

/// A KOC's task to try a sample on, and the post she makes of it. Until it is published only she and
/// the brand's staff see it; afterwards the members of the communities it was published to do too.
#[Object]
impl TryOn {
    /// Names the try-on; it does not change.
    pub async fn id(&self) -> TryOnId {
        self.0.id.into()
    }

    /// How far it is.
    async fn status(&self) -> TryOnStatus {
        self.0.status.into()
    }

    /// When the KOC should have handed it in.
    async fn due_at(&self) -> DateTime<Utc> {
        self.0.due_at
    }

    /// Rises with each submission; 0 before the first.
    async fn revision(&self) -> i32 {
        self.0.revision
    }

    /// The KOC's own words; empty until handed in.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// The size she wore.
    async fn size_worn(&self) -> Option<&str> {
        self.0.size_worn.as_deref()
    }

    /// How it fits, in her judgement.
    async fn fit(&self) -> Option<Fit> {
        self.0.fit.map(Into::into)
    }

    /// What is not so good about it, in her words.
    async fn cons(&self) -> Option<&str> {
        self.0.cons.as_deref()
    }

    /// Her height in centimetres, when she chose to show it.
    async fn height_cm(&self) -> Option<i32> {
        self.0.height_cm
    }

    /// Her weight in kilograms, when she chose to show it.
    async fn weight_kg(&self) -> Option<i32> {
        self.0.weight_kg
    }

    /// Pictures and at most one video, in her order.
    async fn media(&self, ctx: &Context<'_>) -> Result<Vec<Media>> {
        let found = load::of(ctx).load_one(MediaOfTryOn(self.0.brand_id, self.0.id)).await?;
        Ok(found.unwrap_or_default().into_iter().map(Media).collect())
    }

    /// `广告`, to be shown with the post; null before it is published.
    async fn ad_label(&self) -> Option<&str> {
        self.0.is_ad.then_some("广告")
    }

    /// The KOC who tries it on.
    async fn koc(&self, ctx: &Context<'_>) -> Result<Member> {
        let found = load::of(ctx).load_one(MemberById(self.0.brand_id, self.0.koc_member_id)).await?;
        found.map(Member::from).ok_or_else(|| Error::not_found("KOC"))
    }

    /// The design she tries on.
    async fn design(&self, ctx: &Context<'_>) -> Result<Design> {
        let found = load::of(ctx).load_one(DesignById(self.0.brand_id, self.0.design_id)).await?;
        found.map(Design::from).ok_or_else(|| Error::not_found("design"))
    }

    /// The garment she tries on. Shown to her and to staff; null for others.
    async fn sample(&self, ctx: &Context<'_>) -> Result<Option<Sample>> {
        if !policy::is_insider(ctx.data_unchecked::<Actor>(), &self.0) {
            return Ok(None);
        }
        Ok(load::of(ctx).load_one(SampleById(self.0.brand_id, self.0.sample_id)).await?.map(Sample::from))
    }

    /// The communities it was published to. Shown to the KOC and to staff; empty for others.
    async fn community_ids(&self, ctx: &Context<'_>) -> Result<Vec<CommunityId>> {
        if !policy::is_insider(ctx.data_unchecked::<Actor>(), &self.0) {
            return Ok(Vec::new());
        }
        let found = load::of(ctx).load_one(CommunitiesOfTryOn(self.0.brand_id, self.0.id)).await?;
        Ok(found.unwrap_or_default().into_iter().map(Into::into).collect())
    }

    /// When it was last handed in.
    async fn submitted_at(&self) -> Option<DateTime<Utc>> {
        self.0.submitted_at
    }

    /// When it was published.
    async fn published_at(&self) -> Option<DateTime<Utc>> {
        self.0.published_at
    }

    /// What the content check says; null for anyone but staff, and before the first submission.
    async fn security_verdicts(&self, ctx: &Context<'_>) -> Result<Option<SecurityVerdicts>> {
        let actor = ctx.data_unchecked::<Actor>();
        if actor.any_staff().is_err() || self.0.revision == 0 {
            return Ok(None);
        }
        let key = ChecksOfTryOn(self.0.brand_id, self.0.id, self.0.revision);
        let checks = load::of(ctx).load_one(key).await?.unwrap_or_default();
        Ok(Some(SecurityVerdicts {
            overall: security::overall(&self.0).into(),
            text: security::of_text(self.0.text_verdict).into(),
            media: security::of_media(self.0.media_verdict).into(),
            checks: checks.into_iter().map(ContentCheck::from).collect(),
        }))
    }

    /// What has to change, in the reviewer's words. Shown to the KOC and to staff; null for others.
    async fn review_note(&self, ctx: &Context<'_>) -> Option<&str> {
        let insider = policy::is_insider(ctx.data_unchecked::<Actor>(), &self.0);
        self.0.review_note.as_deref().filter(|_| insider)
    }

    /// What I could do with it now.
    async fn available_actions(&self, ctx: &Context<'_>) -> Result<Vec<TryOnAction>> {
        let actor = ctx.data_unchecked::<Actor>();
        let merchandiser = actor.staff(&[StaffRole::Merchandiser]).is_ok();
        let mine = actor.koc().is_ok_and(|koc| koc.id == self.0.koc_member_id);
        let fits = |event| next(self.0.status, event).is_some();
        let verdict = security::overall(&self.0);
        let approvable = merchandiser && fits(Event::Approve);
        let passed = may_approve(verdict, false).is_ok();
        let submittable = mine && fits(Event::Submit);
        let actions = [
            (TryOnAction::Submit, submittable && self.sample_is_here(ctx).await?),
            (TryOnAction::Approve, approvable && passed),
            (TryOnAction::ApproveUnchecked, approvable && !passed && may_approve(verdict, true).is_ok()),
            (TryOnAction::RequestChanges, merchandiser && fits(Event::RequestChanges)),
            (TryOnAction::Publish, (mine || merchandiser) && fits(Event::Publish)),
            (TryOnAction::Withdraw, (mine || merchandiser) && fits(Event::Withdraw)),
            (TryOnAction::Extend, merchandiser && fits(Event::Submit)),
        ];
        Ok(actions.into_iter().filter_map(|(action, possible)| possible.then_some(action)).collect())
    }
}

impl TryOn {
    async fn sample_is_here(&self, ctx: &Context<'_>) -> Result<bool> {
        let sample = load::of(ctx).load_one(SampleById(self.0.brand_id, self.0.sample_id)).await?;
        Ok(sample.is_some_and(|sample| sample.received_at.is_some()))
    }
}
