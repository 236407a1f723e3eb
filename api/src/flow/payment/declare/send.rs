//! Telling WeChat.

use entity::presale_declaration::{Column, Entity, Model, PresaleDeclarationStatus as Status};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::DECLARE;
use crate::app::App;
use crate::error::Result;
use crate::flow::payment::{query, rules};
use crate::people::wechat::account;
use crate::wechat::Error as WechatError;
use crate::wechat::shipping::DeclareOutcome;

/// What became of a try.
enum Verdict {
    Declared,
    /// The money is back, or on its way.
    Refunded,
    /// The same again later: it changes nothing that it may have been taken.
    Later(String),
    /// No repetition cures it.
    Refused(String),
}

/// Timer `payment.declare`.
pub(in crate::flow::payment) async fn send(app: &App, brand_id: Uuid, attempt_id: Uuid) -> Result<()> {
    let found = Entity::find_by_id((brand_id, attempt_id)).one(app.db.read()).await?;
    let Some(declaration) = found.filter(|found| found.status == Status::Pending) else { return Ok(()) };
    let verdict = declare(app, &declaration).await?;
    note(app, &declaration, &verdict).await
}

async fn declare(app: &App, declaration: &Model) -> Result<Verdict> {
    let attempt = query::attempt(app.db.read(), declaration.brand_id, declaration.attempt_id).await?;
    if attempt.refunded >= attempt.amount {
        return Ok(Verdict::Refunded);
    }
    let account = account(app, declaration.brand_id).await?;
    let paid_at = attempt.paid_at.unwrap_or(declaration.created_at);
    let said = app.wechat.declare_presale(&account, &attempt.out_trade_no, paid_at, declaration.promised_at).await;
    Ok(match said {
        Ok(DeclareOutcome::Declared) => Verdict::Declared,
        Ok(DeclareOutcome::NotYetKnown) => Verdict::Later("WeChat does not know the payment yet".to_owned()),
        Ok(DeclareOutcome::RetryLater) => Verdict::Later("WeChat is busy or cannot be reached".to_owned()),
        Ok(DeclareOutcome::Unknown) => Verdict::Later("WeChat gave no usable answer".to_owned()),
        Ok(DeclareOutcome::Rejected { code, msg }) => Verdict::Refused(format!("{code}: {msg}")),
        Err(error) => failed(declaration, &error),
    })
}

/// Wrong settings ring the alarm and are tried again, since a person will set them right.
fn failed(declaration: &Model, error: &WechatError) -> Verdict {
    if error.is_alarm() {
        tracing::error!(attempt = %declaration.attempt_id, %error, "WeChat takes no declaration");
    }
    match error {
        WechatError::Api { .. } | WechatError::Invalid(_) => Verdict::Refused(error.to_string()),
        _ => Verdict::Later(error.to_string()),
    }
}

/// Writes it down, unless another date is to be declared by now.
async fn note(app: &App, declaration: &Model, verdict: &Verdict) -> Result<()> {
    app.write(declaration.brand_id, |tx| async move {
        let (status, words) = match verdict {
            Verdict::Declared => (Status::Declared, None),
            Verdict::Refunded => (Status::Refunded, None),
            Verdict::Later(words) => (Status::Pending, Some(words)),
            Verdict::Refused(words) => (Status::Refused, Some(words)),
        };
        let declared_at = (status == Status::Declared).then(|| tx.now());
        let noted = Entity::update_many()
            .col_expr(Column::Status, Expr::value(status))
            .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
            .col_expr(Column::LastError, Expr::value(words.cloned()))
            .col_expr(Column::DeclaredAt, Expr::value(declared_at))
            .filter(Column::BrandId.eq(tx.brand_id()))
            .filter(Column::AttemptId.eq(declaration.attempt_id))
            .filter(Column::Status.eq(Status::Pending))
            .filter(Column::PromisedAt.eq(declaration.promised_at))
            .exec(tx.conn())
            .await?;
        if noted.rows_affected == 1 && status == Status::Pending {
            let next = rules::next_refund_poll(declaration.tries, tx.now());
            tx.set_timer(DECLARE, declaration.attempt_id, next).await?;
        }
        Ok(())
    })
    .await
}
