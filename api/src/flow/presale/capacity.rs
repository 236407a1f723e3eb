//! Pieces of SKUs and the per-member limit: the only place that counts them.
//!
//! Every function is a series of conditional updates, members before SKUs and SKUs in order of id,
//! so that two transactions seldom wait for each other crosswise.

use std::collections::BTreeMap;

use entity::presale_buyer;
use entity::presale_sku::{self, Column};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, UpdateMany, Value};
use serde_json::json;
use uuid::Uuid;

use super::query;
use super::shelf::Shelf;
use crate::base::db::sql;
use crate::base::rows::{Kind, rows};
use crate::base::tx::Tx;
use crate::error::{Code, Detail, Error, Fault, Refusal, Result};

/// Pieces by SKU id.
pub type Pieces = BTreeMap<Uuid, i32>;

/// How a piece is bound to a buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// By an unpaid order inside its hold.
    Held,
    /// By payment, of all of it or of the first part.
    Paid,
}

impl Bound {
    fn column(self) -> Column {
        match self {
            Bound::Held => Column::Held,
            Bound::Paid => Column::Paid,
        }
    }
}

/// Puts on hold what `shelf` gave away. Someone else was faster ([`is_lost`]) when the SKUs or limits do
/// not allow it any more: read and decide again. Two statements; the hot rows come last.
pub async fn hold(tx: &Tx, shelf: &Shelf) -> Result<()> {
    let (presale, members, skus) = (&shelf.presale, &shelf.by_member, &shelf.by_sku);
    let backend = tx.conn().get_database_backend();
    let values = [tx.brand_id().into(), presale.id.into(), json_of(members).into(), presale.member_limit.into()];
    let counted = tx.conn().execute_raw(sql(backend, &take_of_limits(backend), values)).await?;
    all(counted.rows_affected(), members.len())?;
    let values = [tx.brand_id().into(), presale.id.into(), json_of(skus).into()];
    let taken = tx.conn().execute_raw(sql(backend, &take_of_skus(backend), values)).await?;
    all(taken.rows_affected(), skus.len())
}

/// Makes the other buyers of these SKUs and these members' other requests wait until the transaction
/// ends, so that what is read next stays true. For those who lost against them before. Two statements.
pub async fn queue_up(tx: &Tx, presale_id: Uuid, members: &Pieces, skus: &Pieces) -> Result<()> {
    let backend = tx.conn().get_database_backend();
    let none = |pieces: &Pieces| json_of(&pieces.keys().map(|id| (*id, 0)).collect());
    let unlimited: Value = i32::MAX.into();
    let values = [tx.brand_id().into(), presale_id.into(), none(members).into(), unlimited];
    tx.conn().execute_raw(sql(backend, &take_of_limits(backend), values)).await?;
    let values = [tx.brand_id().into(), presale_id.into(), none(skus).into()];
    tx.conn().execute_raw(sql(backend, &take_of_skus(backend), values)).await?;
    Ok(())
}

fn take_of_limits(backend: DbBackend) -> String {
    let pieces = rows(backend, 3, &[("id", Kind::Uuid), ("n", Kind::Int)]);
    format!(
        "insert into presale_buyer (brand_id, presale_id, member_id, pieces) \
         select $1, $2, v.id, v.n from {pieces} where v.n <= $4 order by v.id \
         on conflict (brand_id, presale_id, member_id) do update set pieces = presale_buyer.pieces + excluded.pieces \
         where presale_buyer.pieces + excluded.pieces <= $4"
    )
}

/// PostgreSQL locks rows in the order it happens to find them, so they are taken by id first; SQLite
/// has one writer.
fn take_of_skus(backend: DbBackend) -> String {
    let pieces = rows(backend, 3, &[("id", Kind::Uuid), ("n", Kind::Int)]);
    let fits = "t.brand_id = $1 and t.presale_id = $2 and t.id = v.id and t.selling and t.held + t.paid + v.n <= t.cap";
    match backend {
        DbBackend::Postgres => format!(
            "with v as (select v.id, v.n from {pieces}), \
             mine as (select s.id from presale_sku s where s.brand_id = $1 and s.presale_id = $2 \
             and s.id in (select v.id from v) order by s.id for no key update) \
             update presale_sku t set held = t.held + v.n from mine join v on v.id = mine.id where {fits}"
        ),
        _ => format!("update presale_sku as t set held = t.held + v.n from {pieces} where {fits}"),
    }
}

fn json_of(pieces: &Pieces) -> serde_json::Value {
    pieces.iter().map(|(id, n)| json!({ "id": id, "n": n })).collect()
}

fn all(rows: u64, wanted: usize) -> Result<()> {
    if rows == wanted as u64 { Ok(()) } else { Err(lost()) }
}

/// What undoes a transaction whose decision is no longer true.
pub fn lost() -> Error {
    DbErr::RecordNotUpdated.into()
}

/// Whether a transaction was undone because someone else was faster.
pub fn is_lost(error: &Error) -> bool {
    matches!(error, Error::Fault(Fault::Database(DbErr::RecordNotUpdated)))
}

/// What was held is paid.
pub async fn settle(tx: &Tx, presale_id: Uuid, pieces: &Pieces) -> Result<()> {
    for (sku_id, n) in pieces {
        let settled = sku(tx, presale_id, *sku_id)
            .col_expr(Column::Held, Expr::col(Column::Held).sub(*n))
            .col_expr(Column::Paid, Expr::col(Column::Paid).add(*n))
            .filter(Column::Held.gte(*n))
            .exec(tx.conn())
            .await?;
        exactly_one(settled.rows_affected, *sku_id)?;
    }
    Ok(())
}

/// Gives pieces back that were held or paid, to the SKUs and to the member's limit.
pub async fn give_back(tx: &Tx, presale_id: Uuid, member_id: Uuid, bound: Bound, pieces: &Pieces) -> Result<()> {
    let total: i32 = pieces.values().sum();
    let counted = presale_buyer::Entity::update_many()
        .col_expr(presale_buyer::Column::Pieces, Expr::col(presale_buyer::Column::Pieces).sub(total))
        .filter(presale_buyer::Column::BrandId.eq(tx.brand_id()))
        .filter(presale_buyer::Column::PresaleId.eq(presale_id))
        .filter(presale_buyer::Column::MemberId.eq(member_id))
        .filter(presale_buyer::Column::Pieces.gte(total))
        .exec(tx.conn())
        .await?;
    exactly_one(counted.rows_affected, member_id)?;
    for (sku_id, n) in pieces {
        put_back(tx, presale_id, bound, *sku_id, *n).await?;
    }
    Ok(())
}

/// Moves pieces between SKUs of one presale: `change` is what each gains (or loses, below zero) and
/// sums to zero. Gains come first, so a full SKU refuses before anything is given up.
pub async fn shift(tx: &Tx, presale_id: Uuid, bound: Bound, change: &Pieces) -> Result<()> {
    for (sku_id, n) in change.iter().filter(|(_, n)| **n > 0) {
        let taken = sku(tx, presale_id, *sku_id)
            .col_expr(bound.column(), Expr::col(bound.column()).add(*n))
            .filter(fits(*n))
            .exec(tx.conn())
            .await?;
        if taken.rows_affected == 0 {
            return Err(sold_out(&sku_in(tx, presale_id, *sku_id).await?).into());
        }
    }
    for (sku_id, n) in change.iter().filter(|(_, n)| **n < 0) {
        put_back(tx, presale_id, bound, *sku_id, -n).await?;
    }
    Ok(())
}

async fn put_back(tx: &Tx, presale_id: Uuid, bound: Bound, sku_id: Uuid, n: i32) -> Result<()> {
    let column = bound.column();
    let back = sku(tx, presale_id, sku_id)
        .col_expr(column, Expr::col(column).sub(n))
        .filter(column.gte(n))
        .exec(tx.conn())
        .await?;
    exactly_one(back.rows_affected, sku_id)
}

fn sku(tx: &Tx, presale_id: Uuid, sku_id: Uuid) -> UpdateMany<presale_sku::Entity> {
    presale_sku::Entity::update_many()
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(sku_id))
        .filter(Column::PresaleId.eq(presale_id))
}

/// `held + paid + n <= cap`.
fn fits(n: i32) -> Expr {
    Expr::col(Column::Held).add(Expr::col(Column::Paid)).add(n).lte(Expr::col(Column::Cap))
}

async fn sku_in(tx: &Tx, presale_id: Uuid, sku_id: Uuid) -> Result<presale_sku::Model> {
    let sku = query::find_sku(tx.conn(), tx.brand_id(), sku_id).await?;
    if sku.presale_id == presale_id { Ok(sku) } else { Err(Error::not_found("SKU")) }
}

pub(super) fn sold_out(sku: &presale_sku::Model) -> Refusal {
    let remaining = sku.cap - sku.held - sku.paid;
    let (color, size) = (&sku.color, &sku.size);
    Refusal::new(
        Code::SoldOut,
        format!("Only {remaining} left of {color} / {size}; take fewer, another size, or come back when holds lapse."),
        format!("{color} / {size} 仅剩 {remaining} 件，请减少数量、换个尺码，或稍后再试。"),
    )
    .detail(Detail::SoldOut { sku_id: sku.id, remaining })
}

/// Pieces of a SKU that could be ordered now; none while it is not selling.
pub fn remaining(sku: &presale_sku::Model) -> i32 {
    if sku.selling { sku.cap - sku.held - sku.paid } else { 0 }
}

fn exactly_one(rows: u64, what: Uuid) -> Result<()> {
    if rows == 1 {
        return Ok(());
    }
    Err(anyhow::anyhow!("the pieces counted for {what} do not cover what is given back").into())
}
