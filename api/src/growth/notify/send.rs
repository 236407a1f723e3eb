//! Sends pending subscribe messages, each at most once.

use chrono::Duration;
use chrono_tz::Tz;
use entity::presale::{self, PresaleStatus};
use entity::presale_notice;
use entity::subscribe_message::{MessagePurpose, MessageStatus as Message};
use futures_util::stream::{self, StreamExt};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{SEND_TIMER, grant, query, rules};
use crate::app::App;
use crate::base::id::PresaleId;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::flow::presale as presales;
use crate::people;
use crate::wechat::{self, Account, SendOutcome, SubscribeMessage};

/// Messages of one run; the timer comes back for more.
const BATCH: u64 = 64;
/// Messages on their way to WeChat at a time.
const AT_ONCE: usize = 8;
/// A message that is still being sent after this long was lost in a crash. Longer than any call takes.
pub(super) const LOST_AFTER: Duration = Duration::minutes(5);
/// When WeChat is busy, or out of quota.
pub(super) const LATER: Duration = Duration::minutes(10);

/// What every message of a run shares.
struct Run {
    presale: presale::Model,
    account: Account,
    template_id: String,
    zone: Tz,
}

/// One run over the pending messages of a presale. Sets the timer again while some are left; at night
/// for the morning.
pub async fn send_pending(app: &App, brand_id: Uuid, presale_id: Uuid) -> Result<()> {
    let db = app.db.read();
    let presale = presales::query::find(db, brand_id, presale_id).await?;
    give_up_lost(app, &presale).await?;
    let pending = query::notices(db, &presale, Message::Pending, BATCH).await?;
    if pending.is_empty() {
        return watch_over(app, &presale).await;
    }
    let template = query::template(db, brand_id, MessagePurpose::Presale).await?;
    let is_open = presale.status == PresaleStatus::Open && app.clock.now() < presale.closes_at;
    let Some(template_id) = template.filter(|_| is_open) else { return drop_pending(app, &presale).await };
    let zone = query::zone(db, brand_id).await?;
    if let Some(morning) = rules::quiet_until(app.clock.now(), zone) {
        return app.write(brand_id, |tx| async move { tx.set_timer(SEND_TIMER, presale_id, morning).await }).await;
    }
    let account = people::wechat::account(app, brand_id).await?;
    let run = &Run { presale, account, template_id, zone };
    let outcomes: Vec<Result<bool>> = stream::iter(pending)
        .map(|notice| send_one(app, run, notice.member_id))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let went_out = outcomes.into_iter().collect::<Result<Vec<bool>>>()?;
    let pause = if went_out.into_iter().all(|went| went) { Duration::zero() } else { LATER };
    app.write(brand_id, |tx| async move { tx.set_timer(SEND_TIMER, presale_id, tx.now() + pause).await }).await
}

/// A message that was being sent when its process died may have arrived: it is never repeated.
async fn give_up_lost(app: &App, presale: &presale::Model) -> Result<()> {
    app.write(presale.brand_id, |tx| async move {
        let lost = in_state(&tx, presale, Message::Sending, Message::Unknown)
            .filter(presale_notice::Column::UpdatedAt.lt(tx.now() - LOST_AFTER));
        lost.exec(tx.conn()).await?;
        Ok(())
    })
    .await
}

/// Comes back once more for messages that are being sent elsewhere, in case that fails.
async fn watch_over(app: &App, presale: &presale::Model) -> Result<()> {
    if query::notices(app.db.read(), presale, Message::Sending, 1).await?.is_empty() {
        return Ok(());
    }
    let id = presale.id;
    app.write(presale.brand_id, |tx| async move {
        tx.set_timer(SEND_TIMER, id, tx.now() + LOST_AFTER + Duration::seconds(1)).await
    })
    .await
}

/// Nobody wants to hear of a presale that is over.
async fn drop_pending(app: &App, presale: &presale::Model) -> Result<()> {
    app.write(presale.brand_id, |tx| async move {
        in_state(&tx, presale, Message::Pending, Message::None).exec(tx.conn()).await?;
        Ok(())
    })
    .await
}

/// Sends one member's message. False when WeChat wants it later.
async fn send_one(app: &App, run: &Run, member_id: Uuid) -> Result<bool> {
    let brand_id = run.presale.brand_id;
    // Who may not be told any more holds nobody up.
    let member = query::reachable(app.db.read(), brand_id, member_id).await?;
    let is_active = member.is_some();
    if !app.write(brand_id, |tx| async move { begin(&tx, run, member_id, is_active).await }).await? {
        return Ok(true);
    }
    let Some(member) = member else { return Ok(true) };
    let presale = &run.presale;
    let message = SubscribeMessage {
        openid: member.openid,
        template_id: run.template_id.clone(),
        page: Some(rules::page(MessagePurpose::Presale, PresaleId::new(presale.id))),
        data: rules::presale_message(&presale.title, presale.price, &presale.currency, presale.closes_at, run.zone),
        lang: None,
    };
    let sent = app.wechat.send_subscribe(&run.account, &message).await;
    let (to, failure) = outcome(sent);
    app.write(brand_id, |tx| async move { end(&tx, run, member_id, to).await }).await?;
    match failure {
        Some(error) => Err(anyhow::Error::new(error).context("sending a subscribe message").into()),
        None => Ok(to != Message::Pending),
    }
}

/// What the message becomes, and what a person has to look at.
pub(super) fn outcome(sent: wechat::Result<SendOutcome>) -> (Message, Option<wechat::Error>) {
    match sent {
        Ok(SendOutcome::Sent { .. }) => (Message::Sent, None),
        Ok(SendOutcome::Refused) => (Message::Refused, None),
        Ok(SendOutcome::Dropped { .. }) => (Message::Failed, None),
        Ok(SendOutcome::Unknown) => (Message::Unknown, None),
        Ok(SendOutcome::RetryLater) => (Message::Pending, None),
        Err(error) if error.is_outcome_unknown() => (Message::Unknown, Some(error)),
        Err(error) => (Message::Pending, Some(error)),
    }
}

/// Spends a grant and marks the message as being sent, together. False when there is nothing to send.
async fn begin(tx: &Tx, run: &Run, member_id: Uuid, is_active: bool) -> Result<bool> {
    if !step(tx, run, member_id, Message::Pending, Message::Sending).await? {
        return Ok(false);
    }
    if is_active && grant::spend(tx, member_id, &run.template_id).await? {
        return Ok(true);
    }
    step(tx, run, member_id, Message::Sending, Message::None).await?;
    Ok(false)
}

async fn end(tx: &Tx, run: &Run, member_id: Uuid, to: Message) -> Result<()> {
    if !step(tx, run, member_id, Message::Sending, to).await? {
        return Ok(());
    }
    grant::after(tx, member_id, &run.template_id, to).await
}

async fn step(tx: &Tx, run: &Run, member_id: Uuid, from: Message, to: Message) -> Result<bool> {
    let moved = in_state(tx, &run.presale, from, to)
        .filter(presale_notice::Column::MemberId.eq(member_id))
        .exec(tx.conn())
        .await?;
    Ok(moved.rows_affected == 1)
}

/// Moves notices of the presale whose message is `from` to `to`.
fn in_state(
    tx: &Tx,
    presale: &presale::Model,
    from: Message,
    to: Message,
) -> sea_orm::UpdateMany<presale_notice::Entity> {
    presale_notice::Entity::update_many()
        .col_expr(presale_notice::Column::Message, Expr::value(to))
        .col_expr(presale_notice::Column::UpdatedAt, Expr::value(tx.now()))
        .filter(presale_notice::Column::BrandId.eq(presale.brand_id))
        .filter(presale_notice::Column::PresaleId.eq(presale.id))
        .filter(presale_notice::Column::Message.eq(from))
}
