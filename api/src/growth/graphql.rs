//! Notices in the API.

use async_graphql::{Context, Enum, Object, SimpleObject};
use entity::subscribe_message::{MessagePurpose, MessageStatus};

use super::notify::query::{self, Left};
use crate::app::App;
use crate::base::id::PresaleId;
use crate::error::Result;
use crate::people::actor::Actor;
use crate::people::door;

/// What became of a subscribe message.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "MessageStatus")]
pub enum MessageOutcome {
    /// None was due: no grant was left, or the presale closed before.
    None,
    /// Waits for its turn, or for the morning.
    Pending,
    /// On its way to WeChat.
    Sending,
    /// WeChat took it.
    Sent,
    /// The member takes no more of them.
    Refused,
    /// WeChat will never take it.
    Failed,
    /// It may have arrived; it is not repeated.
    Unknown,
}

/// How many subscribe messages had one outcome.
#[derive(SimpleObject)]
pub struct OutcomeCount {
    /// Which outcome.
    outcome: MessageOutcome,
    /// How many of the members who were told.
    count: i32,
}

/// Who was told about an opened presale, in numbers.
#[derive(SimpleObject)]
pub struct PresaleNotices {
    /// Pickers who got an inbox message.
    told: i32,
    /// Pickers who were deliberately not told, to measure what telling does.
    held_out: i32,
    /// What became of the subscribe messages of those who were told.
    messages: Vec<OutcomeCount>,
}

/// The subscribe message by which the brand tells of opened presales.
#[derive(SimpleObject)]
pub struct PresaleReminder {
    /// For `wx.requestSubscribeMessage`.
    template_id: String,
    /// How many of these messages I have granted and not got yet.
    granted: i32,
}

/// What a subscribe message is for.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "MessagePurpose")]
pub enum SubscribePurpose {
    /// A presale of a design that I picked opened.
    Presale,
    /// The balance of my order is to be paid, and until when.
    Balance,
    /// My order is to ship later, which I may accept or refuse.
    Promise,
    /// Money for me waits for my confirmation.
    Transfer,
}

/// A subscribe message that the brand sends.
#[derive(SimpleObject)]
pub struct SubscribeTemplate {
    /// What it is for.
    purpose: SubscribePurpose,
    /// For `wx.requestSubscribeMessage`.
    template_id: String,
    /// How many of these messages I have granted and not got yet.
    granted: i32,
}

#[derive(Default)]
pub struct GrowthQuery;

#[Object]
impl GrowthQuery {
    /// Who was told about a presale, and how many messages went out.
    #[graphql(guard = "door::STAFF", directive = door::needs::apply(door::STAFF.roles()))]
    async fn presale_notices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which presale.")] presale_id: PresaleId,
    ) -> Result<Option<PresaleNotices>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let counts = query::counts(app.db.read(), actor.brand_id()?, presale_id.0).await?;
        let sum = |held_out: bool| total(counts.iter().filter(|row| row.held_out == held_out).map(|row| row.count));
        Ok(Some(PresaleNotices {
            told: sum(false),
            held_out: sum(true),
            messages: counts
                .iter()
                .filter(|row| !row.held_out)
                .map(|row| OutcomeCount { outcome: row.message.into(), count: total([row.count]) })
                .collect(),
        }))
    }

    /// What to ask me for before I can be told of an opened presale by message; null when the brand
    /// sends none. Nothing else depends on my answer.
    #[graphql(
        guard = "door::MEMBER",
        directive = door::needs::apply(door::MEMBER.roles()),
        deprecation = "subscribeTemplates has all of them."
    )]
    async fn presale_reminder(&self, ctx: &Context<'_>) -> Result<Option<PresaleReminder>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let member = actor.member()?;
        let left = query::messages_left(app.db.read(), member.brand_id, member.id).await?;
        let of_presales = left.into_iter().find(|left| left.purpose == MessagePurpose::Presale);
        Ok(of_presales.map(|Left { template_id, granted, .. }| PresaleReminder { template_id, granted }))
    }

    /// What to ask me for with `wx.requestSubscribeMessage`, so that I hear by message too of what concerns me; each
    /// time I accept is worth one message. Ask after I ordered or paid. Nothing else depends on my answer.
    #[graphql(guard = "door::MEMBER", directive = door::needs::apply(door::MEMBER.roles()))]
    async fn subscribe_templates(&self, ctx: &Context<'_>) -> Result<Option<Vec<SubscribeTemplate>>> {
        let (app, actor) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Actor>());
        let member = actor.member()?;
        let left = query::messages_left(app.db.read(), member.brand_id, member.id).await?;
        let shown = |Left { purpose, template_id, granted }| SubscribeTemplate {
            purpose: purpose.into(),
            template_id,
            granted,
        };
        Ok(Some(left.into_iter().map(shown).collect()))
    }
}

fn total(counts: impl IntoIterator<Item = i64>) -> i32 {
    i32::try_from(counts.into_iter().sum::<i64>()).unwrap_or(i32::MAX)
}
