//! What finance staff look at: what is earned, owed and on its way, and what is stuck.

use chrono::{DateTime, Utc};
use entity::factory_account;
use entity::transfer::{self, TransferStatus};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult};
use uuid::Uuid;

use super::query;
use crate::base::db::sql;
use crate::error::Result;
use crate::flow::payment::desk::{NOT_ENOUGH, PATIENCE, Pile, pile};
use crate::flow::payment::ledger::query::brand;

/// The brand's payouts at a glance.
#[derive(Clone, Debug)]
pub struct Desk {
    pub currency: String,
    pub frozen: Pile,
    pub available: Pile,
    /// What was paid too much, as fen to come back.
    pub owing: Pile,
    pub compensations: Pile,
    pub on_their_way: Pile,
    pub factories: Vec<factory_account::Model>,
}

pub async fn read(db: &impl ConnectionTrait, brand_id: Uuid) -> Result<Desk> {
    let (currency, _) = brand(db, brand_id).await?;
    let open = "amount - reversed - paying - paid";
    let commissions = |status: &str| format!("commission where brand_id = $1 and status = '{status}'");
    let live = "transfer where brand_id = $1 and status <> 'succeeded' and status not in ('failed', 'cancelled')";
    Ok(Desk {
        frozen: pile(db, brand_id, open, &commissions("frozen")).await?,
        available: pile(db, brand_id, open, &commissions("available")).await?,
        owing: pile(db, brand_id, "reversed + paying + paid - amount", &commissions("owing")).await?,
        compensations: pile(db, brand_id, "amount", "compensation where brand_id = $1 and status = 'owed'").await?,
        on_their_way: pile(db, brand_id, "amount", live).await?,
        factories: query::factories_owed(db, brand_id, 100).await?,
        currency,
    })
}

/// What a member has earned, in fen.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Earnings {
    pub frozen: i64,
    pub available: i64,
    pub paying: i64,
    pub paid: i64,
}

/// Earnings of one KOC. What was paid too much lessens what is available.
pub async fn earnings(db: &impl ConnectionTrait, brand_id: Uuid, member_id: Uuid) -> Result<Earnings> {
    let open = "amount - reversed - paying - paid";
    let text = format!(
        "select cast(coalesce(sum(case when matured_at is null then {open} else 0 end), 0) as bigint) as frozen, \
         cast(coalesce(sum(case when matured_at is null then 0 else {open} end), 0) as bigint) as available, \
         cast(coalesce(sum(paying), 0) as bigint) as paying, cast(coalesce(sum(paid), 0) as bigint) as paid \
         from commission where brand_id = $1 and member_id = $2"
    );
    let values = [brand_id.into(), member_id.into()];
    let found = Earnings::find_by_statement(sql(db.get_database_backend(), &text, values)).one(db).await?;
    Ok(found.ok_or_else(|| anyhow::anyhow!("a sum returned no row"))?)
}

/// Why a transfer needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The merchant account has too little money.
    Unfunded,
    /// Its calls have failed for a while.
    Failing,
    /// It came to nothing, and what it paid is open again.
    CameToNothing,
}

pub fn cause(row: &transfer::Model) -> Cause {
    match row.status {
        TransferStatus::Failed | TransferStatus::Cancelled => Cause::CameToNothing,
        // WeChat has taken it and does not go on: it looks for the money in vain.
        TransferStatus::Accepted => Cause::Unfunded,
        _ if is_unfunded(row) => Cause::Unfunded,
        _ => Cause::Failing,
    }
}

fn is_unfunded(row: &transfer::Model) -> bool {
    row.last_error.as_ref().is_some_and(|error| error.contains(NOT_ENOUGH))
}

/// $1 is the brand, $2 before when a failing one must have been written. Of several transfers for the same only the last
/// one counts.
const STUCK: &str = "t.brand_id = $1 and t.status <> 'succeeded' and (\
    (t.status not in ('failed', 'cancelled') and t.last_error is not null and (t.created_at <= $2 or t.last_error like '%NOT_ENOUGH%')) \
    or (t.status = 'accepted' and t.created_at <= $2) \
    or (t.status in ('failed', 'cancelled') and exists (select 1 from transfer_line l \
      left join commission c on c.brand_id = l.brand_id and c.id = l.commission_id \
      left join compensation d on d.brand_id = l.brand_id and d.id = l.compensation_id \
      where l.brand_id = t.brand_id and l.transfer_id = t.id and (c.status = 'available' or d.status = 'owed') \
      and not exists (select 1 from transfer_line n where n.brand_id = l.brand_id and n.transfer_id > l.transfer_id \
        and (n.commission_id = l.commission_id or n.compensation_id = l.compensation_id)))))";

/// The oldest transfers that need a person, at most `limit`, and how many there are.
pub async fn stuck(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    now: DateTime<Utc>,
    limit: i32,
) -> Result<(Vec<transfer::Model>, i64)> {
    let backend = db.get_database_backend();
    let text = format!("select t.* from transfer t where {STUCK} order by t.id limit $3");
    let values = [brand_id.into(), (now - PATIENCE).into(), i64::from(limit).into()];
    let found = transfer::Entity::find().from_raw_sql(sql(backend, &text, values)).all(db).await?;
    let text = format!("select count(*) as count from transfer t where {STUCK}");
    let row = db.query_one_raw(sql(backend, &text, [brand_id.into(), (now - PATIENCE).into()])).await?;
    let row = row.ok_or_else(|| anyhow::anyhow!("a count returned no row"))?;
    Ok((found, row.try_get("", "count")?))
}
