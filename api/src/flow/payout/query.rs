//! Reads, brand first.

use entity::commission::{self, CommissionStatus};
use entity::compensation;
use entity::member::{self, MemberStatus};
use entity::transfer::{self, TransferStatus};
use entity::{factory_account, factory_payment, transfer_line};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Select, Statement, Value,
};
use uuid::Uuid;

use super::rules::refusal;
use crate::base::db::{columns, placeholders, sql};
use crate::error::{Error, Result};
use crate::people::actor::Actor;

/// The brand's commissions, of one KOC or in some states when given.
pub fn commissions(
    brand_id: Uuid,
    member_id: Option<Uuid>,
    status: Option<Vec<CommissionStatus>>,
) -> Select<commission::Entity> {
    use commission::Column;
    let mut found = commission::Entity::find().filter(Column::BrandId.eq(brand_id));
    if let Some(member_id) = member_id {
        found = found.filter(Column::MemberId.eq(member_id));
    }
    if let Some(status) = status {
        found = found.filter(Column::Status.is_in(status));
    }
    found
}

pub async fn commission(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<commission::Model> {
    commission::Entity::find_by_id((brand_id, id)).one(db).await?.ok_or_else(|| Error::not_found("commission"))
}

/// What was earned with an order.
pub async fn commission_of(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    order_id: Uuid,
) -> Result<Option<commission::Model>> {
    Ok(commissions(brand_id, None, None).filter(commission::Column::OrderId.eq(order_id)).one(db).await?)
}

/// What could be paid to a KOC now, oldest first; what was paid too much among it. Nothing of which a part is on its
/// way: how that ends decides what is open.
pub async fn payable(db: &impl ConnectionTrait, brand_id: Uuid, member_id: Uuid) -> Result<Vec<commission::Model>> {
    let status = vec![CommissionStatus::Available, CommissionStatus::Owing];
    let found = commissions(brand_id, Some(member_id), Some(status))
        .filter(commission::Column::MaturedAt.is_not_null())
        .order_by_asc(commission::Column::Id);
    Ok(found.all(db).await?)
}

/// KOCs to whom `min` fen or more could be paid now, and how much.
pub async fn payees(db: &impl ConnectionTrait, brand_id: Uuid, min: i64) -> Result<Vec<(Uuid, i64)>> {
    let statement = sql(
        db.get_database_backend(),
        "select c.member_id, cast(sum(c.amount - c.reversed - c.paying - c.paid) as bigint) as open from commission c \
         join member m on m.brand_id = c.brand_id and m.id = c.member_id and m.status <> 'deleted' \
         where c.brand_id = $1 and c.status in ('available', 'owing') and c.matured_at is not null \
         group by c.member_id having sum(c.amount - c.reversed - c.paying - c.paid) >= $2 order by c.member_id",
        [brand_id.into(), min.into()],
    );
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((row.try_get("", "member_id")?, row.try_get("", "open")?))).collect()
}

/// Fen of an order that were paid and are not back with the buyer.
pub async fn money_left(db: &impl ConnectionTrait, brand_id: Uuid, order_id: Uuid) -> Result<i64> {
    let statement = sql(
        db.get_database_backend(),
        "select cast(coalesce(sum(a.amount - (select coalesce(sum(r.amount), 0) from refund r \
         where r.brand_id = a.brand_id and r.attempt_id = a.id and r.status = 'succeeded')), 0) as bigint) as fen \
         from payment_attempt a where a.brand_id = $1 and a.order_id = $2 and a.settles",
        [brand_id.into(), order_id.into()],
    );
    let row = db.query_one_raw(statement).await?.ok_or_else(|| anyhow::anyhow!("a sum returned no row"))?;
    Ok(row.try_get("", "fen")?)
}

/// Who is to be paid; refused when no transfer reaches her any more.
pub async fn payee(db: &impl ConnectionTrait, brand_id: Uuid, member_id: Uuid) -> Result<member::Model> {
    let member = member::Entity::find_by_id((brand_id, member_id)).one(db).await?;
    let member = member.ok_or_else(|| Error::not_found("member"))?;
    if member.status == MemberStatus::Deleted { Err(refusal::account_closed().into()) } else { Ok(member) }
}

/// The brand's transfers, to one member or in some states when given.
pub fn transfers(
    brand_id: Uuid,
    member_id: Option<Uuid>,
    status: Option<Vec<TransferStatus>>,
) -> Select<transfer::Entity> {
    use transfer::Column;
    let mut found = transfer::Entity::find().filter(Column::BrandId.eq(brand_id));
    if let Some(member_id) = member_id {
        found = found.filter(Column::MemberId.eq(member_id));
    }
    if let Some(status) = status {
        found = found.filter(Column::Status.is_in(status));
    }
    found
}

pub async fn transfer(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<transfer::Model> {
    transfer::Entity::find_by_id((brand_id, id)).one(db).await?.ok_or_else(|| Error::not_found("transfer"))
}

pub async fn transfer_by_number(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    out_bill_no: &str,
) -> Result<Option<transfer::Model>> {
    Ok(transfers(brand_id, None, None).filter(transfer::Column::OutBillNo.eq(out_bill_no)).one(db).await?)
}

/// Transfers that were started together, in the order they were written.
pub async fn payout(db: &impl ConnectionTrait, brand_id: Uuid, payout_id: Uuid) -> Result<Vec<transfer::Model>> {
    let found = transfers(brand_id, None, None)
        .filter(transfer::Column::PayoutId.eq(payout_id))
        .order_by_asc(transfer::Column::Id);
    Ok(found.all(db).await?)
}

/// What a transfer pays.
pub async fn lines(db: &impl ConnectionTrait, brand_id: Uuid, transfer_id: Uuid) -> Result<Vec<transfer_line::Model>> {
    let found = transfer_line::Entity::find()
        .filter(transfer_line::Column::BrandId.eq(brand_id))
        .filter(transfer_line::Column::TransferId.eq(transfer_id))
        .order_by_asc(transfer_line::Column::Position);
    Ok(found.all(db).await?)
}

pub async fn compensation(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<compensation::Model> {
    compensation::Entity::find_by_id((brand_id, id)).one(db).await?.ok_or_else(|| Error::not_found("compensation"))
}

/// What a buyer is owed beyond her money and is not being paid, oldest first.
pub async fn owed_to(db: &impl ConnectionTrait, brand_id: Uuid, member_id: Uuid) -> Result<Vec<compensation::Model>> {
    let text = "select d.* from compensation d join orders o on o.brand_id = d.brand_id and o.id = d.order_id \
                where d.brand_id = $1 and o.member_id = $2 and d.status = 'owed' order by d.id";
    let statement = sql(db.get_database_backend(), text, [brand_id.into(), member_id.into()]);
    Ok(compensation::Entity::find().from_raw_sql(statement).all(db).await?)
}

/// Fen of a compensation that are on their way, and fen that arrived.
pub async fn progress(db: &impl ConnectionTrait, brand_id: Uuid, compensation_id: Uuid) -> Result<(i64, i64)> {
    let statement = sql(
        db.get_database_backend(),
        "select cast(coalesce(sum(case when t.status in ('succeeded', 'failed', 'cancelled') then 0 else l.amount end), 0) as bigint) as paying, \
         cast(coalesce(sum(case when t.status = 'succeeded' then l.amount else 0 end), 0) as bigint) as paid \
         from transfer_line l join transfer t on t.brand_id = l.brand_id and t.id = l.transfer_id \
         where l.brand_id = $1 and l.compensation_id = $2",
        [brand_id.into(), compensation_id.into()],
    );
    let row = db.query_one_raw(statement).await?.ok_or_else(|| anyhow::anyhow!("a sum returned no row"))?;
    Ok((row.try_get("", "paying")?, row.try_get("", "paid")?))
}

/// What the brand owes a factory, all in all; `NOT_FOUND` when it never owed it anything.
pub async fn factory_account(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    factory_id: Uuid,
) -> Result<factory_account::Model> {
    let found = factory_account::Entity::find_by_id((brand_id, factory_id)).one(db).await?;
    found.ok_or_else(|| Error::not_found("factory with accepted work"))
}

/// Factories the brand owes something, those it owes most first.
pub async fn factories_owed(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    limit: u64,
) -> Result<Vec<factory_account::Model>> {
    use factory_account::Column;
    let found = factory_account::Entity::find()
        .filter(Column::BrandId.eq(brand_id))
        .filter(Expr::col(Column::Accrued).gt(Expr::col(Column::Paid)))
        .order_by_desc(Expr::col(Column::Accrued).sub(Expr::col(Column::Paid)))
        .order_by_asc(Column::FactoryId);
    Ok(sea_orm::QuerySelect::limit(found, limit).all(db).await?)
}

pub async fn factory_payment(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<factory_payment::Model> {
    let found = factory_payment::Entity::find_by_id((brand_id, id)).one(db).await?;
    found.ok_or_else(|| Error::not_found("factory payment"))
}

/// Transfers of `ids` that are the caller's own, or any of the brand for its finance people.
pub async fn transfers_among(db: &impl ConnectionTrait, actor: &Actor, ids: &[Uuid]) -> Result<Vec<transfer::Model>> {
    let Some((brand_id, member_id)) = scope(actor) else { return Ok(Vec::new()) };
    let found = transfers(brand_id, member_id, None).filter(transfer::Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(db).await?)
}

/// Commissions of `ids` that are the caller's own, or any of the brand for its finance people.
pub async fn commissions_among(
    db: &impl ConnectionTrait,
    actor: &Actor,
    ids: &[Uuid],
) -> Result<Vec<commission::Model>> {
    let Some((brand_id, member_id)) = scope(actor) else { return Ok(Vec::new()) };
    let found = commissions(brand_id, member_id, None).filter(commission::Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(db).await?)
}

/// Payments to factories of `ids`, each with its currency, for the brand's finance people.
pub async fn factory_payments_among(
    db: &impl ConnectionTrait,
    actor: &Actor,
    ids: &[Uuid],
) -> Result<Vec<(factory_payment::Model, String)>> {
    let Some((brand_id, None)) = scope(actor) else { return Ok(Vec::new()) };
    let mut values: Vec<Value> = vec![brand_id.into()];
    let text = format!(
        "select {}, a.currency from factory_payment p \
         join factory_account a on a.brand_id = p.brand_id and a.factory_id = p.factory_id \
         where p.brand_id = $1 and p.id in ({})",
        columns::<factory_payment::Entity>("p", "p_"),
        placeholders(&mut values, ids.iter().copied())
    );
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), text, values)).await?;
    rows.iter()
        .map(|row| Ok((factory_payment::Model::from_query_result(row, "p_")?, row.try_get("", "currency")?)))
        .collect()
}

/// Whose payouts someone may see: her own, or everybody's of the brand.
fn scope(actor: &Actor) -> Option<(Uuid, Option<Uuid>)> {
    match actor {
        Actor::Member(me) => Some((me.brand_id, Some(me.id))),
        other => Some((other.staff(&[entity::staff::StaffRole::Finance]).ok()?.brand_id, None)),
    }
}
