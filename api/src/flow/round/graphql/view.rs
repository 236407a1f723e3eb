//! A round as it is shown.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};
use entity::round::{self, RoundStatus as Status, RoundTieBreak};
use uuid::Uuid;

use super::RoundEntry;
use crate::app::App;
use crate::base::id::{DesignId, RoundId};
use crate::base::lang::Lang;
use crate::error::{Error, Result};
use crate::flow::community::graphql::Community;
use crate::flow::community::loader::{CommunityById, MembershipOf};
use crate::flow::round::loader::CommunitiesOf;
use crate::flow::round::policy;
use crate::flow::round::rules::{Event, Window};
use crate::flow::round::slate::{Part, Slate, SlateOf, Slated};
use crate::load;
use crate::people::actor::Actor;
use crate::people::authenticate::Zone;
use crate::people::loader::BrandById;
use crate::reads::hole::{self, Ask, Bound};

/// One slate of designs put to one or more communities for a time; the top K advance.
pub struct Round(pub round::Model);

impl From<round::Model> for Round {
    fn from(row: round::Model) -> Self {
        Round(row)
    }
}

/// Where a round is on its way.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub enum RoundStatus {
    /// Being put together.
    Draft,
    /// Opens by itself at `opensAt`.
    Scheduled,
    /// Takes picks until `closesAt`.
    Open,
    /// Over: the tally is final, the designs are ranked, the top ones advanced.
    Closed,
    /// Ended without a result.
    Cancelled,
}

/// What can be done with a round.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundAction {
    /// `pickDesign` and `unpickDesign`
    Pick,
    /// `openRound`
    Open,
    /// `closeRound`
    Close,
    /// `cancelRound`
    Cancel,
    /// `changeRoundWindow`
    ChangeWindow,
}

/// One slate of designs put to one or more communities for a time; the top K advance.
#[Object]
impl Round {
    /// Names the round.
    pub async fn id(&self) -> RoundId {
        self.0.id.into()
    }

    /// A line, up to 60 characters.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Where it is on its way. A round whose time is up takes no picks even while this still says open.
    async fn status(&self) -> RoundStatus {
        self.0.status.into()
    }

    /// How many designs advance at most; one that nobody picked never does.
    async fn advance_count(&self) -> i32 {
        self.0.advance_count
    }

    /// Picks are taken from this instant on.
    async fn opens_at(&self) -> DateTime<Utc> {
        self.0.opens_at
    }

    /// Picks are taken until just before this instant.
    async fn closes_at(&self) -> DateTime<Utc> {
        self.0.closes_at
    }

    /// `opensAt` on the brand's clock, for showing: `2026-12-01 09:00`.
    async fn opens_at_local(&self, ctx: &Context<'_>) -> Result<String> {
        local(ctx, self.0.brand_id, self.0.opens_at).await
    }

    /// `closesAt` on the brand's clock, for showing: `2026-12-03 21:00`.
    async fn closes_at_local(&self, ctx: &Context<'_>) -> Result<String> {
        local(ctx, self.0.brand_id, self.0.closes_at).await
    }

    /// When it really closed; null before.
    async fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.0.closed_at
    }

    /// How designs with equal picks were put in order, in the language of `Accept-Language`; null
    /// while open and when no two were equal.
    async fn tie_break(&self, ctx: &Context<'_>) -> Option<&'static str> {
        let lang = ctx.data_opt::<Lang>().copied().unwrap_or_default();
        self.0.tie_break.map(|rule| match rule {
            RoundTieBreak::EarlierLastPick => lang.pick(
                "Of designs with equal picks, the one whose last pick came earlier ranks first.",
                "票数相同时，最后一票较早的设计排名靠前。",
            ),
            RoundTieBreak::SlatePosition => lang.pick(
                "Of designs with equal picks, the one whose last pick came earlier ranks first; at the same instant, the one earlier on the slate.",
                "票数相同时，最后一票较早的设计排名靠前；时间也相同时，按选款顺序。",
            ),
        })
    }

    /// The designs: in the order of the slate while the round runs, by rank once it is closed.
    async fn entries(&self, ctx: &Context<'_>) -> Result<Vec<RoundEntry>> {
        let part = match ctx.look_ahead().field("design").exists() {
            true => Part::Designs,
            false => Part::Entries,
        };
        let slate = self.slate(ctx, part).await?;
        hole::learn(ctx, self.0.id, &slate);
        let picked = |entry: &Slated| slate.picks.contains(&entry.entry.design_id);
        let mut entries: Vec<RoundEntry> = slate
            .entries
            .iter()
            .map(|entry| RoundEntry {
                row: entry.entry.clone(),
                picked: Some(picked(entry)),
                shown: entry.shown.clone(),
            })
            .collect();
        entries.sort_by_key(|entry| (entry.row.rank, entry.row.position));
        Ok(entries)
    }

    /// The communities it is put to: all of them for staff; for a member those she is in or leads.
    async fn communities(&self, ctx: &Context<'_>) -> Result<Vec<Community>> {
        Ok(self.communities_of_caller(ctx).await?.into_iter().map(|(community, _)| community).collect())
    }

    /// The designs I pick, in the order I picked them; empty for staff.
    async fn my_picks(&self, ctx: &Context<'_>) -> Result<Bound<Vec<DesignId>>> {
        let read = async {
            let slate = self.slate(ctx, Part::Picks).await?;
            Ok(slate.picks.iter().copied().map(DesignId::new).collect())
        };
        hole::bound(ctx, Ask::MyPicks { round_id: self.0.id }, read).await
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The verbs that would work for me now.
    async fn available_actions(&self, ctx: &Context<'_>) -> Result<Vec<RoundAction>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let window = Window { opens_at: self.0.opens_at, closes_at: self.0.closes_at };
        if actor.member().is_ok() {
            let open = window.refusal(self.0.status, app.clock.now()).is_none();
            let may_pick = open && self.communities_of_caller(ctx).await?.iter().any(|(_, joined)| *joined);
            return Ok(if may_pick { vec![RoundAction::Pick] } else { Vec::new() });
        }
        let mut actions: Vec<_> = policy::available(actor, &self.0).into_iter().map(action).collect();
        if policy::may_change_window(actor, &self.0) {
            actions.push(RoundAction::ChangeWindow);
        }
        Ok(actions)
    }
}

impl Round {
    async fn slate(&self, ctx: &Context<'_>, part: Part) -> Result<Arc<Slate>> {
        slate(ctx, self.0.brand_id, self.0.id, part).await
    }

    /// The communities shown to the caller, and whether she is a member of each.
    async fn communities_of_caller(&self, ctx: &Context<'_>) -> Result<Vec<(Community, bool)>> {
        let (loaders, brand_id) = (load::of(ctx), self.0.brand_id);
        let ids = loaders.load_one(CommunitiesOf(brand_id, self.0.id)).await?.unwrap_or_default();
        let mut rows = loaders.load_many(ids.iter().map(|id| CommunityById(brand_id, *id))).await?;
        let rows = ids.iter().filter_map(|id| rows.remove(&CommunityById(brand_id, *id)));
        let Ok(member) = ctx.data_unchecked::<Actor>().member() else {
            return Ok(rows.map(|row| (Community(row), false)).collect());
        };
        let joined = loaders.load_many(ids.iter().map(|id| MembershipOf(brand_id, member.id, *id))).await?;
        Ok(rows
            .map(|row| (joined.contains_key(&MembershipOf(brand_id, member.id, row.id)), row))
            .filter(|(joined, row)| *joined || row.koc_member_id == member.id)
            .map(|(joined, row)| (Community(row), joined))
            .collect())
    }
}

fn action(event: Event) -> RoundAction {
    match event {
        Event::Open => RoundAction::Open,
        Event::Close => RoundAction::Close,
        Event::Cancel => RoundAction::Cancel,
    }
}

async fn local(ctx: &Context<'_>, brand_id: Uuid, at: DateTime<Utc>) -> Result<String> {
    let zone = match ctx.data_opt::<Zone>().filter(|zone| zone.brand_id == brand_id) {
        Some(zone) => zone.zone,
        None => {
            let brand = load::of(ctx).load_one(BrandById(brand_id)).await?.ok_or_else(|| Error::not_found("brand"))?;
            Zone::of(brand_id, &brand.time_zone)?.zone
        }
    };
    Ok(at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string())
}

/// The slate of a round as the caller meets it.
pub(super) async fn slate(ctx: &Context<'_>, brand_id: Uuid, round_id: Uuid, part: Part) -> Result<Arc<Slate>> {
    let member_id = ctx.data_unchecked::<Actor>().member().ok().map(|member| member.id);
    let key = SlateOf { brand_id, round_id, member_id, part };
    Ok(load::of(ctx).load_one(key).await?.unwrap_or_default())
}
