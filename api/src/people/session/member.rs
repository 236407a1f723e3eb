//! Members sign in with the code of `wx.login`.

use entity::member::{self, MemberGrade, MemberNicknameVerdict, MemberStatus};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::{SignedIn, Whose, open};
use crate::app::App;
use crate::base::text;
use crate::base::tx::Tx;
use crate::error::{Code, Error, Fault, Refusal, Result};
use crate::people::actor::{Actor, MemberActor};
use crate::people::{nickname, query, vault, wechat as account};
use crate::wechat::{self, Login};

/// Signs the owner of a login code in; the first time makes her a member. Needs no idempotency key:
/// WeChat takes each code once, and a repeat is refused with the advice to fetch a new one.
pub async fn sign_in(app: &App, slug: &str, code: &str, typed_nickname: Option<&str>) -> Result<SignedIn> {
    let nickname = &text::optional("nickname", typed_nickname, nickname::MAX_CHARS)?;
    let account = account::account_by_slug(app, slug).await?;
    let login = &app.wechat.login(&account, code).await.map_err(refused)?;
    app.write(account.brand_id, |tx| async move {
        let is_new = enter(app, &tx, login).await?;
        let member = query::member_by_openid(tx.conn(), tx.brand_id(), &login.openid)
            .await?
            .ok_or_else(|| anyhow::anyhow!("a member vanished while signing in"))?;
        match member.status {
            MemberStatus::Active => {}
            MemberStatus::Banned => return Err(Fault::Forbidden("this account is banned").into()),
            MemberStatus::Deleted => return Err(Fault::Forbidden("this account is being deleted").into()),
        }
        see(app, &tx, &member, login).await?;
        nickname::offer(&tx, &member, nickname.as_deref()).await?;
        let (session_id, tokens) = open(app, &tx, Whose::Member(member.id)).await?;
        let is_koc = member.grade == MemberGrade::Koc;
        let actor = MemberActor { brand_id: member.brand_id, id: member.id, session_id, is_koc };
        Ok(SignedIn { actor: Actor::Member(actor), tokens, is_new })
    })
    .await
}

/// Writes a member for an openid that has none; false when there is one. The unique index decides
/// between two first sign-ins at once.
async fn enter(app: &App, tx: &Tx, login: &Login) -> Result<bool> {
    if query::member_by_openid(tx.conn(), tx.brand_id(), &login.openid).await?.is_some() {
        return Ok(false);
    }
    let id = tx.new_id();
    let (_, wrapped) = app.keyring.new_data_key(id);
    let row = member::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(id),
        openid: Set(login.openid.clone()),
        unionid: Set(login.unionid.clone()),
        grade: Set(MemberGrade::Member),
        status: Set(MemberStatus::Active),
        nickname: Set(None),
        nickname_verdict: Set(MemberNicknameVerdict::Pending),
        data_key: Set(Some(wrapped)),
        key_id: Set(Some(app.keyring.current_id().to_owned())),
        session_key: Set(None),
        phone: Set(None),
        phone_masked: Set(None),
        last_seen_at: Set(tx.now()),
        created_at: Set(tx.now()),
    };
    let unseen = OnConflict::columns([member::Column::BrandId, member::Column::Openid]).do_nothing().to_owned();
    let written = member::Entity::insert(row).on_conflict(unseen).exec_without_returning(tx.conn()).await?;
    Ok(written == 1)
}

/// Keeps what this login brought: the session key, which replaces the last one, and the time.
async fn see(app: &App, tx: &Tx, member: &member::Model, login: &Login) -> Result<()> {
    let key = vault::data_key_of(&app.keyring, member)?;
    let sealed = key.seal(&vault::session_key_place(member.id), login.session_key.expose_secret().as_bytes());
    member::Entity::update_many()
        .col_expr(member::Column::SessionKey, Expr::value(Some(sealed)))
        .col_expr(member::Column::Unionid, Expr::value(login.unionid.clone().or_else(|| member.unionid.clone())))
        .col_expr(member::Column::LastSeenAt, Expr::value(tx.now()))
        .filter(is(member.brand_id, member.id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

fn is(brand_id: Uuid, id: Uuid) -> sea_orm::Condition {
    sea_orm::Condition::all().add(member::Column::BrandId.eq(brand_id)).add(member::Column::Id.eq(id))
}

fn refused(error: wechat::Error) -> Error {
    match error {
        wechat::Error::CodeInvalid => Refusal::new(
            Code::BadCredentials,
            "This login code is not valid, was used before or is older than five minutes; call wx.login again.",
            "登录凭证无效、已使用或已超过五分钟，请重新调用 wx.login。",
        )
        .field("code")
        .into(),
        wechat::Error::Blocked => Refusal::new(
            Code::BlockedByWechat,
            "WeChat blocks this account's sign-in as high-risk; the account's owner can ask WeChat why.",
            "微信判定该账号存在风险并已拦截登录，请账号所有者联系微信处理。",
        )
        .into(),
        other => account::failed(other),
    }
}
