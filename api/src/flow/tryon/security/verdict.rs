//! Verdicts come in, and what they add up to is put on the post.

use entity::security_check::{self, SecurityCheckVerdict};
use entity::tryon;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::json;
use uuid::Uuid;

use super::{overall, to_media, to_text};
use crate::app::App;
use crate::base::tx::{By, Move, Tx};
use crate::error::Result;
use crate::flow::tryon::query::{self, SUBJECT};
use crate::flow::tryon::rules::{self, Event};
use crate::flow::tryon::service::VERDICT_TIMER;
use crate::wechat::Suggest;

/// How often a picture is put to WeChat before a person has to look at it.
const ASKS: i32 = 2;
/// What the KOC reads when WeChat calls her post risky.
const REJECTED: &str = "内容安全检测未通过，请修改文字或图片后重新提交。(The content check did not pass; change the words or pictures and hand in again.)";

/// The end of one check.
pub(super) struct Decision {
    pub verdict: SecurityCheckVerdict,
    /// WeChat's class of content.
    pub label: Option<i32>,
    pub trace_id: Option<String>,
}

pub(super) fn of_suggest(suggest: Suggest) -> SecurityCheckVerdict {
    match suggest {
        Suggest::Pass => SecurityCheckVerdict::Pass,
        Suggest::Review => SecurityCheckVerdict::Review,
        Suggest::Risky => SecurityCheckVerdict::Risky,
    }
}

/// Ends one check in a transaction of its own.
pub(super) async fn decide(app: &App, check: &security_check::Model, decision: &Decision) -> Result<()> {
    app.write(check.brand_id, |tx| async move { settle(&tx, check, decision).await }).await
}

/// A verdict pushed by WeChat; without `suggest` it could not check the picture. False when no check
/// has this trace, or none has it yet.
pub async fn on_push(tx: &Tx, trace_id: &str, suggest: Option<Suggest>, label: i32) -> Result<bool> {
    let check = security_check::Entity::find()
        .filter(security_check::Column::BrandId.eq(tx.brand_id()))
        .filter(security_check::Column::TraceId.eq(trace_id))
        .filter(security_check::Column::SubjectKind.eq(SUBJECT))
        .one(tx.conn())
        .await?;
    let Some(check) = check else { return Ok(false) };
    match suggest {
        None if check.attempts < ASKS => ask_again(tx, &check).await?,
        None => settle(tx, &check, &unchecked()).await?,
        Some(suggest) => {
            let decision = Decision { verdict: of_suggest(suggest), label: Some(label), trace_id: None };
            settle(tx, &check, &decision).await?;
        }
    }
    Ok(true)
}

/// Nothing came in time: what is still open counts as unchecked.
pub async fn on_timeout(app: &App, brand_id: Uuid, tryon_id: Uuid) -> Result<()> {
    app.write(brand_id, |tx| async move {
        let tryon = query::find(tx.conn(), brand_id, tryon_id).await?;
        for check in query::checks_of(tx.conn(), brand_id, tryon_id, tryon.revision).await? {
            if check.verdict == SecurityCheckVerdict::Pending {
                settle(&tx, &check, &unchecked()).await?;
            }
        }
        Ok(())
    })
    .await
}

fn unchecked() -> Decision {
    Decision { verdict: SecurityCheckVerdict::Error, label: None, trace_id: None }
}

/// Forgets the trace, so that the worker asks under a new one.
async fn ask_again(tx: &Tx, check: &security_check::Model) -> Result<()> {
    let reopened = security_check::Entity::update_many()
        .col_expr(security_check::Column::TraceId, Expr::value(None::<String>))
        .filter(security_check::Column::BrandId.eq(check.brand_id))
        .filter(security_check::Column::Id.eq(check.id))
        .filter(security_check::Column::Verdict.eq(SecurityCheckVerdict::Pending))
        .filter(security_check::Column::TraceId.eq(check.trace_id.clone()))
        .exec(tx.conn())
        .await?;
    if reopened.rows_affected == 1 {
        tx.emit("tryon", check.subject_id, "check_failed", json!({})).await?;
    }
    Ok(())
}

/// Ends an open check. A verdict that comes after we gave up waiting still counts.
async fn settle(tx: &Tx, check: &security_check::Model, decision: &Decision) -> Result<()> {
    queue_up(tx, check).await?;
    let mut row = security_check::ActiveModel {
        verdict: Set(decision.verdict),
        label: Set(decision.label),
        decided_at: Set(Some(tx.now())),
        ..Default::default()
    };
    if decision.trace_id.is_some() {
        row.trace_id = Set(decision.trace_id.clone());
    }
    let open = [SecurityCheckVerdict::Pending, SecurityCheckVerdict::Error];
    let settled = security_check::Entity::update_many()
        .set(row)
        .filter(security_check::Column::BrandId.eq(check.brand_id))
        .filter(security_check::Column::Id.eq(check.id))
        .filter(security_check::Column::Verdict.is_in(open))
        .exec(tx.conn())
        .await?;
    if settled.rows_affected == 1 { add_up(tx, check).await } else { Ok(()) }
}

/// Writes the post's row before its checks are read: two verdicts that come at once then wait for each
/// other, and the second to add up sees the first.
async fn queue_up(tx: &Tx, check: &security_check::Model) -> Result<()> {
    tryon::Entity::update_many()
        .col_expr(tryon::Column::Revision, Expr::col(tryon::Column::Revision))
        .filter(tryon::Column::BrandId.eq(check.brand_id))
        .filter(tryon::Column::Id.eq(check.subject_id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Puts what the checks add up to on the post, and hides it when that is risky.
async fn add_up(tx: &Tx, check: &security_check::Model) -> Result<()> {
    let mut tryon = query::find(tx.conn(), check.brand_id, check.subject_id).await?;
    if tryon.revision != check.revision {
        return Ok(());
    }
    let checks = query::checks_of(tx.conn(), tryon.brand_id, tryon.id, tryon.revision).await?;
    let (words, media): (Vec<_>, Vec<_>) = checks.iter().partition(|check| check.media_id.is_none());
    let sum = |checks: Vec<&security_check::Model>| {
        rules::worst(checks.into_iter().map(|check| check.verdict)).unwrap_or(SecurityCheckVerdict::Pending)
    };
    (tryon.text_verdict, tryon.media_verdict) = (to_text(sum(words)), to_media(sum(media)));
    tryon::Entity::update_many()
        .set(tryon::ActiveModel {
            text_verdict: Set(tryon.text_verdict),
            media_verdict: Set(tryon.media_verdict),
            ..Default::default()
        })
        .filter(tryon::Column::BrandId.eq(tryon.brand_id))
        .filter(tryon::Column::Id.eq(tryon.id))
        .filter(tryon::Column::Revision.eq(tryon.revision))
        .exec(tx.conn())
        .await?;
    if checks.iter().all(|check| check.verdict != SecurityCheckVerdict::Pending) {
        tx.cancel_timer(VERDICT_TIMER, tryon.id).await?;
    }
    if overall(&tryon) == SecurityCheckVerdict::Risky { reject(tx, &tryon).await } else { Ok(()) }
}

/// Takes a risky post out of sight, wherever it has got to. The checks stay as evidence.
async fn reject(tx: &Tx, tryon: &tryon::Model) -> Result<()> {
    let Some(to) = rules::next(tryon.status, Event::Reject) else { return Ok(()) };
    let moved = tryon::Entity::update_many()
        .set(tryon::ActiveModel { status: Set(to), review_note: Set(Some(REJECTED.to_owned())), ..Default::default() })
        .filter(tryon::Column::BrandId.eq(tryon.brand_id))
        .filter(tryon::Column::Id.eq(tryon.id))
        .filter(tryon::Column::Status.eq(tryon.status))
        .exec(tx.conn())
        .await?;
    if moved.rows_affected == 0 {
        return Ok(());
    }
    let step = Move {
        kind: "tryon",
        id: tryon.id,
        from: Some(tryon.status),
        to,
        event: "rejected",
        by: By::WECHAT,
        why: Some("content check: risky"),
    };
    tx.moved(step, json!({ "koc_member_id": tryon.koc_member_id })).await
}
