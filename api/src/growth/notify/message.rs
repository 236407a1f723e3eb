//! The WeChat message that goes with an inbox message: sent at most once, and only while what it tells is so.

use chrono::Duration;
use entity::member;
use entity::subscribe_message::{self, Column, Entity, MessagePurpose, MessageStatus as Status};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use super::facts::{self, Said};
use super::send::{LATER, LOST_AFTER, outcome};
use super::{MESSAGE_TIMER, grant, query, rules};
use crate::app::App;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::people;
use crate::wechat::SubscribeMessage;

/// Whether the brand has a template for a purpose and the member takes a message of it.
pub(super) async fn is_granted(app: &App, brand_id: Uuid, member_id: Uuid, purpose: MessagePurpose) -> Result<bool> {
    let db = app.db.read();
    let Some(template) = query::template(db, brand_id, purpose).await? else { return Ok(false) };
    Ok(!query::granted(db, brand_id, &template, &[member_id]).await?.is_empty())
}

/// Has the inbox message `id` sent by WeChat too; once, however often this is called.
pub(super) async fn goes_with(tx: &Tx, id: Uuid, purpose: MessagePurpose, subject_id: Uuid) -> Result<()> {
    let row = subscribe_message::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(id),
        purpose: Set(purpose),
        subject_id: Set(subject_id),
        status: Set(Status::Pending),
        updated_at: Set(tx.now()),
    };
    Entity::insert(row).on_conflict_do_nothing().exec_without_returning(tx.conn()).await?;
    tx.set_timer(MESSAGE_TIMER, id, tx.now()).await
}

/// Timer `message.send`: sends what is pending, at night in the morning.
pub async fn send(app: &App, brand_id: Uuid, id: Uuid) -> Result<()> {
    let db = app.db.read();
    let Some(row) = Entity::find_by_id((brand_id, id)).one(db).await? else { return Ok(()) };
    match row.status {
        Status::Pending => {}
        Status::Sending => return give_up_lost(app, &row).await,
        _ => return Ok(()),
    }
    if let Some(morning) = rules::quiet_until(app.clock.now(), query::zone(db, brand_id).await?) {
        return app.write(brand_id, |tx| async move { tx.set_timer(MESSAGE_TIMER, id, morning).await }).await;
    }
    let said = facts::said(db, brand_id, row.purpose, row.subject_id).await?;
    let template = query::template(db, brand_id, row.purpose).await?;
    let (Some(said), Some(template)) = (said, template) else { return drop_it(app, &row).await };
    match query::reachable(db, brand_id, said.member_id).await? {
        Some(member) => send_to(app, &row, &template, member, said).await,
        None => drop_it(app, &row).await,
    }
}

async fn send_to(
    app: &App,
    row: &subscribe_message::Model,
    template: &str,
    member: member::Model,
    Said { page, data, .. }: Said,
) -> Result<()> {
    let (brand_id, member_id) = (row.brand_id, member.id);
    let account = people::wechat::account(app, brand_id).await?;
    if !app.write(brand_id, |tx| async move { begin(&tx, row, member_id, template).await }).await? {
        return Ok(());
    }
    let (openid, template_id) = (member.openid, template.to_owned());
    let message = SubscribeMessage { openid, template_id, page: Some(page), data, lang: None };
    let (to, failure) = outcome(app.wechat.send_subscribe(&account, &message).await);
    app.write(brand_id, |tx| async move {
        if step(&tx, row, Status::Sending, to).await? {
            grant::after(&tx, member_id, template, to).await?;
            if to == Status::Pending {
                tx.set_timer(MESSAGE_TIMER, row.id, tx.now() + LATER).await?;
            }
        }
        Ok(())
    })
    .await?;
    match failure {
        Some(error) => Err(anyhow::Error::new(error).context("sending a subscribe message").into()),
        None => Ok(()),
    }
}

/// Spends a grant and marks the message as being sent, together: a crash loses a message rather than sending it
/// twice. False when there is nothing to send.
async fn begin(tx: &Tx, row: &subscribe_message::Model, member_id: Uuid, template: &str) -> Result<bool> {
    if !step(tx, row, Status::Pending, Status::Sending).await? {
        return Ok(false);
    }
    if grant::spend(tx, member_id, template).await? {
        return Ok(true);
    }
    step(tx, row, Status::Sending, Status::None).await?;
    Ok(false)
}

async fn drop_it(app: &App, row: &subscribe_message::Model) -> Result<()> {
    app.write(row.brand_id, |tx| async move { step(&tx, row, Status::Pending, Status::None).await.map(drop) }).await
}

/// A message that was being sent when its process died may have arrived: it is never repeated.
async fn give_up_lost(app: &App, row: &subscribe_message::Model) -> Result<()> {
    app.write(row.brand_id, |tx| async move {
        if row.updated_at + LOST_AFTER < tx.now() {
            return step(&tx, row, Status::Sending, Status::Unknown).await.map(drop);
        }
        tx.set_timer(MESSAGE_TIMER, row.id, row.updated_at + LOST_AFTER + Duration::seconds(1)).await
    })
    .await
}

async fn step(tx: &Tx, row: &subscribe_message::Model, from: Status, to: Status) -> Result<bool> {
    let moved = Entity::update_many()
        .col_expr(Column::Status, Expr::value(to))
        .col_expr(Column::UpdatedAt, Expr::value(tx.now()))
        .filter(Column::BrandId.eq(row.brand_id))
        .filter(Column::Id.eq(row.id))
        .filter(Column::Status.eq(from));
    Ok(moved.exec(tx.conn()).await?.rows_affected == 1)
}
