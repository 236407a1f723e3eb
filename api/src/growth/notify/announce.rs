//! A presale opened: its pickers are told, in short transactions.

use std::collections::HashSet;

use entity::inbox_message::{self, InboxMessageKind};
use entity::presale::{self, PresaleStatus};
use entity::presale_notice;
use entity::subscribe_message::{MessagePurpose, MessageStatus};
use sea_orm::{EntityTrait, Set};
use uuid::Uuid;

use super::{SEND_TIMER, query, rules};
use crate::app::App;
use crate::base::money::Money;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::flow::presale as presales;
use crate::news;

/// Members told in one transaction.
const CHUNK: u32 = 200;

/// Tells everyone who picked the presale's design. Safe to run again at any point: who has a notice
/// is done, and a notice and its inbox message are written together.
pub(super) async fn presale_opened(app: &App, brand_id: Uuid, presale_id: Uuid) -> Result<()> {
    let db = app.db.read();
    let presale = &presales::query::find(db, brand_id, presale_id).await?;
    if presale.status != PresaleStatus::Open {
        return Ok(());
    }
    let zone = query::zone(db, brand_id).await?;
    let words = &Words {
        title: format!("您选的款开始预售：{}", presale.title),
        body: format!(
            "{}，{} 截止。",
            Money::new(presale.price, &presale.currency).formatted,
            rules::local_time(presale.closes_at, zone)
        ),
    };
    let template = &query::template(db, brand_id, MessagePurpose::Presale).await?;
    loop {
        let members = &query::untold(db, presale, CHUNK).await?;
        if members.is_empty() {
            return Ok(());
        }
        app.write(brand_id, |tx| async move { tell(&tx, presale, words, template.as_deref(), members).await }).await?;
    }
}

struct Words {
    title: String,
    body: String,
}

/// Writes the notices of one chunk. Two calls at once would write some twice, which the key refuses:
/// the later one fails and is run again on what is left.
async fn tell(
    tx: &Tx,
    presale: &presale::Model,
    words: &Words,
    template: Option<&str>,
    members: &[Uuid],
) -> Result<()> {
    let granted = match template {
        Some(template) => query::granted(tx.conn(), presale.brand_id, template, members).await?,
        None => HashSet::new(),
    };
    let (mut notices, mut messages) = (Vec::new(), Vec::new());
    for member_id in members {
        let held_out = rules::is_held_out(presale.id, *member_id, presale.hold_out_percent);
        let message_id = (!held_out).then(|| tx.new_id());
        if message_id.is_some() {
            tx.news(news::inbox_of(*member_id));
        }
        messages.extend(message_id.map(|id| inbox_row(tx, id, *member_id, presale, words)));
        let waits = !held_out && granted.contains(member_id);
        notices.push(presale_notice::ActiveModel {
            brand_id: Set(presale.brand_id),
            presale_id: Set(presale.id),
            member_id: Set(*member_id),
            held_out: Set(held_out),
            inbox_message_id: Set(message_id),
            message: Set(if waits { MessageStatus::Pending } else { MessageStatus::None }),
            updated_at: Set(tx.now()),
        });
    }
    let any_waits = notices.iter().any(|notice| notice.message == Set(MessageStatus::Pending));
    if !messages.is_empty() {
        inbox_message::Entity::insert_many(messages).exec_without_returning(tx.conn()).await?;
    }
    presale_notice::Entity::insert_many(notices).exec_without_returning(tx.conn()).await?;
    if any_waits { tx.set_timer(SEND_TIMER, presale.id, tx.now()).await } else { Ok(()) }
}

fn inbox_row(
    tx: &Tx,
    id: Uuid,
    member_id: Uuid,
    presale: &presale::Model,
    words: &Words,
) -> inbox_message::ActiveModel {
    inbox_message::ActiveModel {
        brand_id: Set(presale.brand_id),
        id: Set(id),
        member_id: Set(member_id),
        kind: Set(InboxMessageKind::PresaleOpened),
        title: Set(words.title.clone()),
        body: Set(words.body.clone()),
        subject_kind: Set(Some("presale".to_owned())),
        subject_id: Set(Some(presale.id)),
        read_at: Set(None),
        created_at: Set(tx.now()),
    }
}
