//! Puts open checks to WeChat, outside any transaction.

use entity::member;
use entity::security_check::{self, SecurityCheckVerdict};
use entity::tryon::{self, TryonStatus};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use super::verdict::{self, Decision};
use crate::app::App;
use crate::error::{Error, Result};
use crate::flow::tryon::query;
use crate::flow::tryon::service::{VERDICT_TIMER, VERDICT_WAIT};
use crate::people;
use crate::storage::{Rendition, graphql as media};
use crate::wechat::{self, Account, MediaType, Scene};

/// Asks WeChat about every open check of the submission that was not asked about yet. Repeating it is
/// harmless. Fails, to be called again, when WeChat cannot answer now; the timer ends that.
pub async fn ask(app: &App, brand_id: Uuid, tryon_id: Uuid) -> Result<()> {
    let db = app.db.read();
    let tryon = query::find(db, brand_id, tryon_id).await?;
    let mut open = query::checks_of(db, brand_id, tryon_id, tryon.revision).await?;
    open.retain(|check| check.verdict == SecurityCheckVerdict::Pending && check.trace_id.is_none());
    if tryon.status != TryonStatus::Submitted || open.is_empty() {
        return Ok(());
    }
    let koc = member::Entity::find_by_id((brand_id, tryon.koc_member_id)).one(db).await?;
    let koc = koc.ok_or_else(|| Error::not_found("member"))?;
    let account = people::wechat::account(app, brand_id).await?;
    let mut failure = None;
    for check in &open {
        let outcome = match check.media_id {
            None => ask_about_words(app, &account, &koc.openid, &tryon, check).await,
            Some(media_id) => ask_about_picture(app, &account, &koc.openid, check, media_id).await,
        };
        failure = outcome.err().or(failure);
    }
    failure.map_or(Ok(()), Err)
}

async fn ask_about_words(
    app: &App,
    account: &Account,
    openid: &str,
    tryon: &tryon::Model,
    check: &security_check::Model,
) -> Result<()> {
    let parts = [Some(tryon.body.as_str()), tryon.cons.as_deref(), tryon.size_worn.as_deref()];
    let words = parts.into_iter().flatten().collect::<Vec<_>>().join("\n");
    match app.wechat.check_text(account, openid, Scene::Forum, &words).await {
        Ok(answer) => {
            let decision = Decision {
                verdict: verdict::of_suggest(answer.suggest),
                label: Some(answer.label),
                trace_id: (!answer.trace_id.is_empty()).then_some(answer.trace_id),
            };
            verdict::decide(app, check, &decision).await
        }
        Err(error) => give_up_or_retry(app, check, error).await,
    }
}

async fn ask_about_picture(
    app: &App,
    account: &Account,
    openid: &str,
    check: &security_check::Model,
    media_id: Uuid,
) -> Result<()> {
    let address = media::address(app, check.brand_id, media_id, Rendition::Large);
    match app.wechat.check_media(account, openid, &address, MediaType::Image, Scene::Forum).await {
        Ok(trace_id) => remember_trace(app, check, &trace_id).await,
        Err(error) => give_up_or_retry(app, check, error).await,
    }
}

/// Notes the trace by which WeChat will name the check. The event makes the worker look for a verdict
/// that came before this was committed.
pub async fn remember_trace(app: &App, check: &security_check::Model, trace_id: &str) -> Result<()> {
    let (brand_id, id) = (check.brand_id, check.id);
    app.write(brand_id, |tx| async move {
        let noted = security_check::Entity::update_many()
            .col_expr(security_check::Column::TraceId, Expr::value(trace_id))
            .col_expr(security_check::Column::Attempts, Expr::col(security_check::Column::Attempts).add(1))
            .filter(security_check::Column::BrandId.eq(brand_id))
            .filter(security_check::Column::Id.eq(id))
            .filter(security_check::Column::Verdict.eq(SecurityCheckVerdict::Pending))
            .filter(security_check::Column::TraceId.is_null())
            .exec(tx.conn())
            .await?;
        if noted.rows_affected == 1 {
            tx.emit("security_check", id, "asked", json!({ "trace_id": trace_id })).await?;
            tx.set_timer(VERDICT_TIMER, check.subject_id, tx.now() + VERDICT_WAIT).await?;
        }
        Ok(())
    })
    .await
}

/// No verdict was had. What may work later, or after a person mended the settings, is tried again
/// until the timer ends it; what never will (the KOC was away for two hours, say) goes to a person.
async fn give_up_or_retry(app: &App, check: &security_check::Model, error: wechat::Error) -> Result<()> {
    if error.is_transient() || error.is_alarm() {
        return Err(anyhow::Error::new(error).context("asking WeChat about content").into());
    }
    tracing::warn!(check = %check.id, %error, "WeChat does not check this content");
    let decision = Decision { verdict: SecurityCheckVerdict::Error, label: None, trace_id: None };
    verdict::decide(app, check, &decision).await
}
