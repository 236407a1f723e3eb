//! What people do: look at a day again, and say how a difference was settled.

use chrono::{Duration, NaiveDate};
use entity::audit::AuditAction;
use entity::reconciliation;
use entity::reconciliation_difference::{self as difference, Column, DifferenceStatus};
use entity::staff::StaffRole;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{day, keep, query, run};
use crate::app::App;
use crate::base::id::DifferenceId;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::error::{Code, Detail, Error, Fault, Refusal, Result};
use crate::flow::payment::{audit, timers};
use crate::people::actor::Actor;

/// When a look that was cut short is done over.
const IN_CASE: Duration = Duration::minutes(1);

/// Holds a day's bills against our rows now; the day as it is then. A bill that cannot be had leaves its reason on the
/// day and is asked for again by itself.
pub async fn reconcile_day(
    app: &App,
    actor: &Actor,
    key: &str,
    date: NaiveDate,
) -> Result<Done<reconciliation::Model>> {
    let staff = actor.staff(&[StaffRole::Finance])?;
    let brand_id = staff.brand_id;
    let once = &Once::new(staff.id, "reconcileDay", key, &date)?;
    let row = app
        .write(brand_id, |tx| async move {
            has_bills(date, tx.now())?;
            let row = keep::day(&tx, date).await?;
            if once.begin(&tx, &()).await?.is_some() {
                return Ok(Done::replay(row));
            }
            tx.set_timer(timers::RECONCILE, row.id, tx.now() + IN_CASE).await?;
            let deed = audit::Deed {
                action: AuditAction::DayReconciled,
                subject: date.to_string(),
                order_id: None,
                amount: None,
                why: None,
            };
            audit::note(&tx, actor.by(), deed).await?;
            Ok(Done::new(row))
        })
        .await?;
    if row.replayed {
        return Ok(row);
    }
    let id = row.value.id;
    match run::reconcile(app, brand_id, id).await {
        Ok(()) => app.write(brand_id, |tx| async move { tx.cancel_timer(timers::RECONCILE, id).await }).await?,
        // The timer asks again; why it was in vain stands on the row.
        Err(Error::Fault(Fault::Unavailable(_))) => {}
        Err(error) => return Err(error),
    }
    Ok(Done::new(query::find(app.db.read(), brand_id, id).await?))
}

fn has_bills(date: NaiveDate, now: chrono::DateTime<chrono::Utc>) -> Result<(), Refusal> {
    if now - day::MAX_BACK > day::ends(date) {
        return Err(Refusal::invalid(
            "date",
            "WeChat Pay keeps bills for three months; this day has none any more.",
            "微信支付账单仅保留三个月，该日账单已无法获取。",
        ));
    }
    let ready_at = day::ready_at(date);
    if now < ready_at {
        return Err(Refusal::new(
            Code::Closed,
            "The bills of a day are there from 10:00 in Beijing on the next day; come back then.",
            "当日账单于次日北京时间 10:00 后生成，请届时再试。",
        )
        .field("date")
        .detail(Detail::Closed { at: Some(ready_at) }));
    }
    Ok(())
}

/// A person says how a difference was settled. It moves no money.
pub async fn resolve(app: &App, actor: &Actor, key: &str, id: Uuid, note: &str) -> Result<Done<difference::Model>> {
    let staff = actor.staff(&[StaffRole::Finance])?;
    let (brand_id, staff_id) = (staff.brand_id, staff.id);
    let note = &text::required("note", note, audit::MAX_WHY)?;
    let once = &Once::new(staff_id, "resolveDifference", key, &(id, note))?;
    app.write(brand_id, |tx| async move {
        let found = query::difference(tx.conn(), brand_id, id).await?;
        if once.begin(&tx, &()).await?.is_some() {
            return Ok(Done::replay(found));
        }
        keep::hold(&tx, found.reconciliation_id).await?;
        let resolved = difference::Entity::update_many()
            .col_expr(Column::Status, Expr::value(DifferenceStatus::Resolved))
            .col_expr(Column::ResolvedAt, Expr::value(tx.now()))
            .col_expr(Column::ResolvedBy, Expr::value(staff_id))
            .col_expr(Column::Note, Expr::value(note.as_str()))
            .filter(Column::BrandId.eq(brand_id))
            .filter(Column::Id.eq(id))
            .filter(Column::Status.eq(DifferenceStatus::Open))
            .exec(tx.conn())
            .await?;
        if resolved.rows_affected != 1 {
            return Err(nothing_open().into());
        }
        keep::settled(&tx, found.reconciliation_id).await?;
        let deed = audit::Deed {
            action: AuditAction::DifferenceResolved,
            subject: DifferenceId::new(id).to_string(),
            order_id: found.order_id,
            amount: Some(found.bill_amount.unwrap_or_default() - found.our_amount.unwrap_or_default()),
            why: Some(note),
        };
        audit::note(&tx, actor.by(), deed).await?;
        Ok(Done::new(query::difference(tx.conn(), brand_id, id).await?))
    })
    .await
}

fn nothing_open() -> Refusal {
    Refusal::wrong_state(
        "RESOLVED",
        "Someone has settled this difference, or a later look at its day found it gone. Load the day again.",
        "该差异已处理，或重新对账后已消失，请刷新当日对账结果。",
    )
}
