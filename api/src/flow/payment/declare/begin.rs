//! Writing down what is to be declared.

use chrono::{DateTime, Utc};
use entity::order;
use entity::payment_attempt;
use sea_orm::ConnectionTrait;

use super::{DECLARE, rules};
use crate::app::App;
use crate::base::db::sql;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::flow::order::query::WAITING;
use crate::flow::payment::{ledger, query};

/// Has the payments of an order declared that wait for their goods longer than WeChat allows by itself. What was
/// declared for this date before stays as it is; a later promise that the buyer accepted is declared anew.
pub async fn begin(app: &App, order: &order::Model) -> Result<()> {
    let db = app.db.read();
    let promise = order.agreed_date.unwrap_or(order.promise_date);
    // Two days cover what zones and the end of the day make of a date: nearer promises cost no statement.
    let is_near = promise.and_time(Default::default()).and_utc() - order.created_at
        <= rules::UNDECLARED - chrono::Duration::days(2);
    if is_near || !WAITING.contains(&order.status) {
        return Ok(());
    }
    let (_, zone) = ledger::query::brand(db, order.brand_id).await?;
    let mut wanted = Vec::new();
    for attempt in query::settling_attempts(db, order.brand_id, order.id).await? {
        let declared = attempt.paid_at.and_then(|paid_at| rules::declared_for(promise, zone, paid_at));
        if let Some(at) = declared.filter(|_| attempt.refunded < attempt.amount) {
            wanted.push((attempt, at));
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let wanted = &wanted;
    app.write(order.brand_id, |tx| async move {
        for (attempt, at) in wanted {
            if write(&tx, attempt, *at).await? {
                tx.set_timer(DECLARE, attempt.id, tx.now()).await?;
            }
        }
        Ok(())
    })
    .await
}

/// False when the payment was written for this date before.
async fn write(tx: &Tx, attempt: &payment_attempt::Model, at: DateTime<Utc>) -> Result<bool> {
    let statement = sql(
        tx.conn().get_database_backend(),
        "insert into presale_declaration (brand_id, attempt_id, order_id, promised_at, status, tries, created_at) \
         values ($1, $2, $3, $4, 'pending', 0, $5) on conflict (brand_id, attempt_id) do update set \
         promised_at = excluded.promised_at, status = 'pending', tries = 0, last_error = null, declared_at = null, \
         created_at = excluded.created_at where presale_declaration.promised_at <> excluded.promised_at",
        [tx.brand_id().into(), attempt.id.into(), attempt.order_id.into(), at.into(), tx.now().into()],
    );
    Ok(tx.conn().execute_raw(statement).await?.rows_affected() == 1)
}
