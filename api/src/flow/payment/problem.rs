//! What WeChat says and our rows do not fit, until a person has settled it.

use entity::audit::AuditAction;
use entity::provider_event::{self, Column};
use entity::staff::StaffRole;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, Set};
use serde_json::json;

use super::{audit, query};
use crate::app::App;
use crate::base::once::{Done, Once};
use crate::base::text;
use crate::base::tx::Tx;
use crate::error::{Error, Refusal, Result};
use crate::people::actor::Actor;
use crate::wechat::Account;
use crate::wechat::pay::Transaction;

/// Keeps an answer to a question of ours that does not fit, once, unless a notification told the same.
pub(super) async fn set_aside(app: &App, account: &Account, report: &Transaction, problem: &str) -> Result<()> {
    let id = &format!("query|{}", report.transaction_id.as_deref().unwrap_or(&report.out_trade_no));
    app.write(account.brand_id, |tx| async move {
        if is_known(&tx, &report.out_trade_no).await? {
            return Ok(());
        }
        let row = provider_event::ActiveModel {
            brand_id: Set(tx.brand_id()),
            id: Set(id.clone()),
            kind: Set("pay.query".to_owned()),
            // Who paid is left out: what names a person is kept under keys of her own.
            payload: Set(json!({ "out_trade_no": report.out_trade_no, "transaction_id": report.transaction_id })),
            received_at: Set(tx.now()),
            processed_at: Set(Some(tx.now())),
            problem: Set(Some(problem.to_owned())),
            number: Set(Some(report.out_trade_no.clone())),
            amount: Set(report.amount_fen),
            resolved_at: Set(None),
            resolved_by: Set(None),
            resolution: Set(None),
        };
        provider_event::Entity::insert(row).on_conflict_do_nothing().exec_without_returning(tx.conn()).await?;
        Ok(())
    })
    .await
}

/// Notes why a notification that was taken does not fit after all, for a person to look at.
pub async fn note(tx: &Tx, event_id: &str, problem: &str) -> Result<()> {
    provider_event::Entity::update_many()
        .col_expr(Column::Problem, Expr::value(problem))
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Id.eq(event_id))
        .filter(Column::Problem.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

async fn is_known(tx: &Tx, number: &str) -> Result<bool> {
    let known = provider_event::Entity::find()
        .filter(Column::BrandId.eq(tx.brand_id()))
        .filter(Column::Problem.is_not_null())
        .filter(Column::ResolvedAt.is_null())
        .filter(Column::Kind.starts_with("pay."))
        .filter(Column::Number.eq(number));
    Ok(known.one(tx.conn()).await?.is_some())
}

/// A person says how a mismatch was settled. Nothing else changes: what has to be paid or refunded for
/// it goes its own way.
pub async fn resolve(
    app: &App,
    actor: &Actor,
    key: &str,
    event_id: &str,
    note: &str,
) -> Result<Done<provider_event::Model>> {
    let staff = actor.staff(&[StaffRole::Finance])?;
    let (brand_id, staff_id) = (staff.brand_id, staff.id);
    let note = &text::required("note", note, audit::MAX_WHY)?;
    let once = &Once::new(staff_id, "resolveProviderEvent", key, &(event_id, note))?;
    app.write(brand_id, |tx| async move {
        let event = find(tx.conn(), brand_id, event_id).await?;
        if once.begin(&tx, &()).await?.is_some() {
            return Ok(Done::replay(event));
        }
        let resolved = provider_event::Entity::update_many()
            .col_expr(Column::ResolvedAt, Expr::value(tx.now()))
            .col_expr(Column::ResolvedBy, Expr::value(staff_id))
            .col_expr(Column::Resolution, Expr::value(note.as_str()))
            .filter(Column::BrandId.eq(brand_id))
            .filter(Column::Id.eq(event_id))
            .filter(Column::Problem.is_not_null())
            .filter(Column::ResolvedAt.is_null())
            .exec(tx.conn())
            .await?;
        if resolved.rows_affected != 1 {
            return Err(nothing_to_settle(&event).into());
        }
        let deed = audit::Deed {
            action: AuditAction::ProviderEventResolved,
            subject: event.id.clone(),
            order_id: query::order_of_number(tx.conn(), brand_id, event.number.as_deref()).await?,
            amount: event.amount,
            why: Some(note),
        };
        audit::note(&tx, actor.by(), deed).await?;
        Ok(Done::new(find(tx.conn(), brand_id, event_id).await?))
    })
    .await
}

/// Pushes, besides the events of WeChat Pay, whose problems are of the finance desk.
const TRADE: [&str; 3] = ["trade_manage_remind_shipping", "trade_manage_order_settlement", "wxa_trade_controlled"];

/// An event of money; what the other pushes say is not of the finance desk.
async fn find(db: &impl ConnectionTrait, brand_id: uuid::Uuid, id: &str) -> Result<provider_event::Model> {
    let found = provider_event::Entity::find_by_id((brand_id, id.to_owned()))
        .filter(Condition::any().add(Column::Kind.starts_with("pay.")).add(Column::Kind.is_in(TRADE)))
        .one(db)
        .await?;
    found.ok_or_else(|| Error::not_found("provider event"))
}

fn nothing_to_settle(event: &provider_event::Model) -> Refusal {
    let state = if event.problem.is_none() { "APPLIED" } else { "RESOLVED" };
    Refusal::wrong_state(
        state,
        "There is nothing to settle about this event: it was applied, or someone has settled it. Load the desk again.",
        "该事件无需处理：已正常入账，或已有人处理。请刷新财务工作台。",
    )
}
