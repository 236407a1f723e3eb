//! Changes of promises and the questions they put, as the API shows them.

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use entity::promise_question::PromiseQuestionStatus as Status;
use entity::{promise_change, promise_question};

use super::super::loader::{AnswersTo, ChangeById};
use super::super::service::ask::answer_by;
use crate::base::id::{OrderId, PresaleId, PromiseChangeId, PromiseQuestionId};
use crate::error::{Error, Result};
use crate::load;
use crate::people::actor::Actor;

/// What it means when a buyer has not answered in time.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "promise_change::PromiseSilence")]
pub enum PromiseSilence {
    /// The old promise stands, and she may still have her money back until the order ships.
    Wait,
    /// Her money goes back.
    Refund,
}

/// Where a question stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "promise_question::PromiseQuestionStatus")]
pub enum PromiseQuestionStatus {
    /// The buyer has not answered.
    Asked,
    /// She takes the new date.
    Accepted,
    /// Her money goes back.
    Refused,
    /// A newer date is asked about, or the order has moved on.
    Overtaken,
}

/// What the buyer could do about a question now.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromiseQuestionAction {
    /// `answerPromiseChange`.
    Answer,
}

/// How the buyers answered.
#[derive(SimpleObject)]
pub struct PromiseAnswers {
    /// Buyers who have not answered.
    asked: i64,
    /// Buyers who take the new date.
    accepted: i64,
    /// Buyers whose money goes back.
    refused: i64,
    /// Questions that need no answer any more.
    overtaken: i64,
}

/// A later ship-by date of a presale, which each of its buyers accepts or does not.
pub struct PromiseChange(promise_change::Model);

impl From<promise_change::Model> for PromiseChange {
    fn from(row: promise_change::Model) -> Self {
        PromiseChange(row)
    }
}

/// A later ship-by date of a presale, which each of its buyers accepts or does not.
#[Object]
impl PromiseChange {
    /// Names the change.
    pub async fn id(&self) -> PromiseChangeId {
        self.0.id.into()
    }

    /// The presale whose date was moved.
    async fn presale_id(&self) -> PresaleId {
        self.0.presale_id.into()
    }

    /// What was promised until then.
    async fn from_date(&self) -> NaiveDate {
        self.0.from_date
    }

    /// What is promised to those who order from then on, and to those who accept.
    async fn promise_date(&self) -> NaiveDate {
        self.0.promise_date
    }

    /// What buyers read.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Until when buyers are to answer.
    async fn answer_by(&self) -> DateTime<Utc> {
        self.0.answer_by
    }

    /// What it means when a buyer has not answered by then.
    async fn if_silent(&self) -> PromiseSilence {
        self.0.silence.into()
    }

    /// How the buyers answered so far.
    async fn answers(&self, ctx: &Context<'_>) -> Result<PromiseAnswers> {
        let counted = load::of(ctx).load_one(AnswersTo(self.0.brand_id, self.0.id)).await?.unwrap_or_default();
        let of = |status| counted.get(&status).copied().unwrap_or(0);
        Ok(PromiseAnswers {
            asked: of(Status::Asked),
            accepted: of(Status::Accepted),
            refused: of(Status::Refused),
            overtaken: of(Status::Overtaken),
        })
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// A later ship-by date, put to the buyer of one order.
pub struct PromiseQuestion(promise_question::Model);

impl From<promise_question::Model> for PromiseQuestion {
    fn from(row: promise_question::Model) -> Self {
        PromiseQuestion(row)
    }
}

impl PromiseQuestion {
    async fn change(&self, ctx: &Context<'_>) -> Result<promise_change::Model> {
        let found = load::of(ctx).load_one(ChangeById(self.0.brand_id, self.0.change_id)).await?;
        found.ok_or_else(|| Error::not_found("change of a promise"))
    }
}

/// A later ship-by date, put to the buyer of one order.
#[Object]
impl PromiseQuestion {
    /// Names the question, for `answerPromiseChange`.
    pub async fn id(&self) -> PromiseQuestionId {
        self.0.id.into()
    }

    /// The order it is about.
    async fn order_id(&self) -> OrderId {
        self.0.order_id.into()
    }

    /// Where it stands.
    async fn status(&self) -> PromiseQuestionStatus {
        self.0.status.into()
    }

    /// The new ship-by date.
    async fn promise_date(&self, ctx: &Context<'_>) -> Result<NaiveDate> {
        Ok(self.change(ctx).await?.promise_date)
    }

    /// Why it ships later, in the brand's words.
    async fn reason(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.change(ctx).await?.reason)
    }

    /// Until when to answer.
    async fn answer_by(&self, ctx: &Context<'_>) -> Result<DateTime<Utc>> {
        Ok(answer_by(&self.change(ctx).await?, &self.0))
    }

    /// What it means when there is no answer by then.
    async fn if_silent(&self, ctx: &Context<'_>) -> Result<PromiseSilence> {
        Ok(self.change(ctx).await?.silence.into())
    }

    /// When the buyer answered, or her money was returned without an answer; null before.
    async fn answered_at(&self) -> Option<DateTime<Utc>> {
        self.0.answered_at
    }

    /// When it was asked.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// What I could do now.
    async fn available_actions(&self, ctx: &Context<'_>) -> Vec<PromiseQuestionAction> {
        let is_open = self.0.status == Status::Asked && ctx.data_unchecked::<Actor>().member().is_ok();
        if is_open { vec![PromiseQuestionAction::Answer] } else { Vec::new() }
    }
}
