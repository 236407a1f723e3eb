//! What a message of one member tells, for as long as it is so.

use std::collections::BTreeMap;

use chrono::Duration;
use chrono_tz::Tz;
use entity::order::{self, OrderStatus};
use entity::payment_leg::{self, PaymentLegStatus};
use entity::presale;
use entity::promise_change;
use entity::promise_question::{self, PromiseQuestionStatus};
use entity::subscribe_message::MessagePurpose;
use entity::transfer::{self, TransferKind, TransferStatus};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{query, rules};
use crate::base::id::{OrderId, TransferId};
use crate::base::money::Money;
use crate::error::Result;
use crate::flow::promise::service::ask::answer_by;

/// How long a transfer waits for its member (WeChat docs: merchant transfer).
const CONFIRM_WITHIN: Duration = Duration::hours(24);

/// A balance that is to be paid.
pub struct Balance {
    pub order: order::Model,
    pub amount: String,
    /// In the brand's time zone.
    pub until: String,
}

/// A later ship-by date that a buyer has not answered.
pub struct Question {
    pub order: order::Model,
    pub change: promise_change::Model,
    /// In the brand's time zone.
    pub until: String,
}

/// A subscribe message, ready to be sent.
pub struct Said {
    pub member_id: Uuid,
    pub page: String,
    pub data: BTreeMap<String, String>,
}

/// The balance of an order, while it is due.
pub async fn balance(db: &impl ConnectionTrait, brand_id: Uuid, order_id: Uuid) -> Result<Option<Balance>> {
    let Some(order) = order::Entity::find_by_id((brand_id, order_id)).one(db).await? else { return Ok(None) };
    let due = payment_leg::Entity::find()
        .filter(payment_leg::Column::BrandId.eq(brand_id))
        .filter(payment_leg::Column::OrderId.eq(order_id))
        .filter(payment_leg::Column::Status.eq(PaymentLegStatus::Due));
    let (Some(until), Some(due)) = (order.balance_due_at, due.one(db).await?) else { return Ok(None) };
    if order.status != OrderStatus::BalanceDue {
        return Ok(None);
    }
    let amount = Money::new(due.amount, &order.currency).formatted;
    let until = rules::local_time(until, query::zone(db, brand_id).await?);
    Ok(Some(Balance { order, amount, until }))
}

/// A question, while its buyer has not answered.
pub async fn question(db: &impl ConnectionTrait, brand_id: Uuid, question_id: Uuid) -> Result<Option<Question>> {
    let asked = promise_question::Entity::find_by_id((brand_id, question_id)).one(db).await?;
    let Some(question) = asked.filter(|asked| asked.status == PromiseQuestionStatus::Asked) else { return Ok(None) };
    let change = promise_change::Entity::find_by_id((brand_id, question.change_id)).one(db).await?;
    let order = order::Entity::find_by_id((brand_id, question.order_id)).one(db).await?;
    let (Some(change), Some(order)) = (change, order) else { return Ok(None) };
    let until = rules::local_time(answer_by(&change, &question), query::zone(db, brand_id).await?);
    Ok(Some(Question { order, change, until }))
}

/// A transfer, while its member has to confirm it and the brand does not want it back.
pub async fn transfer(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid) -> Result<Option<transfer::Model>> {
    let found = transfer::Entity::find_by_id((brand_id, id)).one(db).await?;
    Ok(found.filter(|transfer| transfer.status == TransferStatus::Waiting && transfer.cancel_requested_at.is_none()))
}

/// The subscribe message about a subject; nothing when there is nothing to tell any more.
pub async fn said(
    db: &impl ConnectionTrait,
    brand_id: Uuid,
    purpose: MessagePurpose,
    subject_id: Uuid,
) -> Result<Option<Said>> {
    let said = |member_id, page, texts| Some(Said { member_id, page, data: rules::message(purpose, texts) });
    match purpose {
        MessagePurpose::Presale => Ok(None),
        MessagePurpose::Balance => {
            let Some(Balance { order, amount, until }) = balance(db, brand_id, subject_id).await? else {
                return Ok(None);
            };
            let title = title(db, &order).await?;
            Ok(said(order.member_id, rules::page(purpose, OrderId::new(order.id)), [&title, &amount, &until]))
        }
        MessagePurpose::Promise => {
            let Some(Question { order, change, until }) = question(db, brand_id, subject_id).await? else {
                return Ok(None);
            };
            let (title, date) = (title(db, &order).await?, rules::day(change.promise_date));
            Ok(said(order.member_id, rules::page(purpose, OrderId::new(order.id)), [&title, &date, &until]))
        }
        MessagePurpose::Transfer => {
            let Some(transfer) = transfer(db, brand_id, subject_id).await? else { return Ok(None) };
            let zone = query::zone(db, brand_id).await?;
            let page = rules::page(purpose, TransferId::new(transfer.id));
            let amount = Money::new(transfer.amount, &transfer.currency).formatted;
            Ok(said(transfer.member_id, page, [paid_for(transfer.kind), &amount, &confirm_by(&transfer, zone)]))
        }
    }
}

async fn title(db: &impl ConnectionTrait, order: &order::Model) -> Result<String> {
    let presale = presale::Entity::find_by_id((order.brand_id, order.presale_id)).one(db).await?;
    Ok(presale.map(|presale| presale.title).unwrap_or_default())
}

fn paid_for(kind: TransferKind) -> &'static str {
    match kind {
        TransferKind::Commission => "推广佣金",
        TransferKind::Compensation => "订单赔付",
    }
}

/// WeChat counts from the call that it took, which is the last one unless an answer was lost.
fn confirm_by(transfer: &transfer::Model, zone: Tz) -> String {
    rules::local_time(transfer.called_at.unwrap_or(transfer.created_at) + CONFIRM_WITHIN, zone)
}
