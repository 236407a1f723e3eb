//! From a bearer token to an [`Actor`], in one statement. Not cached, so that a revoked session or key
//! is refused at once by every process.

use chrono::{DateTime, Duration, Utc};
use entity::factory_key;
use entity::member::MemberGrade;
use entity::staff::StaffRole;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::actor::{Actor, FactoryActor, MemberActor, StaffActor};
use super::token::{self, Token};
use crate::app::App;
use crate::base::db::sql;
use crate::error::{Fault, Result};

/// Coarse, so that a factory that polls does not write with each request.
const USE_RECORDED_EVERY: Duration = Duration::hours(1);

/// Without a token the actor is anonymous; a token that is unknown, ended or revoked is refused
/// rather than treated as none, so that a client learns that it must sign in again.
pub async fn authenticate(app: &App, bearer: Option<&str>) -> Result<Actor> {
    let Some(bearer) = bearer else { return Ok(Actor::Anonymous) };
    match token::read(bearer).ok_or(Fault::Unauthenticated)? {
        Token::Session { brand_id, hash } => session(app, brand_id, hash).await,
        Token::Factory { factory_id, key_id, hash } => factory(app, factory_id, key_id, hash).await,
    }
}

async fn session(app: &App, brand_id: Uuid, hash: Vec<u8>) -> Result<Actor> {
    let statement = sql(
        app.db.backend(),
        "select s.id, s.member_id, s.staff_id, m.grade, t.role from session s \
         join brand b on b.id = s.brand_id and b.status = 'active' \
         left join member m on m.brand_id = s.brand_id and m.id = s.member_id and m.status = 'active' \
         left join staff t on t.brand_id = s.brand_id and t.id = s.staff_id and t.status = 'active' \
         where s.brand_id = $1 and s.token_hash = $2 and s.revoked_at is null and s.expires_at > $3",
        [brand_id.into(), hash.into(), app.clock.now().into()],
    );
    let row = app.db.read().query_one_raw(statement).await?.ok_or(Fault::Unauthenticated)?;
    let session_id = row.try_get("", "id")?;
    let grade: Option<String> = row.try_get("", "grade")?;
    let role: Option<String> = row.try_get("", "role")?;
    if let (Some(grade), Some(id)) = (grade, row.try_get("", "member_id")?) {
        let is_koc = MemberGrade::try_from_value(&grade)? == MemberGrade::Koc;
        return Ok(Actor::Member(MemberActor { brand_id, id, session_id, is_koc }));
    }
    if let (Some(role), Some(id)) = (role, row.try_get("", "staff_id")?) {
        let role = StaffRole::try_from_value(&role)?;
        return Ok(Actor::Staff(StaffActor { brand_id, id, session_id, role }));
    }
    Err(Fault::Unauthenticated.into())
}

async fn factory(app: &App, factory_id: Uuid, key_id: Uuid, hash: Vec<u8>) -> Result<Actor> {
    let statement = sql(
        app.db.backend(),
        "select k.last_used_at from factory_key k join factory f on f.id = k.factory_id and f.status = 'active' \
         where k.factory_id = $1 and k.id = $2 and k.secret_hash = $3 and k.revoked_at is null \
         and (k.expires_at is null or k.expires_at > $4)",
        [factory_id.into(), key_id.into(), hash.into(), app.clock.now().into()],
    );
    let row = app.db.read().query_one_raw(statement).await?.ok_or(Fault::Unauthenticated)?;
    let last_used: Option<DateTime<Utc>> = row.try_get("", "last_used_at")?;
    if last_used.is_none_or(|at| at < app.clock.now() - USE_RECORDED_EVERY) {
        record_use(app, factory_id, key_id).await;
    }
    Ok(Actor::Factory(FactoryActor { id: factory_id, key_id }))
}

/// Best effort: a request is not refused because its time could not be noted.
async fn record_use(app: &App, factory_id: Uuid, key_id: Uuid) {
    let noted = app
        .write(factory_id, |tx| async move {
            factory_key::Entity::update_many()
                .col_expr(factory_key::Column::LastUsedAt, Expr::value(tx.now()))
                .filter(factory_key::Column::FactoryId.eq(factory_id))
                .filter(factory_key::Column::Id.eq(key_id))
                .exec(tx.conn())
                .await?;
            Ok(())
        })
        .await;
    if let Err(error) = noted {
        tracing::warn!(%error, "the use of a factory key was not noted");
    }
}
