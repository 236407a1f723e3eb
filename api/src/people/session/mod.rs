//! Sessions: signing in, going on with new tokens, signing out.
//!
//! ```text
//! session   open → revoked; ends by itself when its refresh token is too old
//! ```
//!
//! Tokens are opaque and random, stored hashed. What they stand for is cached for seconds
//! ([`super::authenticate`]); whatever ends a session touches it, so that it ends everywhere at once.

pub mod member;
pub mod staff;

use chrono::{DateTime, Utc};
use entity::session::{self, SessionActorKind};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use super::actor::Actor;
use super::authenticate::authenticate;
use super::token;
use crate::app::App;
use crate::base::fresh::Subject;
use crate::base::tx::Tx;
use crate::error::{Error, Fault, Result};
use crate::news;

/// What a client gets for signing in. No `Debug`: tokens must not reach a log.
pub struct SignedIn {
    pub actor: Actor,
    pub tokens: Tokens,
    /// True when this sign-in made the member.
    pub is_new: bool,
}

pub struct Tokens {
    pub access: String,
    pub refresh: String,
    /// When the access token ends; the refresh token lives on.
    pub expires_at: DateTime<Utc>,
}

#[derive(Clone, Copy)]
enum Whose {
    Member(Uuid),
    Staff(Uuid),
}

/// Opens a session; its id and tokens.
async fn open(app: &App, tx: &Tx, whose: Whose) -> Result<(Uuid, Tokens)> {
    let id = tx.new_id();
    let (access, token_hash) = token::new_session(tx.brand_id());
    let (refresh, refresh_hash) = token::new_refresh(tx.brand_id());
    let expires_at = tx.now() + app.config.session_life;
    let (actor_kind, member_id, staff_id) = match whose {
        Whose::Member(id) => (SessionActorKind::Member, Some(id), None),
        Whose::Staff(id) => (SessionActorKind::Staff, None, Some(id)),
    };
    let row = session::ActiveModel {
        brand_id: Set(tx.brand_id()),
        id: Set(id),
        token_hash: Set(token_hash),
        refresh_hash: Set(refresh_hash),
        actor_kind: Set(actor_kind),
        member_id: Set(member_id),
        staff_id: Set(staff_id),
        expires_at: Set(expires_at),
        refresh_expires_at: Set(tx.now() + app.config.refresh_life),
        revoked_at: Set(None),
        created_at: Set(tx.now()),
    };
    session::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok((id, Tokens { access, refresh, expires_at }))
}

/// Trades a refresh token for new tokens; both old ones end. A token that was used before, revoked,
/// too old, or whose owner is gone, is `UNAUTHENTICATED`: sign in again.
pub async fn refresh(app: &App, refresh_token: &str) -> Result<SignedIn> {
    let (brand_id, old) = &token::read_refresh(refresh_token).ok_or(Fault::Unauthenticated)?;
    let tokens = app
        .write(*brand_id, |tx| async move {
            let (access, token_hash) = token::new_session(*brand_id);
            let (refresh, refresh_hash) = token::new_refresh(*brand_id);
            let expires_at = tx.now() + app.config.session_life;
            // The condition on the old hash decides between two uses of one token.
            let rotated = session::Entity::update_many()
                .col_expr(session::Column::TokenHash, Expr::value(token_hash))
                .col_expr(session::Column::RefreshHash, Expr::value(refresh_hash))
                .col_expr(session::Column::ExpiresAt, Expr::value(expires_at))
                .col_expr(session::Column::RefreshExpiresAt, Expr::value(tx.now() + app.config.refresh_life))
                .filter(session::Column::BrandId.eq(*brand_id))
                .filter(session::Column::RefreshHash.eq(old.clone()))
                .filter(session::Column::RevokedAt.is_null())
                .filter(session::Column::RefreshExpiresAt.gt(tx.now()))
                .exec_with_returning(tx.conn())
                .await?;
            let [session] = rotated.as_slice() else { return Err(Error::from(Fault::Unauthenticated)) };
            tx.touch(Subject::Access(session.id));
            Ok(Tokens { access, refresh, expires_at })
        })
        .await?;
    let actor = authenticate(app, Some(&tokens.access)).await?;
    Ok(SignedIn { actor, tokens, is_new: false })
}

/// Ends the session of the request. Ending it twice is fine.
pub async fn sign_out(app: &App, actor: &Actor) -> Result<()> {
    let session_id = match actor {
        Actor::Member(member) => member.session_id,
        Actor::Staff(staff) => staff.session_id,
        Actor::Anonymous => return Err(Fault::Unauthenticated.into()),
        Actor::Factory(_) => return Err(Fault::Forbidden("a factory's key ends by rotation").into()),
    };
    app.write(actor.brand_id()?, |tx| async move { revoke(&tx, session::Column::Id, session_id).await }).await
}

pub(super) async fn revoke_of_member(tx: &Tx, member_id: Uuid) -> Result<()> {
    revoke(tx, session::Column::MemberId, member_id).await
}

pub(super) async fn revoke_of_staff(tx: &Tx, staff_id: Uuid) -> Result<()> {
    revoke(tx, session::Column::StaffId, staff_id).await
}

async fn revoke(tx: &Tx, by: session::Column, id: Uuid) -> Result<()> {
    tx.touch(Subject::Access(id));
    session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(tx.now()))
        .filter(session::Column::BrandId.eq(tx.brand_id()))
        .filter(by.eq(id))
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx.conn())
        .await?;
    tx.news(news::rights_of(id));
    Ok(())
}
