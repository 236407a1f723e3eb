use entity::community::{self, CommunityStatus};
use entity::round::{self, RoundStatus};
use entity::{round_community, round_entry};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};
use serde::Serialize;
use uuid::Uuid;

use super::{CLOSE_TIMER, OPEN_TIMER, moved};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{By, Tx};
use crate::error::{Error, Result};
use crate::flow::design::lifecycle::{self, Slot};
use crate::flow::round::rules::{self, Window};
use crate::flow::round::{policy, query};
use crate::people::actor::Actor;
use chrono::{DateTime, Utc};

#[derive(Serialize)]
pub struct Create {
    pub title: String,
    pub community_ids: Vec<Uuid>,
    /// The slate in its order.
    pub design_ids: Vec<Uuid>,
    pub advance_count: i32,
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
}

/// Puts submitted designs to communities. The round opens by itself, at once when its time has
/// come, and closes by itself.
pub async fn create(app: &App, actor: &Actor, key: &str, input: &Create) -> Result<Done<round::Model>> {
    let staff = policy::may_run(actor)?;
    let brand_id = staff.brand_id;
    let title = &text::required("title", &input.title, 60)?;
    rules::check_slate(&input.design_ids, &input.community_ids, input.advance_count)?;
    let asked = Window { opens_at: input.opens_at, closes_at: input.closes_at };
    let once = &Once::new(staff.id, "createRound", key, input)?;
    app.write(brand_id, |tx| async move {
        let id = tx.new_id();
        if let Some(id) = once.begin(&tx, &id).await? {
            return Ok(Done::replay(query::find(tx.conn(), brand_id, id).await?));
        }
        let window = asked.checked(tx.now())?;
        let status = if window.opens_at <= tx.now() { RoundStatus::Open } else { RoundStatus::Scheduled };
        check_communities(&tx, &input.community_ids).await?;
        let slots = lifecycle::enter_round(&tx, &input.design_ids, actor.by()).await?;
        let round = round::ActiveModel {
            brand_id: Set(brand_id),
            id: Set(id),
            title: Set(title.clone()),
            status: Set(status),
            advance_count: Set(input.advance_count),
            opens_at: Set(window.opens_at),
            closes_at: Set(window.closes_at),
            closed_at: Set(None),
            tie_break: Set(None),
            created_at: Set(tx.now()),
        }
        .insert(tx.conn())
        .await?;
        add_communities(&tx, id, &input.community_ids).await?;
        add_entries(&tx, id, &slots).await?;
        announce(&tx, &round, actor.by()).await?;
        Ok(Done::new(round))
    })
    .await
}

/// All of them are the brand's and active, or `NOT_FOUND`.
async fn check_communities(tx: &Tx, ids: &[Uuid]) -> Result<()> {
    let found = community::Entity::find()
        .filter(community::Column::BrandId.eq(tx.brand_id()))
        .filter(community::Column::Id.is_in(ids.iter().copied()))
        .filter(community::Column::Status.eq(CommunityStatus::Active))
        .count(tx.conn())
        .await?;
    if found == ids.len() as u64 { Ok(()) } else { Err(Error::not_found("community")) }
}

async fn add_communities(tx: &Tx, round_id: Uuid, ids: &[Uuid]) -> Result<()> {
    let rows = ids.iter().map(|community_id| round_community::ActiveModel {
        brand_id: Set(tx.brand_id()),
        round_id: Set(round_id),
        community_id: Set(*community_id),
        members_at_close: Set(None),
    });
    round_community::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

async fn add_entries(tx: &Tx, round_id: Uuid, slots: &[Slot]) -> Result<()> {
    let rows = slots.iter().zip(1..).map(|(slot, position)| round_entry::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(tx.new_id()),
        round_id: Set(round_id),
        design_id: Set(slot.design_id),
        design_version_id: Set(slot.version_id),
        position: Set(position),
        picks: Set(0),
        frozen: Set(false),
        last_pick_at: Set(None),
        rank: Set(None),
        advanced: Set(false),
    });
    round_entry::Entity::insert_many(rows).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// History, event and timers of a new round.
async fn announce(tx: &Tx, round: &round::Model, by: By) -> Result<()> {
    moved(tx, round.id, (None, RoundStatus::Scheduled), "scheduled", by, None).await?;
    if round.status == RoundStatus::Open {
        moved(tx, round.id, (Some(RoundStatus::Scheduled), RoundStatus::Open), "opened", by, None).await?;
    } else {
        tx.set_timer(OPEN_TIMER, round.id, round.opens_at).await?;
    }
    tx.set_timer(CLOSE_TIMER, round.id, round.closes_at).await
}
