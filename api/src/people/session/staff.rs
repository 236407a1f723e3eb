//! Staff sign in with e-mail and password.

use std::time::Duration;

use entity::staff::{self, StaffStatus};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{SignedIn, Whose, open};
use crate::app::App;
use crate::base::crypto::sha256;
use crate::error::{Code, Detail, Error, Fault, Refusal, Result};
use crate::people::actor::{Actor, ClientIp, StaffActor};
use crate::people::lockout::Attempts;
use crate::people::{password, query, team};

/// Attempts an address may make at once; it regains one every few seconds.
const ATTEMPTS_AT_ONCE: u32 = 40;
/// How long attempts on an account that does not exist are remembered.
const REMEMBER: Duration = Duration::from_secs(24 * 60 * 60);

/// Signs staff in. A wrong password, an unknown or disabled account and an unknown brand get the
/// same answer after the same work, and are locked out alike.
pub async fn sign_in(app: &App, ip: ClientIp, slug: &str, email: &str, password: &str) -> Result<SignedIn> {
    limit_address(app, ip).await?;
    let email = team::normalise_email(email);
    let account = find(app, slug, &email).await?;
    match &account {
        Some(account) => count(app, account).await?,
        None => count_unknown(app, slug, &email).await?,
    }
    let is_right = password::verify(password, account.as_ref().map(|account| &*account.password_hash)).await?;
    let account = &account.filter(|_| is_right).ok_or_else(wrong)?;
    app.write(account.brand_id, |tx| async move {
        let forgiven = staff::Entity::update_many()
            .col_expr(staff::Column::FailedAttempts, Expr::value(0))
            .col_expr(staff::Column::LockedUntil, Expr::value(None::<chrono::DateTime<chrono::Utc>>))
            .filter(staff::Column::BrandId.eq(account.brand_id))
            .filter(staff::Column::Id.eq(account.id))
            .filter(staff::Column::Status.eq(StaffStatus::Active))
            .filter(staff::Column::PasswordHash.eq(&account.password_hash))
            .exec(tx.conn())
            .await?;
        if forgiven.rows_affected != 1 {
            return Err(wrong());
        }
        let (session_id, tokens) = open(app, &tx, Whose::Staff(account.id)).await?;
        let actor = StaffActor { brand_id: account.brand_id, id: account.id, session_id, role: account.role };
        Ok(SignedIn { actor: Actor::Staff(actor), tokens, is_new: false })
    })
    .await
}

async fn find(app: &App, slug: &str, email: &str) -> Result<Option<staff::Model>> {
    let brand = match query::brand_by_slug(app.db.read(), slug).await {
        Ok(brand) => brand,
        Err(Error::Fault(Fault::NotFound(_))) => return Ok(None),
        Err(error) => return Err(error),
    };
    let found = staff::Entity::find()
        .filter(staff::Column::BrandId.eq(brand.id))
        .filter(staff::Column::Email.eq(email))
        .filter(staff::Column::Status.eq(StaffStatus::Active));
    Ok(found.one(app.db.read()).await?)
}

async fn limit_address(app: &App, ip: ClientIp) -> Result<()> {
    let key = match ip.0 {
        Some(ip) => format!("sign-in:{ip}"),
        None => "sign-in:unknown".to_owned(),
    };
    let cost = app.config.rate_burst.get() / ATTEMPTS_AT_ONCE;
    app.limiter.take(&key, cost).await.map_err(|wait| {
        let wait = chrono::Duration::from_std(wait.0).unwrap_or(chrono::Duration::hours(1));
        locked(app.clock.now() + wait)
    })
}

/// Counts an attempt on the account before its password is looked at.
async fn count(app: &App, account: &staff::Model) -> Result<()> {
    let (brand_id, id) = (account.brand_id, account.id);
    app.write(brand_id, |tx| async move {
        let now = query::staff(tx.conn(), brand_id, id).await?;
        let before = Attempts { failed: now.failed_attempts, locked_until: now.locked_until };
        let after = before.count(tx.now()).map_err(locked)?;
        if swap(tx.conn(), brand_id, id, before, after).await? {
            return Ok(());
        }
        // Others are guessing at the same moment; whoever loses the count does not get to guess.
        Err(Fault::Unavailable("attempts on one account at the same time".into()).into())
    })
    .await
}

async fn swap(db: &impl ConnectionTrait, brand_id: Uuid, id: Uuid, before: Attempts, after: Attempts) -> Result<bool> {
    let swapped = staff::Entity::update_many()
        .col_expr(staff::Column::FailedAttempts, Expr::value(after.failed))
        .col_expr(staff::Column::LockedUntil, Expr::value(after.locked_until))
        .filter(staff::Column::BrandId.eq(brand_id))
        .filter(staff::Column::Id.eq(id))
        .filter(staff::Column::FailedAttempts.eq(before.failed))
        .exec(db)
        .await?;
    Ok(swapped.rows_affected == 1)
}

/// The same rule for an account that does not exist, so that a lock-out does not tell which do. Kept
/// in the cache: losing it locks nobody in or out.
async fn count_unknown(app: &App, slug: &str, email: &str) -> Result<()> {
    let key = format!("sign-in:{}", hex::encode(sha256(format!("{slug}\n{email}").as_bytes())));
    let before = app.cache.get(&key).await.and_then(|kept| serde_json::from_slice::<Attempts>(&kept).ok());
    let after = before.unwrap_or_default().count(app.clock.now()).map_err(locked)?;
    let kept = serde_json::to_vec(&after).expect("plain data serialises");
    app.cache.put(&key, kept.into(), REMEMBER).await;
    Ok(())
}

fn wrong() -> Error {
    Refusal::new(
        Code::BadCredentials,
        "Brand, e-mail or password is wrong. The owner of the brand can make a new account.",
        "品牌、邮箱或密码有误；品牌所有者可以新建账号。",
    )
    .into()
}

fn locked(until: chrono::DateTime<chrono::Utc>) -> Error {
    let at = until.format("%H:%M UTC");
    Refusal::new(
        Code::LockedOut,
        format!("Too many attempts to sign in; try again after {at}."),
        format!("登录尝试次数过多，请于 {at} 之后重试。"),
    )
    .detail(Detail::LockedOut { until })
    .into()
}
