//! Factories and their API keys. Both tables are global; a factory's id stands where a brand's would.

use chrono::{DateTime, Duration, Utc};
use entity::factory::{self, FactoryStatus};
use entity::factory_key;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use crate::app::App;
use crate::base::fresh::Subject;
use crate::base::text;
use crate::base::tx::Tx;
use crate::error::{Error, Result};
use crate::news;
use crate::people::token;

/// Enters a factory into the directory; its id.
pub async fn create_factory(app: &App, name: &str, city: &str) -> Result<Uuid> {
    let (name, city) = (&text::required("name", name, 80)?, &text::required("city", city, 40)?);
    let id = app.ids.next();
    app.write(id, |tx| async move {
        let row = factory::ActiveModel {
            id: Set(id),
            name: Set(name.clone()),
            city: Set(city.clone()),
            status: Set(FactoryStatus::Active),
            feed_sequence: Set(0),
            created_at: Set(tx.now()),
        };
        factory::Entity::insert(row).exec_without_returning(tx.conn()).await?;
        Ok(id)
    })
    .await
}

/// Gives a factory a key that ends at `expires_at`, or never: its id and the token, which is shown once
/// and kept only as a hash.
pub async fn create_factory_key(
    app: &App,
    factory_id: Uuid,
    label: &str,
    expires_at: Option<DateTime<Utc>>,
) -> Result<(Uuid, String)> {
    let label = &text::required("label", label, 40)?;
    app.write(factory_id, |tx| async move {
        let found = factory::Entity::find_by_id(factory_id).one(tx.conn()).await?;
        found.ok_or_else(|| Error::not_found("factory"))?;
        insert_key(&tx, factory_id, label, expires_at).await
    })
    .await
}

/// Gives a factory a new key in place of `key_id`, which goes on working for `overlap` so that the
/// factory's programs can be changed one after the other. The new key's id and token.
pub async fn rotate_factory_key(
    app: &App,
    factory_id: Uuid,
    key_id: Uuid,
    overlap: Duration,
) -> Result<(Uuid, String)> {
    app.write(factory_id, |tx| async move {
        let now = tx.now();
        let old = factory_key::Entity::find_by_id((factory_id, key_id))
            .filter(factory_key::Column::RevokedAt.is_null())
            .one(tx.conn())
            .await?
            .filter(|key| key.expires_at.is_none_or(|end| end > now))
            .ok_or_else(|| Error::not_found("factory key"))?;
        let end = old.expires_at.map_or(now + overlap, |end| end.min(now + overlap));
        factory_key::Entity::update_many()
            .col_expr(factory_key::Column::ExpiresAt, Expr::value(end))
            .filter(factory_key::Column::FactoryId.eq(factory_id))
            .filter(factory_key::Column::Id.eq(key_id))
            .exec(tx.conn())
            .await?;
        tx.touch(Subject::Access(key_id));
        tx.news(news::rights_of(key_id));
        insert_key(&tx, factory_id, &old.label, None).await
    })
    .await
}

async fn insert_key(
    tx: &Tx,
    factory_id: Uuid,
    label: &str,
    expires_at: Option<DateTime<Utc>>,
) -> Result<(Uuid, String)> {
    let id = tx.new_id();
    let (token, secret_hash) = token::new_factory_key(factory_id, id);
    let row = factory_key::ActiveModel {
        factory_id: Set(factory_id),
        id: Set(id),
        secret_hash: Set(secret_hash),
        label: Set(label.to_owned()),
        last_used_at: Set(None),
        expires_at: Set(expires_at),
        revoked_at: Set(None),
        created_at: Set(tx.now()),
    };
    factory_key::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok((id, token))
}
