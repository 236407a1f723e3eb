//! What a KOC hears about her try-ons, a buyer about her order, and whoever is paid about what she has to confirm.

use entity::inbox_message::{self, InboxMessageKind};
use entity::order;
use entity::promise_change::PromiseSilence;
use entity::subscribe_message::MessagePurpose;
use entity::tryon;
use sea_orm::{EntityTrait, Set};
use uuid::Uuid;

use super::facts::{self, Balance, Question};
use super::message;
use crate::app::App;
use crate::base::money::Money;
use crate::error::Result;
use crate::news;
use crate::worker::Event;

/// What an event of a try-on is worth telling its KOC, title and body; `None` for all others.
pub(super) fn of_tryon(kind: &str) -> Option<(&'static str, &'static str)> {
    match kind {
        "tryon.assigned" => Some(("新的试穿任务", "样衣即将寄出，收到后请确认并提交试穿内容。")),
        "tryon.changes_requested" => Some(("试穿内容需要修改", "请查看修改意见，修改后重新提交。")),
        "tryon.rejected" => Some(("试穿内容未通过安全检测", "请修改文字或图片后重新提交。")),
        "tryon.approved" => Some(("试穿内容已通过", "现在可以发布到您的社群。")),
        _ => None,
    }
}

/// Writes the message under the event's own id, so that a repeat of the event writes nothing.
pub(super) async fn tell_koc(app: &App, event: &Event, (title, body): (&str, &str)) -> Result<()> {
    let key = (event.brand_id, event.aggregate_id);
    let Some(tryon) = tryon::Entity::find_by_id(key).one(app.db.read()).await? else { return Ok(()) };
    let message = Message {
        id: event.id,
        member_id: tryon.koc_member_id,
        kind: InboxMessageKind::TryonUpdate,
        title,
        body,
        about: ("tryon", tryon.id),
        sent: None,
    };
    tell(app, event.brand_id, message).await
}

/// Tells a buyer that her balance is due, and until when; nothing once it is not any more. The message has
/// the id of what it comes from, so that a repeat writes nothing.
pub(super) async fn tell_of_balance(app: &App, brand_id: Uuid, order_id: Uuid, id: Uuid, title: &str) -> Result<()> {
    let Some(due) = facts::balance(app.db.read(), brand_id, order_id).await? else { return Ok(()) };
    let Balance { order, amount, until } = due;
    let body = &format!("订单 {} 尾款 {amount}，请在 {until} 前支付，逾期按下单时的约定处理。", order.order_no);
    tell_buyer(app, &order, Words { id, title, body }, (MessagePurpose::Balance, order_id)).await
}

/// Tells a buyer that her order is to ship later, and that it is hers to accept; nothing once she has answered.
/// The message has the event's id, so that a repeat writes nothing.
pub(super) async fn tell_of_promise(app: &App, event: &Event, title: &str) -> Result<()> {
    let Event { brand_id, id, aggregate_id: question_id, .. } = *event;
    let Some(asked) = facts::question(app.db.read(), brand_id, question_id).await? else { return Ok(()) };
    let Question { order, change, until } = asked;
    let silence = match change.silence {
        PromiseSilence::Wait => "未答复视为仍按原承诺，发货前您可随时选择退款",
        PromiseSilence::Refund => "逾期未答复将全额退款",
    };
    let (order_no, date, reason) = (&order.order_no, change.promise_date, &change.reason);
    let body =
        &format!("订单 {order_no} 预计改为 {date} 前发货。原因：{reason}。请在 {until} 前选择接受或退款；{silence}。");
    tell_buyer(app, &order, Words { id, title, body }, (MessagePurpose::Promise, question_id)).await
}

/// What a message says; its id is that of what it comes from.
struct Words<'a> {
    id: Uuid,
    title: &'a str,
    body: &'a str,
}

async fn tell_buyer(app: &App, order: &order::Model, words: Words<'_>, sent: (MessagePurpose, Uuid)) -> Result<()> {
    let Words { id, title, body } = words;
    let (member_id, about) = (order.member_id, ("order", order.id));
    let message = Message { id, member_id, kind: InboxMessageKind::OrderUpdate, title, body, about, sent: Some(sent) };
    tell(app, order.brand_id, message).await
}

/// Tells a member that a transfer waits for her, once; nothing when it does not any more.
pub(super) async fn tell_of_transfer(app: &App, event: &Event) -> Result<()> {
    let (brand_id, id) = (event.brand_id, event.aggregate_id);
    let Some(transfer) = facts::transfer(app.db.read(), brand_id, id).await? else { return Ok(()) };
    let amount = Money::new(transfer.amount, &transfer.currency).formatted;
    let message = Message {
        id: event.id,
        member_id: transfer.member_id,
        kind: InboxMessageKind::System,
        title: "有一笔款项待您确认",
        body: &format!("商家向您转账 {amount}，请在 24 小时内确认收款，逾期将自动退回。"),
        about: ("transfer", id),
        sent: Some((MessagePurpose::Transfer, id)),
    };
    tell(app, brand_id, message).await
}

struct Message<'a> {
    /// Of what it comes from: a repeat writes nothing.
    id: Uuid,
    member_id: Uuid,
    kind: InboxMessageKind,
    title: &'a str,
    body: &'a str,
    /// What it opens.
    about: (&'static str, Uuid),
    /// What it is sent by WeChat for, to whoever granted that, and what of.
    sent: Option<(MessagePurpose, Uuid)>,
}

async fn tell(app: &App, brand_id: Uuid, message: Message<'_>) -> Result<()> {
    let Message { id, member_id, kind, title, body, about: (subject_kind, subject_id), sent } = message;
    let sent = match sent {
        Some((purpose, of)) if message::is_granted(app, brand_id, member_id, purpose).await? => Some((purpose, of)),
        _ => None,
    };
    app.write(brand_id, |tx| async move {
        let row = inbox_message::ActiveModel {
            brand_id: Set(brand_id),
            id: Set(id),
            member_id: Set(member_id),
            kind: Set(kind),
            title: Set(title.to_owned()),
            body: Set(body.to_owned()),
            subject_kind: Set(Some(subject_kind.to_owned())),
            subject_id: Set(Some(subject_id)),
            read_at: Set(None),
            created_at: Set(tx.now()),
        };
        inbox_message::Entity::insert(row).on_conflict_do_nothing().exec_without_returning(tx.conn()).await?;
        tx.news(news::inbox_of(member_id));
        match sent {
            Some((purpose, of)) => message::goes_with(&tx, id, purpose, of).await,
            None => Ok(()),
        }
    })
    .await
}
