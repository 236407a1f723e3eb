//! Telling WeChat that the goods of a payment come later than it allows by itself.
//!
//! ```text
//! declaration  pending → declared | refused ; refunded when the money went back first
//! ```
//!
//! A deposit and its balance are two payments: each is declared when its own wait is longer than fifteen days.
//! Paying writes nothing more for it: that it was paid is an event already, and what it calls for is worked
//! out from that. The row is written before WeChat is called, and the call is repeated, with growing pauses, until
//! WeChat knows the payment and has taken the date, or says that it never will: then a person looks at it.

mod begin;
mod retry;
pub mod rules;
mod send;

use entity::presale_declaration::{Column, Entity, Model};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

pub use begin::begin;
pub use retry::retry;
pub(super) use send::send;

use crate::error::Result;

/// Declares a payment; the subject is the attempt.
pub const DECLARE: &str = "payment.declare";

/// What was declared of an order's payments, the first payment first.
pub async fn of_order(db: &impl ConnectionTrait, brand_id: Uuid, order_id: Uuid) -> Result<Vec<Model>> {
    let found = Entity::find()
        .filter(Column::BrandId.eq(brand_id))
        .filter(Column::OrderId.eq(order_id))
        .order_by_asc(Column::AttemptId);
    Ok(found.all(db).await?)
}
