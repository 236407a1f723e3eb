//! An entry of a round's slate as it is shown.

use std::sync::Arc;

use async_graphql::{Context, Object};
use entity::{round_entry, round_tally};
use uuid::Uuid;

use super::Round;
use super::view::slate;
use crate::base::id::RoundEntryId;
use crate::error::{Error, Result};
use crate::flow::community::graphql::Community;
use crate::flow::community::loader::CommunityById;
use crate::flow::design::graphql::Design;
use crate::flow::design::shown::Shown;
use crate::flow::round::loader::{RoundById, TalliesOf};
use crate::flow::round::slate::Part;
use crate::load;
use crate::people::actor::Actor;
use crate::reads::hole::{self, Ask, Bound};

/// A design on a round's slate, with its tally.
pub struct RoundEntry {
    pub(super) row: round_entry::Model,
    /// Whether the caller picks it, when that was read along with the round.
    pub(super) picked: Option<bool>,
    /// Its design, when that was read along with the round.
    pub(super) shown: Option<Arc<Shown>>,
}

impl From<round_entry::Model> for RoundEntry {
    fn from(row: round_entry::Model) -> Self {
        RoundEntry { row, picked: None, shown: None }
    }
}

/// The picks of one community's members.
pub struct CommunityTally {
    brand_id: Uuid,
    community_id: Uuid,
    picks: i32,
}

/// The picks of one community's members.
#[Object]
impl CommunityTally {
    /// Whose members.
    async fn community(&self, ctx: &Context<'_>) -> Result<Community> {
        let found = load::of(ctx).load_one(CommunityById(self.brand_id, self.community_id)).await?;
        found.map(Community).ok_or_else(|| Error::not_found("community"))
    }

    /// How many of them pick the design. A member of several communities counts once, in the one she joined first.
    async fn picks(&self) -> i32 {
        self.picks
    }
}

/// A design on a round's slate, with its tally.
#[Object]
impl RoundEntry {
    /// Names the entry; samples and presales of the design refer to it.
    pub async fn id(&self) -> RoundEntryId {
        self.row.id.into()
    }

    /// The round whose slate it is on.
    async fn round(&self, ctx: &Context<'_>) -> Result<Round> {
        let found = load::of(ctx).load_one(RoundById(self.row.brand_id, self.row.round_id)).await?;
        found.map(Round).ok_or_else(|| Error::not_found("round"))
    }

    /// The design in the version that is voted on.
    async fn design(&self, ctx: &Context<'_>) -> Result<Design> {
        if let Some(shown) = &self.shown {
            return Ok(shown.clone().into());
        }
        Design::load(ctx, self.row.brand_id, self.row.design_id, self.row.design_version_id).await
    }

    /// Place on the slate, from 1.
    async fn position(&self) -> i32 {
        self.row.position
    }

    /// Members who pick it: live while the round is open, final once it is closed.
    async fn picks(&self, ctx: &Context<'_>) -> Result<Bound<i32>> {
        if self.row.frozen {
            return Ok(Bound::Value(self.row.picks));
        }
        let ask = Ask::Picks { round_id: self.row.round_id, design_id: self.row.design_id };
        hole::bound(ctx, ask, async { Ok(self.row.picks) }).await
    }

    /// Whether I pick it; false for staff.
    async fn picked_by_me(&self, ctx: &Context<'_>) -> Result<Bound<bool>> {
        let ask = Ask::PickedByMe { round_id: self.row.round_id, design_id: self.row.design_id };
        let read = async {
            match self.picked {
                Some(picked) => Ok(picked),
                None => {
                    let slate = slate(ctx, self.row.brand_id, self.row.round_id, Part::Picks).await?;
                    Ok(slate.picks.contains(&self.row.design_id))
                }
            }
        };
        hole::bound(ctx, ask, read).await
    }

    /// Where it came out, 1 is first; null until the round is closed.
    async fn rank(&self) -> Option<i32> {
        self.row.rank
    }

    /// Whether it was among the top when the round closed.
    async fn advanced(&self) -> bool {
        self.row.advanced
    }

    /// The picks by community, without those where nobody picked it: all of them for staff, for a KOC those
    /// of the communities she leads; null for members.
    async fn tally(&self, ctx: &Context<'_>) -> Result<Option<Vec<CommunityTally>>> {
        let (actor, loaders, brand_id) = (ctx.data_unchecked::<Actor>(), load::of(ctx), self.row.brand_id);
        let koc = actor.koc().ok();
        if koc.is_none() && actor.any_staff().is_err() {
            return Ok(None);
        }
        let mut rows = loaders.load_one(TalliesOf(brand_id, self.row.round_id)).await?.unwrap_or_default();
        rows.retain(|row| row.design_id == self.row.design_id && row.picks > 0);
        if let Some(koc) = koc {
            let keys = rows.iter().map(|row| CommunityById(brand_id, row.community_id));
            let found = loaders.load_many(keys).await?;
            rows.retain(|row| {
                let community = found.get(&CommunityById(brand_id, row.community_id));
                community.is_some_and(|community| community.koc_member_id == koc.id)
            });
        }
        let tally =
            |row: round_tally::Model| CommunityTally { brand_id, community_id: row.community_id, picks: row.picks };
        Ok(Some(rows.into_iter().map(tally).collect()))
    }
}
