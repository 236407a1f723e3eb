//! The tally: kept with each pick, frozen and counted again when the round closes.

use chrono::{DateTime, Utc};
use entity::{pick, round, round_entry};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::base::db::sql;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::flow::round::query;
use crate::flow::round::ranking::{Place as Ranked, Standing};

/// Freezes the tally and counts the picks themselves. A pick that is under way either is in this
/// count or meets the frozen entry and is refused.
pub async fn freeze(tx: &Tx, round: &round::Model) -> Result<Vec<Standing>> {
    round_entry::Entity::update_many()
        .col_expr(round_entry::Column::Frozen, Expr::value(true))
        .filter(round_entry::Column::BrandId.eq(round.brand_id))
        .filter(round_entry::Column::RoundId.eq(round.id))
        .exec(tx.conn())
        .await?;
    let entries = query::entries_of(tx.conn(), round.brand_id, round.id).await?;
    let counted: Vec<(Uuid, i64, DateTime<Utc>)> = pick::Entity::find()
        .select_only()
        .column(pick::Column::DesignId)
        .column_as(pick::Column::MemberId.count(), "picks")
        .column_as(pick::Column::PickedAt.max(), "last_pick_at")
        .filter(pick::Column::BrandId.eq(round.brand_id))
        .filter(pick::Column::RoundId.eq(round.id))
        .group_by(pick::Column::DesignId)
        .into_tuple()
        .all(tx.conn())
        .await?;
    let standing = |entry: round_entry::Model| {
        let rows = counted.iter().find(|(design_id, ..)| *design_id == entry.design_id);
        let (picks, last_pick_at) = rows.map_or((0, None), |(_, picks, last)| (*picks, Some(*last)));
        if picks != i64::from(entry.picks) {
            return Err(anyhow::anyhow!("entry {} counts {} picks but has {picks}", entry.id, entry.picks));
        }
        Ok(Standing { design_id: entry.design_id, position: entry.position, picks: entry.picks, last_pick_at })
    };
    Ok(entries.into_iter().map(standing).collect::<anyhow::Result<_>>()?)
}

/// Writes where each entry came out.
pub async fn write_places(tx: &Tx, round: &round::Model, places: &[Ranked]) -> Result<()> {
    for place in places {
        round_entry::Entity::update_many()
            .col_expr(round_entry::Column::Rank, Expr::value(place.rank))
            .col_expr(round_entry::Column::Advanced, Expr::value(place.advanced))
            .col_expr(round_entry::Column::LastPickAt, Expr::value(place.standing.last_pick_at))
            .filter(round_entry::Column::BrandId.eq(round.brand_id))
            .filter(round_entry::Column::RoundId.eq(round.id))
            .filter(round_entry::Column::DesignId.eq(place.standing.design_id))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

/// Notes how many active members each community had, for the rates of later.
pub async fn note_members(tx: &Tx, round: &round::Model) -> Result<()> {
    let statement = sql(
        tx.conn().get_database_backend(),
        "update round_community set members_at_close = (select count(*) from membership m \
         where m.brand_id = round_community.brand_id and m.community_id = round_community.community_id and m.status = 'active') \
         where brand_id = $1 and round_id = $2",
        [round.brand_id.into(), round.id.into()],
    );
    tx.conn().execute_raw(statement).await?;
    Ok(())
}
