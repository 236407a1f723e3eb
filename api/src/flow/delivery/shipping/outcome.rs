//! What came of a try is written down, unless the record was changed meanwhile.

use entity::shipping_record::{
    Column, Entity, Model, ShippingRecordProblem as Problem, ShippingRecordStatus as Status,
};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, UpdateMany};

use super::settle::{self, How};
use super::{POLL, UPLOAD, rules};
use crate::app::App;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::wechat::shipping::OrderState;

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// WeChat has it; how often it took a complete content, when that is known.
    Taken { completions: Option<i32> },
    /// The same again later. `in_doubt`: it may have been taken.
    Later { words: String, in_doubt: bool },
    /// No repetition helps.
    Stuck(Problem, String),
    /// The money went back.
    Refunded,
    /// The money has settled meanwhile.
    Settled,
}

impl Verdict {
    /// Nothing was done.
    pub fn later(words: &str) -> Self {
        Verdict::Later { words: words.to_owned(), in_doubt: false }
    }
}

/// Complete contents that WeChat took of a payment.
pub fn completions(known: &OrderState) -> Option<i32> {
    known.shipping.as_ref().and_then(|shipping| i32::try_from(shipping.completions).ok())
}

pub async fn apply(app: &App, record: &Model, verdict: Verdict) -> Result<()> {
    let verdict = &verdict;
    app.write(record.brand_id, |tx| async move {
        match verdict {
            Verdict::Taken { completions } => taken(&tx, record, *completions).await,
            Verdict::Later { words, in_doubt } => later(&tx, record, words, *in_doubt).await,
            Verdict::Stuck(problem, words) => stuck(&tx, record, *problem, words).await,
            Verdict::Refunded => settle::refunded(&tx, record).await,
            Verdict::Settled => settle::settled(&tx, record, &How::unknown(tx.now())).await,
        }
    })
    .await
}

async fn taken(tx: &Tx, record: &Model, completions: Option<i32>) -> Result<()> {
    let is_new = record.is_complete && record.taken.as_ref() != Some(&record.content);
    let counted = completions.unwrap_or(record.completions + i32::from(is_new));
    let completions = Ord::max(counted, record.completions);
    let noted = this_version(record)
        .col_expr(Column::Status, Expr::value(Status::Uploaded))
        .col_expr(Column::Taken, Expr::value(record.content.clone()))
        .col_expr(Column::Completions, Expr::value(completions))
        .col_expr(Column::InDoubt, Expr::value(false))
        .col_expr(Column::Tries, Expr::value(0))
        .col_expr(Column::LastError, Expr::value(None::<String>))
        .col_expr(Column::UploadedAt, Expr::value(tx.now()))
        .exec(tx.conn())
        .await?;
    // Under a later version it stays in doubt what WeChat has: that one's upload asks first.
    if noted.rows_affected == 1 && record.is_complete {
        tx.set_timer(POLL, record.attempt_id, tx.now() + rules::POLL_EVERY).await?;
    }
    Ok(())
}

async fn later(tx: &Tx, record: &Model, words: &str, in_doubt: bool) -> Result<()> {
    let noted = this_version(record)
        .col_expr(Column::InDoubt, Expr::value(in_doubt))
        .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
        .col_expr(Column::LastError, Expr::value(words))
        .exec(tx.conn())
        .await?;
    if noted.rows_affected == 1 {
        tx.set_timer(UPLOAD, record.attempt_id, rules::next_try(record.tries, tx.now())).await?;
    }
    Ok(())
}

async fn stuck(tx: &Tx, record: &Model, problem: Problem, words: &str) -> Result<()> {
    tracing::error!(attempt = %record.attempt_id, words, "shipping information needs a person");
    this_version(record)
        .col_expr(Column::Status, Expr::value(Status::Stuck))
        .col_expr(Column::Problem, Expr::value(problem))
        .col_expr(Column::InDoubt, Expr::value(false))
        .col_expr(Column::LastError, Expr::value(words))
        .exec(tx.conn())
        .await?;
    Ok(())
}

fn this_version(record: &Model) -> UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::BrandId.eq(record.brand_id))
        .filter(Column::AttemptId.eq(record.attempt_id))
        .filter(Column::Version.eq(record.version))
        .filter(Column::Status.eq(Status::Pending))
}
