//! What the brand's people and buyers send.

use async_graphql::InputObject;
use chrono::{DateTime, NaiveDate, Utc};

use super::super::service::answer::Answer;
use super::super::service::change::Change;
use super::view::PromiseSilence;
use crate::base::id::{PresaleId, PromiseQuestionId};

/// A later ship-by date of a presale.
#[derive(InputObject)]
pub struct ChangePromiseInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// An open, closed or succeeded presale.
    pub presale_id: PresaleId,
    /// Later than the date that is promised now, at most 330 days after the presale opened.
    pub promise_date: NaiveDate,
    /// Why it ships later, up to 200 characters; buyers read it.
    pub reason: String,
    /// Until when buyers are to answer: 24 hours to 30 days from now.
    pub answer_by: DateTime<Utc>,
    /// What it means when a buyer has not answered by then; buyers read that too.
    pub if_silent: PromiseSilence,
}

impl From<ChangePromiseInput> for Change {
    fn from(input: ChangePromiseInput) -> Self {
        Change {
            presale_id: input.presale_id.0,
            promise_date: input.promise_date,
            reason: input.reason,
            answer_by: input.answer_by,
            silence: input.if_silent.into(),
        }
    }
}

/// My answer to a later ship-by date.
#[derive(InputObject)]
pub struct AnswerPromiseChangeInput {
    /// 8 to 64 characters of the client's making; a repeat with the same key has no further effect.
    pub idempotency_key: String,
    /// A question about my order.
    pub question_id: PromiseQuestionId,
    /// True to wait for the new date, false to have all my money back.
    pub accept: bool,
}

impl From<AnswerPromiseChangeInput> for Answer {
    fn from(input: AnswerPromiseChangeInput) -> Self {
        Answer { question_id: input.question_id.0, accept: input.accept }
    }
}
