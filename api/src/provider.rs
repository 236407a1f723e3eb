//! News from WeChat's message push: kept first, then handed to whom it concerns.
//!
//! A push is stored under its own identity before it is answered, so a repetition is known and a
//! crash loses nothing: what was not applied at once is applied by the worker, on the event
//! `provider.received`. Applying is once only, by a conditional update of the stored row. What cannot
//! be believed is kept beside its problem and applied never; what is believed and fits nothing of ours, or
//! asks for a person, is kept beside it too.

use entity::provider_event;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set, TryInsertResult};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::base::crypto::sha256;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::flow::delivery::shipping;
use crate::flow::tryon::security;
use crate::growth::notify::grant;
use crate::people::privacy;
use crate::wechat::push::{Push, PushEvent};

/// Keeps a push; its id and whether it is new.
pub async fn keep(app: &App, brand_id: Uuid, push: &Push) -> Result<(String, bool)> {
    let id = &identity(push);
    let is_new = app
        .write(brand_id, |tx| async move {
            let is_new = insert(&tx, id, push, None).await?;
            if is_new {
                tx.emit("provider", tx.new_id(), "received", json!({ "id": id })).await?;
            }
            Ok(is_new)
        })
        .await?;
    Ok((id.clone(), is_new))
}

/// Keeps a push for people to look at, with why it is not acted on.
pub async fn set_aside(app: &App, brand_id: Uuid, push: &Push, problem: &str) -> Result<()> {
    let id = &identity(push);
    app.write(brand_id, |tx| async move { insert(&tx, id, push, Some(problem)).await.map(drop) }).await
}

/// Writes the row, as one that is dealt with when there is a problem; false when it was there already.
async fn insert(tx: &Tx, id: &str, push: &Push, problem: Option<&str>) -> Result<bool> {
    let row = provider_event::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(id.to_owned()),
        kind: Set(kind_of(&push.event).to_owned()),
        payload: Set(serde_json::to_value(&push.event).map_err(anyhow::Error::from)?),
        received_at: Set(tx.now()),
        processed_at: Set(problem.map(|_| tx.now())),
        problem: Set(problem.map(str::to_owned)),
        // What is not believed says nothing about a payment.
        number: Set(number_of(&push.event).filter(|_| problem.is_none())),
        amount: Set(None),
        resolved_at: Set(None),
        resolved_by: Set(None),
        resolution: Set(None),
    };
    let kept = provider_event::Entity::insert(row).on_conflict_do_nothing().exec_without_returning(tx.conn()).await?;
    Ok(matches!(kept, TryInsertResult::Inserted(1..)))
}

/// Under which id the verdict on a picture is kept: a trace has one verdict.
pub fn verdict_id(trace_id: &str) -> String {
    format!("wxa_media_check|{trace_id}")
}

/// The push's own identity may name the person: its digest stays when she is forgotten.
fn identity(push: &Push) -> String {
    match &push.event {
        PushEvent::MediaVerdict { trace_id, .. } if !trace_id.is_empty() => verdict_id(trace_id),
        event => format!("{}|{}", kind_of(event), hex::encode(sha256(push.identity.as_bytes()))),
    }
}

/// Our number at WeChat Pay that it names.
fn number_of(event: &PushEvent) -> Option<String> {
    match event {
        PushEvent::ShippingReminder(order) | PushEvent::Settlement { order, .. } => Some(order.out_trade_no.clone()),
        _ => None,
    }
}

fn kind_of(event: &PushEvent) -> &str {
    match event {
        PushEvent::SubscribePopup { .. } => "subscribe_msg_popup_event",
        PushEvent::SubscribeChange { .. } => "subscribe_msg_change_event",
        PushEvent::SubscribeSent { .. } => "subscribe_msg_sent_event",
        PushEvent::MediaVerdict { .. } => "wxa_media_check",
        PushEvent::UserInfoModified { .. } => "user_info_modified",
        PushEvent::AuthorizationRevoke { .. } => "user_authorization_revoke",
        PushEvent::AuthorizationCancellation { .. } => "user_authorization_cancellation",
        PushEvent::ShippingReminder { .. } => "trade_manage_remind_shipping",
        PushEvent::Settlement { .. } => "trade_manage_order_settlement",
        PushEvent::TradeControlled { .. } => "wxa_trade_controlled",
        PushEvent::TradeManage { kind, .. } | PushEvent::Other { kind } => kind,
    }
}

/// Applies a kept push, unless that has happened. A verdict whose check is not known yet stays open:
/// the check's own event comes back to it.
pub async fn apply(app: &App, brand_id: Uuid, id: &str) -> Result<()> {
    let Some(row) = provider_event::Entity::find_by_id((brand_id, id.to_owned())).one(app.db.read()).await? else {
        return Ok(());
    };
    if row.processed_at.is_some() {
        return Ok(());
    }
    let event: PushEvent = serde_json::from_value(row.payload)
        .map_err(|error| anyhow::anyhow!("a kept push of kind {} does not read: {error}", row.kind))?;
    let event = &event;
    tell_people(app, brand_id, event).await?;
    app.write(brand_id, |tx| async move {
        if !claim(&tx, id).await? {
            return Ok(());
        }
        match hand_over(&tx, event).await? {
            Handed::Over => Ok(()),
            Handed::TooEarly => reopen(&tx, id).await,
            Handed::Problem(problem) => note(&tx, id, &problem).await,
        }
    })
    .await
}

/// What WeChat says about a person's data. These open transactions of their own and tolerate repeats.
async fn tell_people(app: &App, brand_id: Uuid, event: &PushEvent) -> Result<()> {
    match event {
        PushEvent::UserInfoModified { openid } => privacy::user_info_modified(app, brand_id, openid).await,
        PushEvent::AuthorizationRevoke { openid, revoked } => {
            privacy::authorization_revoked(app, brand_id, openid, revoked).await
        }
        PushEvent::AuthorizationCancellation { openid } => privacy::account_cancelled(app, brand_id, openid).await,
        _ => Ok(()),
    }
}

/// What became of a push.
enum Handed {
    Over,
    /// It has to wait for its counterpart.
    TooEarly,
    /// A person has to look at it.
    Problem(String),
}

impl From<Option<String>> for Handed {
    fn from(problem: Option<String>) -> Self {
        problem.map_or(Handed::Over, Handed::Problem)
    }
}

async fn hand_over(tx: &Tx, event: &PushEvent) -> Result<Handed> {
    Ok(match event {
        PushEvent::SubscribePopup { openid, items } => {
            grant::answered(tx, openid, items).await?;
            Handed::Over
        }
        PushEvent::SubscribeChange { openid, items } => {
            grant::changed(tx, openid, items).await?;
            Handed::Over
        }
        PushEvent::MediaVerdict { trace_id, suggest, label, .. } => {
            let is_known = security::on_push(tx, trace_id, *suggest, *label).await?;
            if is_known { Handed::Over } else { Handed::TooEarly }
        }
        PushEvent::Settlement { order, moment } => shipping::told(tx, order, moment).await?.into(),
        PushEvent::ShippingReminder(order) => shipping::reminded(tx, order).await?.into(),
        PushEvent::TradeControlled { msg } => Handed::Problem(format!("WeChat restricts payments: {msg}")),
        PushEvent::SubscribeSent { .. }
        | PushEvent::UserInfoModified { .. }
        | PushEvent::AuthorizationRevoke { .. }
        | PushEvent::AuthorizationCancellation { .. }
        | PushEvent::TradeManage { .. }
        | PushEvent::Other { .. } => Handed::Over,
    })
}

/// Marks the push as applied; of two calls at once, one gets it.
async fn claim(tx: &Tx, id: &str) -> Result<bool> {
    let claimed = provider_event::Entity::update_many()
        .col_expr(provider_event::Column::ProcessedAt, Expr::value(tx.now()))
        .filter(provider_event::Column::BrandId.eq(tx.brand_id()))
        .filter(provider_event::Column::Id.eq(id))
        .filter(provider_event::Column::ProcessedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(claimed.rows_affected == 1)
}

/// Keeps why a person has to look.
async fn note(tx: &Tx, id: &str, problem: &str) -> Result<()> {
    tracing::error!(push = %id, problem, "a push needs a person");
    provider_event::Entity::update_many()
        .col_expr(provider_event::Column::Problem, Expr::value(problem))
        .filter(provider_event::Column::BrandId.eq(tx.brand_id()))
        .filter(provider_event::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

async fn reopen(tx: &Tx, id: &str) -> Result<()> {
    provider_event::Entity::update_many()
        .col_expr(provider_event::Column::ProcessedAt, Expr::value(None::<chrono::DateTime<chrono::Utc>>))
        .filter(provider_event::Column::BrandId.eq(tx.brand_id()))
        .filter(provider_event::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// The worker's turn: a push that was not applied when it came, or the check that one waited for.
pub async fn on_event(app: &App, event: &crate::worker::Event) -> Result<()> {
    let text = |field: &str| event.payload[field].as_str().unwrap_or_default();
    match event.kind.as_str() {
        "provider.received" => apply(app, event.brand_id, text("id")).await,
        "security_check.asked" => apply(app, event.brand_id, &verdict_id(text("trace_id"))).await,
        _ => Ok(()),
    }
}
