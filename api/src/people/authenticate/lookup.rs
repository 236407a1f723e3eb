//! Tokens in the database: sessions of a brand together in one statement, a key of a factory by itself.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use entity::factory_key;
use entity::member::MemberGrade;
use entity::staff::StaffRole;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryResult};
use serde_json::json;
use uuid::Uuid;

use super::{Known, Zone};
use crate::app::App;
use crate::base::db::sql;
use crate::base::fresh::{Seen, Subject};
use crate::base::rows::{Kind, bytes, left_join_one, rows};
use crate::error::{Fault, Result};
use crate::people::actor::{Actor, FactoryActor, MemberActor, StaffActor};

/// Coarse, so that a factory that polls does not write with each request.
const USE_RECORDED_EVERY: Duration = Duration::hours(1);

/// The sessions of `hashes` in a brand, each at its place, `UNAUTHENTICATED` for one that opens nothing. One statement.
pub(super) async fn sessions(app: &App, brand_id: Uuid, hashes: &[Vec<u8>]) -> Vec<Result<Arc<Known>>> {
    let seen = app.fresh.seen();
    match rows_of(app, brand_id, hashes).await {
        // One session may ask several times at once.
        Ok(rows) => {
            let known = |row: &QueryResult| known(brand_id, row, seen).map(Arc::new);
            let found: HashMap<_, _> = rows.iter().map(|(hash, row)| (hash, known(row))).collect();
            let one = |hash| match found.get(hash) {
                Some(Ok(known)) => Ok(known.clone()),
                Some(Err(error)) => Err(error.shared()),
                None => Err(Fault::Unauthenticated.into()),
            };
            hashes.iter().map(one).collect()
        }
        Err(error) => hashes.iter().map(|_| Err(error.shared())).collect(),
    }
}

async fn rows_of(app: &App, brand_id: Uuid, hashes: &[Vec<u8>]) -> Result<HashMap<Vec<u8>, QueryResult>> {
    let backend = app.db.backend();
    // Both databases gather strings, under different names.
    let list = match backend {
        DbBackend::Sqlite => "group_concat(hex(g.community_id))",
        _ => "string_agg(cast(g.community_id as text), ',')",
    };
    let text = format!(
        "select s.token_hash, s.id, s.member_id, s.staff_id, s.expires_at, b.time_zone, m.grade, t.role, \
         (select {list} from membership g where g.brand_id = s.brand_id and g.member_id = s.member_id \
          and g.status = 'active') as communities \
         from {} join brand b on b.id = $1 and b.status = 'active' {} {} {} \
         where s.revoked_at is null and s.expires_at > $2",
        rows(backend, 3, &[("hash", Kind::Bytes)]),
        left_join_one(backend, "session", "s", "s.brand_id = $1 and s.token_hash = v.hash"),
        left_join_one(backend, "member", "m", "m.brand_id = $1 and m.id = s.member_id and m.status = 'active'"),
        left_join_one(backend, "staff", "t", "t.brand_id = $1 and t.id = s.staff_id and t.status = 'active'"),
    );
    let asked: serde_json::Value = hashes.iter().map(|hash| json!({ "hash": bytes(hash) })).collect();
    let values = [brand_id.into(), app.clock.now().into(), asked.into()];
    let found = app.db.read().query_all_raw(sql(backend, &text, values)).await?;
    found.into_iter().map(|row| Ok((row.try_get("", "token_hash")?, row))).collect()
}

fn known(brand_id: Uuid, row: &QueryResult, seen: Seen) -> Result<Known> {
    let session_id = row.try_get("", "id")?;
    let ends: DateTime<Utc> = row.try_get("", "expires_at")?;
    let zone = Zone::of(brand_id, &row.try_get::<String>("", "time_zone")?)?;
    let known = |actor: Actor, id, communities| Known {
        actor,
        communities,
        zone: Some(zone),
        ends: Some(ends),
        subjects: vec![Subject::Access(session_id), Subject::Access(id), Subject::Access(brand_id)],
        seen,
    };
    let grade: Option<String> = row.try_get("", "grade")?;
    let role: Option<String> = row.try_get("", "role")?;
    if let (Some(grade), Some(id)) = (grade, row.try_get("", "member_id")?) {
        let is_koc = MemberGrade::try_from_value(&grade)? == MemberGrade::Koc;
        let list: Option<String> = row.try_get("", "communities")?;
        let communities = if is_koc { None } else { Some(communities(list.as_deref().unwrap_or_default())?) };
        return Ok(known(Actor::Member(MemberActor { brand_id, id, session_id, is_koc }), id, communities));
    }
    if let (Some(role), Some(id)) = (role, row.try_get("", "staff_id")?) {
        let role = StaffRole::try_from_value(&role)?;
        return Ok(known(Actor::Staff(StaffActor { brand_id, id, session_id, role }), id, None));
    }
    Err(Fault::Unauthenticated.into())
}

fn communities(list: &str) -> Result<Vec<Uuid>> {
    let ids = list.split(',').filter(|id| !id.is_empty()).map(|id| id.parse::<Uuid>());
    let mut ids = ids.collect::<Result<Vec<_>, _>>().map_err(|error| anyhow::anyhow!("a community's id: {error}"))?;
    ids.sort_unstable();
    Ok(ids)
}

pub(super) async fn factory(app: &App, factory_id: Uuid, key_id: Uuid, hash: Vec<u8>) -> Result<Known> {
    let seen = app.fresh.seen();
    let statement = sql(
        app.db.backend(),
        "select k.last_used_at, k.expires_at from factory_key k \
         join factory f on f.id = k.factory_id and f.status = 'active' \
         where k.factory_id = $1 and k.id = $2 and k.secret_hash = $3 and k.revoked_at is null \
         and (k.expires_at is null or k.expires_at > $4)",
        [factory_id.into(), key_id.into(), hash.into(), app.clock.now().into()],
    );
    let row = app.db.read().query_one_raw(statement).await?.ok_or(Fault::Unauthenticated)?;
    let last_used: Option<DateTime<Utc>> = row.try_get("", "last_used_at")?;
    if last_used.is_none_or(|at| at < app.clock.now() - USE_RECORDED_EVERY) {
        record_use(app, factory_id, key_id).await;
    }
    Ok(Known {
        actor: Actor::Factory(FactoryActor { id: factory_id, key_id }),
        communities: None,
        zone: None,
        ends: row.try_get("", "expires_at")?,
        subjects: vec![Subject::Access(key_id), Subject::Access(factory_id)],
        seen,
    })
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
