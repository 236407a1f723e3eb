//! Trying again by hand what is stuck.

use entity::order;
use entity::shipping_record::{Column, Entity, Model, ShippingRecordProblem, ShippingRecordStatus as Status};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{UPLOAD, note, query, rules};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::tx::Tx;
use crate::error::Result;
use crate::flow::delivery::policy;
use crate::flow::order::{lifecycle, query as orders};
use crate::flow::payment::{declare, query as payments};
use crate::people::actor::Actor;

/// Tells WeChat again, and at once, what it has not taken of an order: the shipping of its payments, and by when
/// their goods come.
pub async fn retry(app: &App, actor: &Actor, key: &str, order_id: Uuid) -> Result<Done<order::Model>> {
    let staff = policy::may_retry(actor)?;
    let brand_id = staff.brand_id;
    let once = &Once::new(staff.id, "retryShipping", key, &order_id)?;
    app.write(brand_id, |tx| async move {
        let order = orders::find(tx.conn(), brand_id, order_id).await?;
        if once.begin(&tx, &()).await?.is_some() {
            return Ok(Done::replay(order));
        }
        lifecycle::touch(&tx, &[order_id]).await?;
        let mut due = Vec::new();
        for record in query::of_order(tx.conn(), brand_id, order_id).await? {
            if order.settled_at.is_none() && is_stuck(&tx, &record).await? {
                again(&tx, &record).await?;
                due.push(record.attempt_id);
            }
        }
        if !due.is_empty() {
            tx.set_timers(UPLOAD, &due, tx.now()).await?;
            // What was given up was not kept up.
            note::bring_up(&tx, order_id).await?;
        }
        if declare::retry(&tx, order_id).await? + due.len() == 0 {
            return Err(rules::nothing_to_retry().into());
        }
        Ok(Done::new(order))
    })
    .await
}

/// Also what was given up for a refund that came to nothing.
async fn is_stuck(tx: &Tx, record: &Model) -> Result<bool> {
    Ok(match record.status {
        Status::Stuck => true,
        Status::Pending => record.last_error.is_some(),
        Status::Refunded => {
            let attempt = payments::attempt(tx.conn(), tx.brand_id(), record.attempt_id).await?;
            attempt.refunded < attempt.amount
        }
        Status::Uploaded | Status::Settled => false,
    })
}

async fn again(tx: &Tx, record: &Model) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Status, Expr::value(Status::Pending))
        .col_expr(Column::Problem, Expr::value(None::<ShippingRecordProblem>))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::Tries, Expr::value(0))
        .col_expr(Column::LastError, Expr::value(None::<String>))
        .col_expr(Column::ContentAt, Expr::value(rules::content_at(Some(record.content_at), tx.now())))
        .filter(Column::BrandId.eq(record.brand_id))
        .filter(Column::AttemptId.eq(record.attempt_id))
        .filter(Column::SettledAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}
