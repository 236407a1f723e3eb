//! Notifications from WeChat Pay: kept as they came, then applied. WeChat repeats what is not
//! acknowledged, out of order and possibly twice.

use entity::provider_event::{self, Column};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::{Value, json};

use super::refund;
use super::settle::{Settled, settle};
use crate::app::App;
use crate::error::Result;
use crate::wechat::Account;
use crate::wechat::pay::{Notification, NotificationEvent};

/// Where WeChat Pay sends the notifications of a brand.
pub fn url(app: &App, account: &Account) -> String {
    app.wechat.public_url(&format!("/wechat/pay/{}", account.slug))
}

/// Keeps a verified notification and applies it, once. `Ok` may be acknowledged: it is done, or no
/// repetition would cure it and its problem is on record.
pub async fn receive(app: &App, account: &Account, notification: &Notification, raw: Value) -> Result<()> {
    if !keep(app, account, notification, raw).await? {
        return Ok(());
    }
    let problem = match &notification.event {
        NotificationEvent::Transaction(report) => match settle(app, account, report).await? {
            Settled::Problem(problem) => Some(problem),
            Settled::Paid | Settled::Surplus | Settled::Repeat | Settled::Unpaid => None,
        },
        NotificationEvent::Refund(state) => refund::apply(app, account, state).await?,
        // Whose payout it is, and whether it fits, is found by the stage that pays out.
        NotificationEvent::Transfer(bill) => {
            let event = json!({ "event_id": notification.id, "number": bill.out_bill_no });
            return finish(app, account, notification, None, Some(event)).await;
        }
        NotificationEvent::Other { event_type, original_type } => {
            Some(format!("not ours to handle: {event_type} of {original_type}"))
        }
    };
    finish(app, account, notification, problem, None).await
}

/// Writes the event; false when it was processed before. One that was kept but not processed, because
/// the process died in between, is processed now.
async fn keep(app: &App, account: &Account, notification: &Notification, raw: Value) -> Result<bool> {
    let brand_id = account.brand_id;
    let (id, kind, raw) = (&notification.id, kind(&notification.event), &raw);
    let (number, amount) = &about(&notification.event);
    app.write(brand_id, |tx| async move {
        let row = provider_event::ActiveModel {
            brand_id: Set(brand_id),
            id: Set(id.clone()),
            kind: Set(kind.to_owned()),
            payload: Set(raw.clone()),
            received_at: Set(tx.now()),
            processed_at: Set(None),
            problem: Set(None),
            number: Set(number.clone()),
            amount: Set(*amount),
            resolved_at: Set(None),
            resolved_by: Set(None),
            resolution: Set(None),
        };
        provider_event::Entity::insert(row)
            .on_conflict(OnConflict::columns([Column::BrandId, Column::Id]).do_nothing().to_owned())
            .exec_without_returning(tx.conn())
            .await?;
        let kept = provider_event::Entity::find_by_id((brand_id, id.clone())).one(tx.conn()).await?;
        Ok(kept.is_none_or(|event| event.processed_at.is_none()))
    })
    .await
}

fn kind(event: &NotificationEvent) -> &'static str {
    match event {
        NotificationEvent::Transaction(_) => "pay.transaction",
        NotificationEvent::Refund(_) => "pay.refund",
        NotificationEvent::Transfer(_) => "pay.transfer",
        NotificationEvent::Other { .. } => "pay.other",
    }
}

/// Our number that it names, and the fen it is about.
fn about(event: &NotificationEvent) -> (Option<String>, Option<i64>) {
    match event {
        NotificationEvent::Transaction(report) => (Some(report.out_trade_no.clone()), report.amount_fen),
        NotificationEvent::Refund(state) => (Some(state.out_refund_no.clone()), Some(state.refund_fen)),
        NotificationEvent::Transfer(bill) => (Some(bill.out_bill_no.clone()), bill.amount_fen),
        NotificationEvent::Other { .. } => (None, None),
    }
}

/// The event is done with; news of a transfer goes on as `transfer.reported`.
async fn finish(
    app: &App,
    account: &Account,
    notification: &Notification,
    problem: Option<String>,
    transfer: Option<Value>,
) -> Result<()> {
    let (brand_id, id, problem, transfer) = (account.brand_id, &notification.id, &problem, &transfer);
    app.write(brand_id, |tx| async move {
        provider_event::Entity::update_many()
            .col_expr(Column::ProcessedAt, Expr::value(tx.now()))
            .col_expr(Column::Problem, Expr::value(problem.clone()))
            .filter(Column::BrandId.eq(brand_id))
            .filter(Column::Id.eq(id.as_str()))
            .exec(tx.conn())
            .await?;
        match transfer {
            Some(event) => tx.emit("transfer", tx.new_id(), "reported", event.clone()).await,
            None => Ok(()),
        }
    })
    .await
}
