//! The verdict over a closed presale.

use chrono::Duration;
use entity::presale::{self, Column, PresalePlan, PresaleStatus};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::Expr;
use uuid::Uuid;

use super::{refund_due_at, step};
use crate::app::App;
use crate::base::db::sql;
use crate::base::tx::{By, Tx};
use crate::error::Result;
use crate::flow::presale::rules::{self, Event};
use crate::flow::presale::{query, timers};

const LOOK_AGAIN: Duration = Duration::minutes(1);

/// Judges a presale if it is closed and nothing is on hold. Called by its timer, and whenever a hold
/// of it ended.
pub async fn judge_when_due(app: &App, brand_id: Uuid, id: Uuid) -> Result<()> {
    if query::find(app.db.read(), brand_id, id).await?.status != PresaleStatus::Closed {
        return Ok(());
    }
    app.write(brand_id, |tx| async move {
        if judge(&tx, id).await?.is_none()
            && query::find(tx.conn(), brand_id, id).await?.status == PresaleStatus::Closed
        {
            tx.set_timer(timers::JUDGE, id, tx.now() + LOOK_AGAIN).await?;
        }
        Ok(())
    })
    .await
}

/// Succeeded, which fixes the price tier and opens the time for balances, or failed; `None` while pieces are on hold or when it is not closed. Held and paid come
/// from one statement, so that a payment settling meanwhile is seen wholly or not at all.
pub async fn judge(tx: &Tx, id: Uuid) -> Result<Option<presale::Model>> {
    let statement = sql(
        tx.conn().get_database_backend(),
        "select cast(coalesce(sum(s.held), 0) as bigint) as held, cast(coalesce(sum(s.paid), 0) as bigint) as paid, p.moq \
         from presale p join presale_sku s on s.brand_id = p.brand_id and s.presale_id = p.id \
         where p.brand_id = $1 and p.id = $2 group by p.moq",
        [tx.brand_id().into(), id.into()],
    );
    let Some(row) = tx.conn().query_one_raw(statement).await? else { return Ok(None) };
    if row.try_get::<i64>("", "held")? > 0 {
        return Ok(None);
    }
    let (paid, now): (i64, _) = (row.try_get("", "paid")?, tx.now());
    let verdict = rules::verdict(paid, row.try_get("", "moq")?);
    let judged = if verdict == Event::Succeed {
        let presale = query::find(tx.conn(), tx.brand_id(), id).await?;
        let reached = i32::try_from(paid).map_err(|_| anyhow::anyhow!("{paid} pieces in one presale"))?;
        // What is the same for every order is fixed here, together with the verdict.
        let window =
            (presale.plan != PresalePlan::Full).then(|| (now, now + Duration::days(presale.balance_days.into())));
        step(tx, By::SYSTEM, id, PresaleStatus::Closed, verdict, |update| {
            update
                .col_expr(Column::ReachedPieces, Expr::value(reached))
                .col_expr(Column::BalanceOpensAt, Expr::value(window.map(|(opens, _)| opens)))
                .col_expr(Column::BalanceClosesAt, Expr::value(window.map(|(_, closes)| closes)))
        })
        .await?
    } else {
        let due = refund_due_at(tx).await?;
        step(tx, By::SYSTEM, id, PresaleStatus::Closed, verdict, |update| {
            update.col_expr(Column::RefundDueAt, Expr::value(due))
        })
        .await?
    };
    if judged.is_some() {
        tx.cancel_timer(timers::JUDGE, id).await?;
    }
    Ok(judged)
}
