//! What people do to money by hand leaves a row: who, what, when and why.

use entity::audit::{self, AuditAction, Column};
use entity::refund;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select, Set};
use uuid::Uuid;

use crate::base::id::RefundId;
use crate::base::tx::{By, Tx};
use crate::error::Result;

/// Longest reason, in characters.
pub const MAX_WHY: usize = 500;

/// What was done.
pub struct Deed<'a> {
    pub action: AuditAction,
    /// Public id of what it was done to.
    pub subject: String,
    pub order_id: Option<Uuid>,
    /// Fen it is about.
    pub amount: Option<i64>,
    pub why: Option<&'a str>,
}

impl<'a> Deed<'a> {
    pub fn on_refund(action: AuditAction, refund: &refund::Model, why: Option<&'a str>) -> Self {
        let subject = RefundId::new(refund.id).to_string();
        Deed { action, subject, order_id: Some(refund.order_id), amount: Some(refund.amount), why }
    }
}

/// Writes it down, in the transaction that does it.
pub async fn note(tx: &Tx, by: By, deed: Deed<'_>) -> Result<()> {
    let row = audit::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(tx.new_id()),
        action: Set(deed.action),
        subject: Set(deed.subject),
        order_id: Set(deed.order_id),
        amount: Set(deed.amount),
        why: Set(deed.why.map(str::to_owned)),
        actor_kind: Set(by.kind),
        actor_id: Set(by.id),
        created_at: Set(tx.now()),
    };
    audit::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Everything of the brand.
pub fn trail(brand_id: Uuid) -> Select<audit::Entity> {
    audit::Entity::find().filter(Column::BrandId.eq(brand_id))
}
