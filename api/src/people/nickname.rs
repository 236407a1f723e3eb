//! Nicknames: typed by members, shown to others after WeChat's content check.

use entity::member::{self, MemberNicknameVerdict, MemberStatus};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use super::actor::Actor;
use super::{query, wechat as account};
use crate::app::App;
use crate::base::fresh::Subject;
use crate::base::text;
use crate::base::tx::Tx;
use crate::error::{Error, Result};
use crate::wechat::{self, Scene, Suggest};

/// WeChat allows 32 characters in its own nicknames.
pub const MAX_CHARS: usize = 32;

/// Changes the caller's nickname; others see it once it passed the check.
pub async fn change(app: &App, actor: &Actor, typed: &str) -> Result<member::Model> {
    let (brand_id, id) = (actor.member()?.brand_id, actor.member()?.id);
    let nickname = &text::required("nickname", typed, MAX_CHARS)?;
    app.write(brand_id, |tx| async move {
        let member = query::member(tx.conn(), brand_id, id).await?;
        offer(&tx, &member, Some(nickname)).await?;
        query::member(tx.conn(), brand_id, id).await
    })
    .await
}

/// Takes a nickname over when it differs, and asks for the check of one that still waits for it.
pub(super) async fn offer(tx: &Tx, member: &member::Model, nickname: Option<&str>) -> Result<()> {
    let is_new = nickname.is_some() && nickname != member.nickname.as_deref();
    if is_new {
        member::Entity::update_many()
            .col_expr(member::Column::Nickname, Expr::value(nickname.map(str::to_owned)))
            .col_expr(member::Column::NicknameVerdict, Expr::value(MemberNicknameVerdict::Pending))
            .filter(member::Column::BrandId.eq(member.brand_id))
            .filter(member::Column::Id.eq(member.id))
            .filter(member::Column::Status.eq(MemberStatus::Active))
            .exec(tx.conn())
            .await?;
    }
    let waits = member.nickname.is_some() && member.nickname_verdict == MemberNicknameVerdict::Pending;
    if is_new || waits {
        // Under an id of its own: events of one aggregate wait for each other, and a check that WeChat
        // keeps putting off must not hold up the member's other news, a withdrawn consent above all.
        tx.emit("nickname", tx.new_id(), "offered", json!({ "member_id": member.id })).await?;
    }
    Ok(())
}

/// Asks WeChat about a waiting nickname. When it changed meanwhile the verdict is dropped: the
/// change has an event of its own. A member who has not been here for two hours cannot be checked;
/// her nickname waits for her next sign-in. One that WeChat will not check goes to a person.
pub(super) async fn check(app: &App, brand_id: Uuid, member_id: Uuid) -> Result<()> {
    let member = match query::member(app.db.read(), brand_id, member_id).await {
        Err(Error::Fault(crate::error::Fault::NotFound(_))) => return Ok(()),
        found => found?,
    };
    let Some(nickname) = &member.nickname else { return Ok(()) };
    if member.nickname_verdict != MemberNicknameVerdict::Pending {
        return Ok(());
    }
    let account = account::account(app, brand_id).await?;
    let verdict = match app.wechat.check_text(&account, &member.openid, Scene::Profile, nickname).await {
        Ok(verdict) => verdict.suggest,
        Err(wechat::Error::UserInactive) => return Ok(()),
        Err(error) if error.is_transient() => return Err(account::failed(error)),
        Err(error) => {
            tracing::error!(%member_id, %error, "a nickname cannot be checked by WeChat");
            Suggest::Review
        }
    };
    let verdict = match verdict {
        Suggest::Pass => MemberNicknameVerdict::Pass,
        Suggest::Review => MemberNicknameVerdict::Review,
        Suggest::Risky => MemberNicknameVerdict::Risky,
    };
    app.write(brand_id, |tx| async move {
        member::Entity::update_many()
            .col_expr(member::Column::NicknameVerdict, Expr::value(verdict))
            .filter(member::Column::BrandId.eq(brand_id))
            .filter(member::Column::Id.eq(member_id))
            .filter(member::Column::Nickname.eq(nickname))
            .filter(member::Column::NicknameVerdict.eq(MemberNicknameVerdict::Pending))
            .exec(tx.conn())
            .await?;
        // KOCs are named beside their posts, which are remembered until the brand's news.
        tx.touch(Subject::Reads(brand_id));
        Ok(())
    })
    .await
}
