//! Reads, brand first.

use chrono::{DateTime, Utc};
use entity::payment_attempt::{self, PaymentAttemptStatus};
use entity::payment_leg::PaymentLegKind;
use entity::refund::{self, RefundStatus};
use entity::staff::StaffRole;
use entity::{compensation, payment_leg};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use super::ledger::rules::Held;
use crate::base::db::sql;
use crate::error::{Error, Result};
use crate::flow::order::query as orders;
use crate::people::actor::Actor;

/// Attempts that WeChat may still let be paid.
pub const OPEN: [PaymentAttemptStatus; 2] = [PaymentAttemptStatus::Created, PaymentAttemptStatus::Prepaid];

pub async fn attempt(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<payment_attempt::Model> {
    let found = payment_attempt::Entity::find_by_id((brand_id, id)).one(db).await?;
    found.ok_or_else(|| Error::not_found("payment"))
}

pub async fn leg(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<payment_leg::Model> {
    let found = payment_leg::Entity::find_by_id((brand_id, id)).one(db).await?;
    found.ok_or_else(|| Error::not_found("amount due"))
}

pub async fn attempt_by_number(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    out_trade_no: &str,
) -> Result<Option<payment_attempt::Model>> {
    let found = payment_attempt::Entity::find()
        .filter(payment_attempt::Column::BrandId.eq(brand_id))
        .filter(payment_attempt::Column::OutTradeNo.eq(out_trade_no));
    Ok(found.one(db).await?)
}

/// The order's attempts that may still be paid; at most one a leg.
pub async fn open_attempts(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    order_id: Uuid,
) -> Result<Vec<payment_attempt::Model>> {
    let found = payment_attempt::Entity::find()
        .filter(payment_attempt::Column::BrandId.eq(brand_id))
        .filter(payment_attempt::Column::OrderId.eq(order_id))
        .filter(payment_attempt::Column::Status.is_in(OPEN))
        .order_by_asc(payment_attempt::Column::Id);
    Ok(found.all(db).await?)
}

/// The attempts that settled the order's legs, the first leg's first.
pub async fn settling_attempts(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    order_id: Uuid,
) -> Result<Vec<payment_attempt::Model>> {
    let found = payment_attempt::Entity::find()
        .filter(payment_attempt::Column::BrandId.eq(brand_id))
        .filter(payment_attempt::Column::OrderId.eq(order_id))
        .filter(payment_attempt::Column::Settles.eq(true))
        .order_by_asc(payment_attempt::Column::Id);
    Ok(found.all(db).await?)
}

/// Where the money of an attempt is.
#[derive(Clone, Debug)]
pub struct Standing {
    pub held: Held,
    pub currency: String,
}

/// Where the money of a paid attempt is in the books. It holds while the order's row is held.
pub async fn standing(db: &impl ConnectionTrait, brand_id: Uuid, attempt_id: Uuid) -> Result<Standing> {
    let statement = sql(
        db.get_database_backend(),
        "select o.currency, o.received_at, g.kind, a.settles, (select count(*) from payment_leg b \
         where b.brand_id = g.brand_id and b.order_id = g.order_id and b.kind = 'balance' and b.status = 'paid') as balances \
         from payment_attempt a join payment_leg g on g.brand_id = a.brand_id and g.id = a.leg_id \
         join orders o on o.brand_id = a.brand_id and o.id = a.order_id where a.brand_id = $1 and a.id = $2",
        [brand_id.into(), attempt_id.into()],
    );
    let row = db.query_one_raw(statement).await?.ok_or_else(|| Error::not_found("payment"))?;
    let kind: PaymentLegKind = row.try_get("", "kind")?;
    let received = row.try_get::<Option<DateTime<Utc>>>("", "received_at")?.is_some();
    let balance_paid = row.try_get::<i64>("", "balances")? > 0;
    let held = Held::of_attempt(row.try_get("", "settles")?, kind, balance_paid, received);
    Ok(Standing { held, currency: row.try_get("", "currency")? })
}

/// Fen of an order's deposit that are paid and not on their way back.
pub async fn deposit_left(db: &impl ConnectionTrait, brand_id: Uuid, order_id: Uuid) -> Result<i64> {
    let statement = sql(
        db.get_database_backend(),
        "select cast(coalesce(sum(a.amount - a.refunded), 0) as bigint) as fen from payment_attempt a \
         join payment_leg g on g.brand_id = a.brand_id and g.id = a.leg_id \
         where a.brand_id = $1 and a.order_id = $2 and a.settles and g.kind = 'deposit'",
        [brand_id.into(), order_id.into()],
    );
    let row = db.query_one_raw(statement).await?.ok_or_else(|| anyhow::anyhow!("a sum returned no row"))?;
    Ok(row.try_get("", "fen")?)
}

/// Pieces of an order line that are paid, not refunded, and being made nowhere.
#[derive(Clone, Debug)]
pub struct Missing {
    pub order_line_id: Uuid,
    pub sku_id: Uuid,
    pub pieces: i32,
}

/// Pieces of an order line `l` that are still wanted and that no batch has. Live allocations are read as rows, since
/// this stage comes before the one that writes them.
const MISSING: &str = "l.quantity - l.refunded - (select count(*) from allocation a \
    where a.brand_id = l.brand_id and a.order_line_id = l.id and a.status = 'live')";

/// At most `limit` orders of a presale, after `after`, of which pieces are missing that no batch has.
pub async fn some_missing(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    presale_id: Uuid,
    after: Uuid,
    limit: u64,
) -> Result<Vec<Uuid>> {
    let statement = sql(
        db.get_database_backend(),
        &format!(
            "select o.id from orders o where o.brand_id = $1 and o.presale_id = $2 and o.id > $3 \
             and o.status in ('in_batch', 'shipped', 'received') and exists (select 1 from order_line l \
             where l.brand_id = o.brand_id and l.order_id = o.id and {MISSING} > 0) order by o.id limit $4"
        ),
        [brand_id.into(), presale_id.into(), after.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()],
    );
    let rows = db.query_all_raw(statement).await?;
    Ok(rows.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?)
}

/// What is missing of an order in production, by line.
pub async fn missing_pieces(db: &impl ConnectionTrait, brand_id: Uuid, order_id: Uuid) -> Result<Vec<Missing>> {
    let statement = sql(
        db.get_database_backend(),
        &format!(
            "select l.id, l.sku_id, cast({MISSING} as integer) as pieces from order_line l \
             where l.brand_id = $1 and l.order_id = $2 order by l.position"
        ),
        [brand_id.into(), order_id.into()],
    );
    let mut missing = Vec::new();
    for row in db.query_all_raw(statement).await? {
        let line = Missing {
            order_line_id: row.try_get("", "id")?,
            sku_id: row.try_get("", "sku_id")?,
            pieces: row.try_get("", "pieces")?,
        };
        if line.pieces > 0 {
            missing.push(line);
        }
    }
    Ok(missing)
}

pub async fn refund(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<refund::Model> {
    refund::Entity::find_by_id((brand_id, id)).one(db).await?.ok_or_else(|| Error::not_found("refund"))
}

/// Whether a refund that WeChat closed was sent once more.
pub async fn is_replaced(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<bool> {
    let found =
        refund::Entity::find().filter(refund::Column::BrandId.eq(brand_id)).filter(refund::Column::Replaces.eq(id));
    Ok(found.one(db).await?.is_some())
}

pub async fn refund_by_number(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    out_refund_no: &str,
) -> Result<Option<refund::Model>> {
    let found = refund::Entity::find()
        .filter(refund::Column::BrandId.eq(brand_id))
        .filter(refund::Column::OutRefundNo.eq(out_refund_no));
    Ok(found.one(db).await?)
}

/// The order whose payment or refund has this number at WeChat.
pub async fn order_of_number(db: &impl ConnectionTrait, brand_id: Uuid, number: Option<&str>) -> Result<Option<Uuid>> {
    let Some(number) = number else { return Ok(None) };
    if let Some(attempt) = attempt_by_number(db, brand_id, number).await? {
        return Ok(Some(attempt.order_id));
    }
    Ok(refund_by_number(db, brand_id, number).await?.map(|refund| refund.order_id))
}

/// Whether some of what settled the order is not back with the buyer yet.
pub async fn owes_money_back(db: &impl ConnectionTrait, brand_id: Uuid, order_id: Uuid) -> Result<bool> {
    let statement = sql(
        db.get_database_backend(),
        "select count(*) as owing from payment_attempt a where a.brand_id = $1 and a.order_id = $2 and a.settles \
         and a.amount > (select coalesce(sum(r.amount), 0) from refund r \
         where r.brand_id = a.brand_id and r.attempt_id = a.id and r.status = 'succeeded')",
        [brand_id.into(), order_id.into()],
    );
    let row = db.query_one_raw(statement).await?.ok_or_else(|| anyhow::anyhow!("a count returned no row"))?;
    Ok(row.try_get::<i64>("", "owing")? > 0)
}

/// What the brand owes beyond refunds.
pub fn compensations(brand_id: Uuid) -> Select<compensation::Entity> {
    compensation::Entity::find().filter(compensation::Column::BrandId.eq(brand_id))
}

/// Those of `ids` for the brand's finance people; none for others.
pub async fn compensations_among(
    db: &impl ConnectionTrait,
    actor: &Actor,
    ids: &[Uuid],
) -> Result<Vec<compensation::Model>> {
    let Ok(staff) = actor.staff(&[StaffRole::Finance]) else { return Ok(Vec::new()) };
    let found = compensations(staff.brand_id).filter(compensation::Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(db).await?)
}

/// The brand's refunds, of one order or in some states when given.
pub fn refunds(brand_id: Uuid, order_id: Option<Uuid>, status: Option<Vec<RefundStatus>>) -> Select<refund::Entity> {
    let mut found = refund::Entity::find().filter(refund::Column::BrandId.eq(brand_id));
    if let Some(order_id) = order_id {
        found = found.filter(refund::Column::OrderId.eq(order_id));
    }
    if let Some(status) = status {
        found = found.filter(refund::Column::Status.is_in(status));
    }
    found
}

/// Those of `ids` that are of an order which `actor` may see.
pub async fn refunds_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<refund::Model>> {
    let (Ok(brand_id), Ok(visible)) = (actor.brand_id(), orders::visible_to(actor)) else { return Ok(Vec::new()) };
    let orders = QueryTrait::into_query(visible.select_only().column(entity::order::Column::Id));
    let found = refunds(brand_id, None, None)
        .filter(refund::Column::Id.is_in(ids.iter().copied()))
        .filter(refund::Column::OrderId.in_subquery(orders));
    Ok(found.all(db).await?)
}
