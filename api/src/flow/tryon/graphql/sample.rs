//! The view of a sample.

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};
use entity::sample::{self, SampleStatus as Status};

use super::TryOn;
use crate::base::id::{RoundEntryId, SampleId};
use crate::error::{Error, Result};
use crate::flow::design::graphql::{Design, DesignVersion};
use crate::flow::design::loader::{DesignById, VersionById};
use crate::flow::tryon::loader::TryOnOfSample;
use crate::flow::tryon::rules::{SampleEvent, next_sample};
use crate::load;
use crate::people::actor::Actor;
use crate::people::graphql::view::Member;
use crate::people::loader::MemberById;

/// The view of a sample's row.
pub struct Sample(pub sample::Model);

impl From<sample::Model> for Sample {
    fn from(row: sample::Model) -> Self {
        Sample(row)
    }
}

/// Where a sample is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub enum SampleStatus {
    /// Asked for, not sent yet.
    Requested,
    /// On its way to the KOC.
    Dispatched,
    /// The KOC has it.
    Received,
    /// The KOC keeps it.
    Kept,
    /// Back with the brand.
    Returned,
    /// Lost on the way or afterwards.
    Lost,
}

/// What can be done with a sample.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleAction {
    /// `dispatchSample`
    Dispatch,
    /// `confirmSampleReceived`
    ConfirmReceived,
    /// `closeSample`
    Close,
}

/// A garment sent to a KOC to try on. Its KOC and the brand's staff see it.
#[Object]
impl Sample {
    /// Names the sample; it does not change.
    pub async fn id(&self) -> SampleId {
        self.0.id.into()
    }

    /// The place in a round that the design advanced from.
    async fn entry_id(&self) -> RoundEntryId {
        self.0.entry_id.into()
    }

    /// Where it is.
    async fn status(&self) -> SampleStatus {
        self.0.status.into()
    }

    /// The design it was made of.
    async fn design(&self, ctx: &Context<'_>) -> Result<Design> {
        let found = load::of(ctx).load_one(DesignById(self.0.brand_id, self.0.design_id)).await?;
        found.map(Design::from).ok_or_else(|| Error::not_found("design"))
    }

    /// The version of the design that it was made from.
    async fn design_version(&self, ctx: &Context<'_>) -> Result<DesignVersion> {
        let found = load::of(ctx).load_one(VersionById(self.0.brand_id, self.0.design_version_id)).await?;
        found.map(DesignVersion::from).ok_or_else(|| Error::not_found("design version"))
    }

    /// The KOC it is for.
    async fn koc(&self, ctx: &Context<'_>) -> Result<Member> {
        let found = load::of(ctx).load_one(MemberById(self.0.brand_id, self.0.koc_member_id)).await?;
        found.map(Member::from).ok_or_else(|| Error::not_found("KOC"))
    }

    /// The size it was made in, as the brand calls it.
    async fn size(&self) -> &str {
        &self.0.size
    }

    /// The colour it was made in.
    async fn color(&self) -> &str {
        &self.0.color
    }

    /// Who carries the parcel; null until dispatched.
    async fn carrier(&self) -> Option<&str> {
        self.0.carrier.as_deref()
    }

    /// The parcel's number with its carrier; null until dispatched.
    async fn tracking_no(&self) -> Option<&str> {
        self.0.tracking_no.as_deref()
    }

    /// When it was sent.
    async fn dispatched_at(&self) -> Option<DateTime<Utc>> {
        self.0.dispatched_at
    }

    /// When the KOC said that she has it.
    async fn received_at(&self) -> Option<DateTime<Utc>> {
        self.0.received_at
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The task that came with it.
    async fn try_on(&self, ctx: &Context<'_>) -> Result<Option<TryOn>> {
        Ok(load::of(ctx).load_one(TryOnOfSample(self.0.brand_id, self.0.id)).await?.map(TryOn::from))
    }

    /// What I could do with it now.
    async fn available_actions(&self, ctx: &Context<'_>) -> Vec<SampleAction> {
        let actor = ctx.data_unchecked::<Actor>();
        let merchandiser = actor.staff(&[entity::staff::StaffRole::Merchandiser]).is_ok();
        let mine = actor.koc().is_ok_and(|koc| koc.id == self.0.koc_member_id);
        let fits = |event| next_sample(self.0.status, event).is_some();
        [
            (SampleAction::Dispatch, merchandiser && fits(SampleEvent::Dispatch)),
            (SampleAction::ConfirmReceived, mine && fits(SampleEvent::Receive)),
            (SampleAction::Close, merchandiser && (fits(SampleEvent::Keep) || fits(SampleEvent::Lose))),
        ]
        .into_iter()
        .filter_map(|(action, possible)| possible.then_some(action))
        .collect()
    }
}
