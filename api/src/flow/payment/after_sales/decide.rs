//! The brand decides about a case, and the money follows.

use entity::after_sales::{self, Column};
use entity::audit::AuditAction;
use entity::refund::{RefundReason, RefundStatus};
use entity::staff::StaffRole;
use entity::{after_sales_refund, order_line, refund};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::query;
use super::rules::{self, Event};
use crate::app::App;
use crate::base::db::sql;
use crate::base::id::AfterSalesId;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::{By, Move, Tx};
use crate::error::Result;
use crate::flow::order::lifecycle;
use crate::flow::payment::audit;
use crate::flow::payment::refund::{Why, part, within};
use crate::people::actor::Actor;

#[derive(Serialize)]
pub struct Decision {
    pub case_id: Uuid,
    pub approve: bool,
    /// What the buyer reads.
    pub answer: String,
}

/// Approves a case, which starts its refund, or refuses it with words.
pub async fn decide(app: &App, actor: &Actor, key: &str, input: &Decision) -> Result<Done<after_sales::Model>> {
    let staff = actor.staff(&[StaffRole::Support, StaffRole::Finance])?;
    let (brand_id, staff_id) = (staff.brand_id, staff.id);
    let answer = &text::required("answer", &input.answer, 500)?;
    let once = &Once::new(staff_id, "decideAfterSales", key, input)?;
    app.write(brand_id, |tx| async move {
        let case = query::find(tx.conn(), brand_id, input.case_id).await?;
        if once.begin(&tx, &case.id).await?.is_some() {
            return Ok(Done::replay(case));
        }
        lifecycle::touch(&tx, &[case.order_id]).await?;
        let event = if input.approve { Event::Approve } else { Event::Refuse };
        let set = [
            (Column::Answer, Expr::value(answer.as_str())),
            (Column::DecidedBy, Expr::value(staff_id)),
            (Column::DecidedAt, Expr::value(tx.now())),
        ];
        let Some(decided) = step(&tx, actor.by(), case.id, event, &set).await? else {
            return Err(rules::decided_before(query::find(tx.conn(), brand_id, case.id).await?.status).into());
        };
        let decided = if input.approve { give_back(&tx, actor.by(), decided, answer).await? } else { decided };
        let deed = audit::Deed {
            action: AuditAction::AfterSalesDecided,
            subject: AfterSalesId::new(decided.id).to_string(),
            order_id: Some(decided.order_id),
            amount: input.approve.then_some(decided.amount),
            why: Some(answer),
        };
        audit::note(&tx, actor.by(), deed).await?;
        Ok(Done::new(decided))
    })
    .await
}

async fn step(tx: &Tx, by: By, id: Uuid, event: Event, set: &[(Column, Expr)]) -> Result<Option<after_sales::Model>> {
    let (from, to) = event.edge();
    let mut update = after_sales::Entity::update_many().col_expr(Column::Status, Expr::value(to));
    for (column, value) in set {
        update = update.col_expr(*column, value.clone());
    }
    let moved = update
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.eq(from))
        .exec_with_returning(tx.conn())
        .await?;
    let Some(case) = moved.into_iter().next() else { return Ok(None) };
    let step = Move { kind: "after_sales", id, from: Some(from), to, event: event.name(), by, why: None };
    tx.moved(step, json!({ "order_id": case.order_id })).await?;
    Ok(Some(case))
}

/// Counts the pieces as returned and sends their money back, or what is left of it: the case is over that then.
async fn give_back(tx: &Tx, by: By, case: after_sales::Model, answer: &str) -> Result<after_sales::Model> {
    for (line_id, pieces) in query::lines(tx.conn(), tx.brand_id(), case.id).await? {
        count_returned(tx, line_id, pieces).await?;
    }
    let amount = within(tx, case.order_id, case.amount).await?;
    if amount == 0 {
        return Err(rules::nothing_left().into());
    }
    let why = Why { reason: RefundReason::AfterSales, note: Some(answer), due_at: None };
    for refund in part(tx, by, case.order_id, amount, &why).await? {
        link(tx, case.id, refund.id).await?;
    }
    less(tx, case.id, case.amount - amount).await?;
    Ok(after_sales::Model { amount, ..case })
}

/// So much less goes back with a case, since it went back otherwise.
async fn less(tx: &Tx, case_id: Uuid, fen: i64) -> Result<()> {
    if fen > 0 {
        after_sales::Entity::update_many()
            .col_expr(Column::Amount, Expr::col(Column::Amount).sub(fen))
            .filter(Column::BrandId.eq(tx.brand_id()))
            .filter(Column::Id.eq(case_id))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

async fn count_returned(tx: &Tx, line_id: Uuid, pieces: i32) -> Result<()> {
    use order_line::Column as Line;
    let gone = Expr::col(Line::Refunded).add(Expr::col(Line::Returned)).add(pieces);
    let counted = order_line::Entity::update_many()
        .col_expr(Line::Returned, Expr::col(Line::Returned).add(pieces))
        .filter(Line::BrandId.eq(tx.brand_id()))
        .filter(Line::Id.eq(line_id))
        .filter(gone.lte(Expr::col(Line::Quantity)))
        .exec(tx.conn())
        .await?;
    // Pieces that were refunded as missing since the buyer asked.
    if counted.rows_affected == 1 { Ok(()) } else { Err(rules::nothing_left().into()) }
}

async fn link(tx: &Tx, case_id: Uuid, refund_id: Uuid) -> Result<()> {
    let row = after_sales_refund::ActiveModel {
        brand_id: Set(tx.brand_id()),
        refund_id: Set(refund_id),
        case_id: Set(case_id),
    };
    after_sales_refund::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

async fn case_of(tx: &Tx, refund_id: Uuid) -> Result<Option<Uuid>> {
    let found = after_sales_refund::Entity::find_by_id((tx.brand_id(), refund_id)).one(tx.conn()).await?;
    Ok(found.map(|row| row.case_id))
}

/// A refund that WeChat closed is sent again under another number: the case goes on with that one.
pub async fn succeed_refund(tx: &Tx, closed: &refund::Model, again: &refund::Model) -> Result<()> {
    if closed.reason != RefundReason::AfterSales {
        return Ok(());
    }
    match case_of(tx, closed.id).await? {
        Some(case_id) => {
            link(tx, case_id, again.id).await?;
            less(tx, case_id, closed.amount - again.amount).await
        }
        None => Ok(()),
    }
}

/// A refund is back with the buyer: approved → refunded once all of its case are.
pub async fn refunded(tx: &Tx, refund: &refund::Model) -> Result<()> {
    if refund.reason != RefundReason::AfterSales {
        return Ok(());
    }
    let Some(case_id) = case_of(tx, refund.id).await? else { return Ok(()) };
    let case = query::find(tx.conn(), tx.brand_id(), case_id).await?;
    // Of two refunds that end at the same time, the later one sees the other.
    lifecycle::touch(tx, &[case.order_id]).await?;
    if back(tx, case_id).await? >= case.amount {
        step(tx, By::WECHAT, case_id, Event::Refund, &[]).await?;
    }
    Ok(())
}

/// Fen of a case that are back with the buyer.
async fn back(tx: &Tx, case_id: Uuid) -> Result<i64> {
    let succeeded = sea_orm::ActiveEnum::to_value(&RefundStatus::Succeeded);
    let statement = sql(
        tx.conn().get_database_backend(),
        "select cast(coalesce(sum(r.amount), 0) as bigint) as back from after_sales_refund a \
         join refund r on r.brand_id = a.brand_id and r.id = a.refund_id and r.status = $3 \
         where a.brand_id = $1 and a.case_id = $2",
        [tx.brand_id().into(), case_id.into(), succeeded.into()],
    );
    let row = tx.conn().query_one_raw(statement).await?;
    Ok(row.ok_or_else(|| anyhow::anyhow!("a sum returned no row"))?.try_get("", "back")?)
}
