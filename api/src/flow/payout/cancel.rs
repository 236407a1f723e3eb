//! Finance staff take a transfer back that nobody has confirmed.

use entity::audit::AuditAction;
use entity::staff::StaffRole;
use entity::transfer::{self, Column};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::rules::{self, refusal};
use super::{DRIVE, query};
use crate::app::App;
use crate::base::id::TransferId;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::error::Result;
use crate::flow::payment::audit;
use crate::people::actor::Actor;

/// Asks for it back. WeChat is told after the commit; when the member was faster, it goes on.
pub async fn cancel(app: &App, actor: &Actor, key: &str, id: Uuid, why: Option<&str>) -> Result<Done<transfer::Model>> {
    let staff = actor.staff(&[StaffRole::Finance])?;
    let brand_id = staff.brand_id;
    let why = &text::optional("why", why, audit::MAX_WHY)?;
    let once = &Once::new(staff.id, "cancelTransfer", key, &(id, why))?;
    app.write(brand_id, |tx| async move {
        let found = query::transfer(tx.conn(), brand_id, id).await?;
        if once.begin(&tx, &id).await?.is_some() {
            return Ok(Done::replay(found));
        }
        let asked = transfer::Entity::update_many()
            .col_expr(Column::CancelRequestedAt, Expr::value(tx.now()))
            .filter(Column::BrandId.eq(brand_id))
            .filter(Column::Id.eq(id))
            .filter(Column::Status.eq(found.status))
            .filter(Column::CancelRequestedAt.is_null())
            .exec(tx.conn())
            .await?;
        if !rules::is_cancellable(found.status) || asked.rows_affected != 1 {
            let now = query::transfer(tx.conn(), brand_id, id).await?;
            return Err(refusal::not_cancellable(now.status, now.cancel_requested_at.is_some()).into());
        }
        tx.set_timer(DRIVE, id, tx.now()).await?;
        let deed = audit::Deed {
            action: AuditAction::TransferCancelled,
            subject: TransferId::new(id).to_string(),
            order_id: None,
            amount: Some(found.amount),
            why: why.as_deref(),
        };
        audit::note(&tx, actor.by(), deed).await?;
        Ok(Done::new(query::transfer(tx.conn(), brand_id, id).await?))
    })
    .await
}
