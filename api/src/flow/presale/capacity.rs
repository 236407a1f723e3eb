//! Pieces of SKUs and the per-member limit: the only place that counts them.
//!
//! Every function is a series of conditional updates, members before SKUs and SKUs in order of id,
//! so that two transactions seldom wait for each other crosswise.

use std::collections::BTreeMap;

use entity::presale_sku::{self, Column};
use entity::{presale, presale_buyer};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, UpdateMany};
use uuid::Uuid;

use super::{query, rules};
use crate::base::db::sql;
use crate::base::tx::Tx;
use crate::error::{Code, Detail, Error, Refusal, Result};

/// Pieces by SKU id.
pub type Pieces = BTreeMap<Uuid, i32>;

/// How a piece is bound to a buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// By an unpaid order inside its hold.
    Held,
    /// By payment.
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

/// Puts pieces on hold for a member: within her limit, the SKUs' capacity, and while they sell.
/// Two statements for an order of one SKU.
pub async fn hold(tx: &Tx, presale: &presale::Model, member_id: Uuid, pieces: &Pieces) -> Result<()> {
    let total: i64 = pieces.values().map(|n| i64::from(*n)).sum();
    take_of_limit(tx, presale, member_id, total).await?;
    for (sku_id, n) in pieces {
        let taken = sku(tx, presale.id, *sku_id)
            .col_expr(Column::Held, Expr::col(Column::Held).add(*n))
            .filter(Column::Selling.eq(true))
            .filter(fits(*n))
            .exec(tx.conn())
            .await?;
        if taken.rows_affected == 0 {
            let sku = sku_in(tx, presale.id, *sku_id).await?;
            return Err(if sku.selling { sold_out(&sku) } else { rules::not_selling(presale) }.into());
        }
    }
    Ok(())
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

async fn take_of_limit(tx: &Tx, presale: &presale::Model, member_id: Uuid, pieces: i64) -> Result<()> {
    let statement = sql(
        tx.conn().get_database_backend(),
        "insert into presale_buyer (brand_id, presale_id, member_id, pieces) select $1, $2, $3, $4 where $4 <= $5 \
         on conflict (brand_id, presale_id, member_id) do update set pieces = presale_buyer.pieces + excluded.pieces \
         where presale_buyer.pieces + excluded.pieces <= $5",
        [
            tx.brand_id().into(),
            presale.id.into(),
            member_id.into(),
            i32::try_from(pieces).unwrap_or(i32::MAX).into(),
            presale.member_limit.into(),
        ],
    );
    if tx.conn().execute_raw(statement).await?.rows_affected() == 1 {
        return Ok(());
    }
    let limit = presale.member_limit;
    Err(Refusal::new(
        Code::LimitReached,
        format!("Each member may order at most {limit} pieces of “{}”, open orders included.", presale.title),
        format!("“{}”每位会员限购 {limit} 件（含未支付的订单）。", presale.title),
    )
    .detail(Detail::LimitReached { limit })
    .into())
}

async fn sku_in(tx: &Tx, presale_id: Uuid, sku_id: Uuid) -> Result<presale_sku::Model> {
    let sku = query::find_sku(tx.conn(), tx.brand_id(), sku_id).await?;
    if sku.presale_id == presale_id { Ok(sku) } else { Err(Error::not_found("SKU")) }
}

fn sold_out(sku: &presale_sku::Model) -> Refusal {
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
