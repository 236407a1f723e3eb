//! The inbox in the API.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::inbox_message;
use entity::inbox_message::InboxMessageKind;

use crate::app::App;
use crate::base::id::{MessageId, OrderId, PresaleId, TransferId, TryOnId};
use crate::base::payload::{UserError, split};
use crate::error::Result;
use crate::people::actor::Actor;
use crate::people::{door, inbox};

/// What a message is about.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(name = "InboxMessageKind", remote = "InboxMessageKind")]
pub enum MessageKind {
    /// A design I may want can be ordered now.
    PresaleOpened,
    /// A presale missed its target; payments are on their way back.
    PresaleFailed,
    /// Something happened to my order.
    OrderUpdate,
    /// Something happened to a try-on post of mine.
    TryonUpdate,
    /// From the brand, about my account.
    System,
}

/// A message from my brand, kept here even when a push did not reach me.
pub struct InboxMessage(pub inbox_message::Model);

/// A message from my brand, kept here even when a push did not reach me.
#[Object]
impl InboxMessage {
    /// `msg_…`.
    pub async fn id(&self) -> MessageId {
        self.0.id.into()
    }

    /// What it is about.
    async fn kind(&self) -> MessageKind {
        self.0.kind.into()
    }

    /// One line.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The whole text.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// Id of the presale, order, try-on post or transfer to open; its prefix says which. Null when there is none.
    async fn subject_id(&self) -> Option<ID> {
        let id = self.0.subject_id?;
        let text = match self.0.subject_kind.as_deref()? {
            "presale" => PresaleId::new(id).to_string(),
            "order" => OrderId::new(id).to_string(),
            "tryon" => TryOnId::new(id).to_string(),
            "transfer" => TransferId::new(id).to_string(),
            _ => return None,
        };
        Some(text.into())
    }

    /// When I read it; null when I have not.
    async fn read_at(&self) -> Option<DateTime<Utc>> {
        self.0.read_at
    }

    /// When it was written.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// Marks messages as read.
#[derive(InputObject)]
pub struct MarkReadInput {
    /// Which of my messages, at most 100; ids of others' messages change nothing.
    pub ids: Vec<MessageId>,
}

/// What is left to read.
#[derive(SimpleObject)]
pub struct MarkReadPayload {
    /// My messages that are still unread; null when it was refused.
    pub unread_count: Option<i32>,
    /// Why it was refused; empty when it was done.
    pub user_errors: Vec<UserError>,
}

#[derive(Default)]
pub struct InboxMutation;

#[Object]
impl InboxMutation {
    /// Marks messages of mine as read. There is no idempotency key because reading twice is reading once.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn mark_read(&self, ctx: &Context<'_>, input: MarkReadInput) -> Result<Option<MarkReadPayload>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let ids: Vec<_> = input.ids.iter().map(|id| id.0).collect();
        Ok(Some(match split(ctx, inbox::mark_read(app, actor, &ids).await)? {
            Ok(unread) => MarkReadPayload {
                unread_count: Some(i32::try_from(unread).unwrap_or(i32::MAX)),
                user_errors: Vec::new(),
            },
            Err(user_errors) => MarkReadPayload { unread_count: None, user_errors },
        }))
    }
}
