//! What merchandisers send.

use async_graphql::InputObject;
use chrono::{DateTime, NaiveDate, Utc};

use super::plan::{PaymentPlanInput, PriceTierInput};
use crate::base::id::{CommunityId, PresaleId, RoundEntryId};
use crate::base::money::Long;
use crate::flow::presale::rules;
use crate::flow::presale::rules::plan::Plan;

/// One colour and size that is for sale.
#[derive(InputObject)]
pub struct SkuInput {
    /// As members read it, up to 20 characters.
    pub color: String,
    /// As members read it, up to 20 characters: `M`, `160`.
    pub size: String,
    /// Size designation for the label, such as `160/84A` (GB/T 1335); optional.
    pub size_designation: Option<String>,
    /// Most pieces that may be sold.
    pub cap: i32,
}

/// The terms of a presale.
#[derive(InputObject)]
pub struct PresaleTermsInput {
    /// As members read it, up to 60 characters.
    pub title: String,
    /// Colours and sizes in the order they shall be shown; 1 to 200, each once.
    pub skus: Vec<SkuInput>,
    /// Price of a piece in fen, before any price tier is reached.
    pub price: Long,
    /// What is paid when; all of it when ordering, unless said otherwise.
    pub plan: Option<PaymentPlanInput>,
    /// Lower prices for more pieces over all buyers, from fewer to more; up to 10.
    #[graphql(default)]
    pub price_tiers: Vec<PriceTierInput>,
    /// Most pieces one member may order.
    pub member_limit: i32,
    /// Pieces that must be paid, or everyone is refunded.
    pub moq: i32,
    /// When it opens.
    pub opens_at: DateTime<Utc>,
    /// When it closes.
    pub closes_at: DateTime<Utc>,
    /// Day by which everything ships: not before the closing day and the days for the balance, at most 330 days after the opening day.
    pub promise_date: NaiveDate,
    /// Communities it is offered to; empty or missing for every member of the brand.
    #[graphql(default)]
    pub community_ids: Vec<CommunityId>,
    /// What the one KOC who brings an order earns of it, in hundredths of a percent: 0, when missing, to 3,000. Fixed
    /// once the presale has opened.
    #[graphql(default)]
    pub commission_bp: i32,
    /// Share of the pickers, in percent, who are not told that it opened, to measure what telling
    /// does; 0 when missing.
    #[graphql(default)]
    pub hold_out_percent: i32,
}

impl From<PresaleTermsInput> for rules::Terms {
    fn from(input: PresaleTermsInput) -> Self {
        let sku = |sku: SkuInput| rules::Sku {
            color: sku.color,
            size: sku.size,
            size_designation: sku.size_designation,
            cap: sku.cap,
        };
        rules::Terms {
            title: input.title,
            skus: input.skus.into_iter().map(sku).collect(),
            price: input.price.0,
            plan: input.plan.map_or(Plan::Full, Plan::from),
            tiers: input.price_tiers.into_iter().map(Into::into).collect(),
            member_limit: input.member_limit,
            moq: input.moq,
            opens_at: input.opens_at,
            closes_at: input.closes_at,
            promise_date: input.promise_date,
            community_ids: input.community_ids.into_iter().map(|id| id.0).collect(),
            commission_bp: input.commission_bp,
            hold_out_percent: input.hold_out_percent,
        }
    }
}

/// A new presale.
#[derive(InputObject)]
pub struct DraftPresaleInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// The entry of a closed round whose design advanced.
    pub entry_id: RoundEntryId,
    #[graphql(flatten)]
    pub terms: PresaleTermsInput,
}

/// New terms for a presale.
#[derive(InputObject)]
pub struct ChangePresaleInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// The presale to change; draft or scheduled.
    pub presale_id: PresaleId,
    #[graphql(flatten)]
    pub terms: PresaleTermsInput,
}

macro_rules! verb_input {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(InputObject)]
        pub struct $name {
            /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
            pub idempotency_key: String,
            /// The presale it is about.
            pub presale_id: PresaleId,
        }
    };
}

verb_input!(
    /// Which draft to schedule.
    SchedulePresaleInput
);
verb_input!(
    /// Which scheduled presale to open.
    OpenPresaleInput
);
verb_input!(
    /// Which open presale to close.
    ClosePresaleInput
);
verb_input!(
    /// Which presale to call off.
    CancelPresaleInput
);
