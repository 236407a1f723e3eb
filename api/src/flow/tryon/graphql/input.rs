//! Inputs and payloads.

use async_graphql::{Enum, InputObject};
use chrono::{DateTime, Utc};

use super::tryon::Fit;
use super::{Sample, TryOn};
use crate::base::id::{CommunityId, MediaId, MemberId, RoundEntryId, SampleId, TryOnId};
use crate::flow::tryon::rules::SampleEvent;
use crate::payload;

/// Asks for a sample of an advanced design and assigns its try-on.
#[derive(InputObject)]
pub struct RequestSampleInput {
    /// Fresh for each action of the user; the same when it is repeated.
    pub idempotency_key: String,
    /// The entry of a closed round whose design advanced.
    pub entry_id: RoundEntryId,
    /// The KOC who shall try it on.
    pub koc_id: MemberId,
    /// The size to make, up to 20 characters: `M`.
    pub size: String,
    /// The colour to make, up to 40 characters: `米白`.
    pub color: String,
    /// When the post shall be handed in; in the future.
    pub try_on_due_at: DateTime<Utc>,
}

/// Says that a sample is on its way.
#[derive(InputObject)]
pub struct DispatchSampleInput {
    /// Fresh for each action of the user; the same when it is repeated.
    pub idempotency_key: String,
    /// Which sample; still requested.
    pub sample_id: SampleId,
    /// Who carries it, up to 40 characters: `顺丰速运`.
    pub carrier: String,
    /// The parcel's number with the carrier, up to 64 characters.
    pub tracking_no: String,
}

/// Says that a sample has arrived.
#[derive(InputObject)]
pub struct ConfirmSampleReceivedInput {
    /// Fresh for each action of the user; the same when it is repeated.
    pub idempotency_key: String,
    /// Which sample; my own, and dispatched.
    pub sample_id: SampleId,
}

/// What becomes of a sample in the end.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleOutcome {
    /// The KOC keeps it.
    Kept,
    /// It came back to the brand.
    Returned,
    /// It is lost; also while on its way.
    Lost,
}

impl From<SampleOutcome> for SampleEvent {
    fn from(outcome: SampleOutcome) -> Self {
        match outcome {
            SampleOutcome::Kept => SampleEvent::Keep,
            SampleOutcome::Returned => SampleEvent::Return,
            SampleOutcome::Lost => SampleEvent::Lose,
        }
    }
}

/// Says what became of a sample.
#[derive(InputObject)]
pub struct CloseSampleInput {
    /// Fresh for each action of the user; the same when it is repeated.
    pub idempotency_key: String,
    /// Which sample; received, or dispatched when it got lost.
    pub sample_id: SampleId,
    /// What became of it.
    pub outcome: SampleOutcome,
}

/// Sets another due date.
#[derive(InputObject)]
pub struct ExtendTryOnInput {
    /// Fresh for each action of the user; the same when it is repeated.
    pub idempotency_key: String,
    /// Which try-on; not handed in.
    pub try_on_id: TryOnId,
    /// The new due date; in the future.
    pub due_at: DateTime<Utc>,
}

/// A try-on as the KOC hands it in. It replaces what was handed in before.
#[derive(InputObject)]
pub struct SubmitTryOnInput {
    /// Fresh for each action of the user; the same when it is repeated.
    pub idempotency_key: String,
    /// Which task; my own.
    pub try_on_id: TryOnId,
    /// My words, up to 2,000 characters.
    pub body: String,
    /// The size I wore, up to 20 characters.
    pub size_worn: String,
    /// How it fits.
    pub fit: Fit,
    /// What is not so good about it, up to 1,000 characters. A post without it is not believed.
    pub cons: String,
    /// My uploads in the order to show them: 1 to 9 pictures and at most one video. Needs my consent
    /// of kind PHOTOS.
    pub media_ids: Vec<MediaId>,
    /// My height, 80 to 250, to be shown with the post. Needs my consent of kind BODY_DATA.
    pub height_cm: Option<i32>,
    /// My weight, 20 to 300, to be shown with the post. Needs my consent of kind BODY_DATA.
    pub weight_kg: Option<i32>,
}

/// Approves a submission.
#[derive(InputObject)]
pub struct ApproveTryOnInput {
    /// Fresh for each action of the user; the same when it is repeated.
    pub idempotency_key: String,
    /// Which try-on; submitted.
    pub try_on_id: TryOnId,
    /// True to take responsibility for a post that the content check doubts or could not check; the
    /// history keeps it. A risky one cannot be approved.
    #[graphql(default)]
    pub accept_unchecked: bool,
}

/// Sends a submission back to the KOC.
#[derive(InputObject)]
pub struct RequestTryOnChangesInput {
    /// Fresh for each action of the user; the same when it is repeated.
    pub idempotency_key: String,
    /// Which try-on; submitted.
    pub try_on_id: TryOnId,
    /// What to change, up to 500 characters; the KOC reads it.
    pub note: String,
}

/// Publishes an approved post.
#[derive(InputObject)]
pub struct PublishTryOnInput {
    /// Fresh for each action of the user; the same when it is repeated.
    pub idempotency_key: String,
    /// Which try-on; approved.
    pub try_on_id: TryOnId,
    /// Communities of the post's KOC to show it to; null for all of them.
    pub community_ids: Option<Vec<CommunityId>>,
}

/// Takes a post or a task back for good.
#[derive(InputObject)]
pub struct WithdrawTryOnInput {
    /// Fresh for each action of the user; the same when it is repeated.
    pub idempotency_key: String,
    /// Which try-on; in any state but withdrawn.
    pub try_on_id: TryOnId,
    /// Why, up to 500 characters; the history keeps it.
    pub reason: String,
}

payload!(
    /// Answer of `requestSample`.
    RequestSamplePayload {
        /// The new sample; null when refused.
        sample: Sample
    }
);
payload!(
    /// Answer of `dispatchSample`.
    DispatchSamplePayload {
        /// The sample as it is now; null when refused.
        sample: Sample
    }
);
payload!(
    /// Answer of `confirmSampleReceived`.
    ConfirmSampleReceivedPayload {
        /// The sample as it is now; null when refused.
        sample: Sample
    }
);
payload!(
    /// Answer of `closeSample`.
    CloseSamplePayload {
        /// The sample as it is now; null when refused.
        sample: Sample
    }
);
payload!(
    /// Answer of `extendTryOn`.
    ExtendTryOnPayload {
        /// The try-on as it is now; null when refused.
        try_on: TryOn
    }
);
payload!(
    /// Answer of `submitTryOn`.
    SubmitTryOnPayload {
        /// The try-on as it is now; null when refused.
        try_on: TryOn
    }
);
payload!(
    /// Answer of `approveTryOn`.
    ApproveTryOnPayload {
        /// The try-on as it is now; null when refused.
        try_on: TryOn
    }
);
payload!(
    /// Answer of `requestTryOnChanges`.
    RequestTryOnChangesPayload {
        /// The try-on as it is now; null when refused.
        try_on: TryOn
    }
);
payload!(
    /// Answer of `publishTryOn`.
    PublishTryOnPayload {
        /// The try-on as it is now; null when refused.
        try_on: TryOn
    }
);
payload!(
    /// Answer of `withdrawTryOn`.
    WithdrawTryOnPayload {
        /// The try-on as it is now; null when refused.
        try_on: TryOn
    }
);
