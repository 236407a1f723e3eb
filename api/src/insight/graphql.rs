//! Figures in the API.

use async_graphql::{Context, Object, SimpleObject};

use super::funnel::{self, Funnel as Counts};
use super::rate::Rate as Exact;
use crate::app::App;
use crate::base::id::{CommunityId, DesignId, RoundId};
use crate::error::{Error, Result};
use crate::flow::round::query as rounds;
use crate::people::actor::Actor;
use crate::people::door;

/// A share of people, rounded half up from the counts.
#[derive(SimpleObject, Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Hundredths of a percent: 6731 for 35 of 52.
    pub basis_points: i32,
    /// For showing to people: `67.3 %`.
    pub formatted: String,
}

/// From pick to order: those who picked a design apart from those who did not. Counts are of
/// different people; a member of several communities counts once.
pub struct Funnel(Counts);

/// From pick to order: those who picked a design apart from those who did not. Counts are of
/// different people; a member of several communities counts once.
#[Object]
impl Funnel {
    /// Active members of the round's communities now, and whoever picked in the round and left since.
    async fn members(&self) -> i32 {
        shown(self.0.members)
    }

    /// Members whose pick of the design stands.
    async fn pickers(&self) -> i32 {
        shown(self.0.pickers)
    }

    /// Pickers who bought it: paid, were it the first part only, and the money was not given back.
    async fn picker_orders(&self) -> i32 {
        shown(self.0.picker_orders)
    }

    /// Members who did not pick it.
    async fn others(&self) -> i32 {
        shown(self.0.others())
    }

    /// Those of them who bought it all the same.
    async fn other_orders(&self) -> i32 {
        shown(self.0.other_orders())
    }

    /// All members who bought it.
    async fn orders(&self) -> i32 {
        shown(self.0.orders)
    }

    /// `pickerOrders` of `pickers`; null when nobody picked it.
    async fn picker_rate(&self) -> Option<Rate> {
        rate(self.0.picker_orders, self.0.pickers)
    }

    /// `otherOrders` of `others`; null when everybody picked it.
    async fn other_rate(&self) -> Option<Rate> {
        rate(self.0.other_orders(), self.0.others())
    }

    /// `orders` of `members`; null without members.
    async fn rate(&self) -> Option<Rate> {
        rate(self.0.orders, self.0.members)
    }
}

fn shown(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn rate(part: u64, whole: u64) -> Option<Rate> {
    Exact::of(part, whole).map(|rate| Rate { basis_points: shown(rate.basis_points()), formatted: rate.percent() })
}

#[derive(Default)]
pub struct InsightQuery;

#[Object]
impl InsightQuery {
    /// Whether the vote on a design foretold its orders.
    #[graphql(guard = "door::STAFF", directive = door::needs::apply(door::STAFF.roles()))]
    async fn funnel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The round it was voted on in.")] round_id: RoundId,
        #[graphql(desc = "A design on that round's slate.")] design_id: DesignId,
        #[graphql(desc = "Only members of this community of the round; all of them when null.")] community_id: Option<
            CommunityId,
        >,
    ) -> Result<Option<Funnel>> {
        let (db, actor) = (ctx.data_unchecked::<App>().db.read(), ctx.data_unchecked::<Actor>());
        let brand_id = actor.any_staff()?.brand_id;
        rounds::find_entry_of(db, brand_id, round_id.0, design_id.0).await?;
        if let Some(community_id) = community_id
            && !rounds::communities_of(db, brand_id, round_id.0).await?.contains(&community_id.0)
        {
            return Err(Error::not_found("community of this round"));
        }
        let community_id = community_id.map(|id| id.0);
        Ok(Some(Funnel(funnel::read(db, brand_id, round_id.0, design_id.0, community_id).await?)))
    }
}
