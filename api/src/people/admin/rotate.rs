//! Moving everything that a key of the settings seals to the current one.
//!
//! Only wrapped data keys and brands' secrets are sealed directly, so this touches one small column a
//! member. It goes in batches, each a transaction; when it stops halfway it is simply run again. Once
//! it finds nothing more, an old key can leave the settings.

use entity::{brand_wechat, member};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::app::App;
use crate::base::tx::Tx;
use crate::error::Result;
use crate::people::wechat;

const BATCH: u64 = 200;

/// What one run moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    pub members: u64,
    pub brands: u64,
}

/// Rewraps what is not under the current key yet.
pub async fn rotate_encryption(app: &App) -> Result<Rotated> {
    let mut rotated = Rotated::default();
    let stale = brand_wechat::Entity::find().filter(brand_wechat::Column::KeyId.ne(app.keyring.current_id()));
    for row in stale.all(app.db.read()).await? {
        rotated.brands += app.write(row.brand_id, |tx| reseal(app, tx, row.brand_id)).await?;
    }
    // Brands one after the other: a transaction touches one only.
    while let Some(brand_id) = next_brand(app).await? {
        rotated.members += app.write(brand_id, |tx| rewrap(app, tx, brand_id)).await?;
    }
    Ok(rotated)
}

async fn reseal(app: &App, tx: Tx, brand_id: Uuid) -> Result<u64> {
    let Some(row) = brand_wechat::Entity::find_by_id(brand_id).one(tx.conn()).await? else { return Ok(0) };
    let plain = app.keyring.get(&row.key_id)?.open(&wechat::place(brand_id), &row.secrets)?;
    let sealed = app.keyring.current().seal(&wechat::place(brand_id), &plain);
    let moved = brand_wechat::Entity::update_many()
        .col_expr(brand_wechat::Column::Secrets, Expr::value(sealed))
        .col_expr(brand_wechat::Column::KeyId, Expr::value(app.keyring.current_id()))
        .col_expr(brand_wechat::Column::UpdatedAt, Expr::value(tx.now()))
        .filter(brand_wechat::Column::BrandId.eq(brand_id))
        .filter(brand_wechat::Column::Secrets.eq(row.secrets))
        .exec(tx.conn())
        .await?;
    Ok(moved.rows_affected)
}

async fn next_brand(app: &App) -> Result<Option<Uuid>> {
    let found: Option<Uuid> = member::Entity::find()
        .select_only()
        .column(member::Column::BrandId)
        .filter(member::Column::KeyId.ne(app.keyring.current_id()))
        .limit(1)
        .into_tuple()
        .one(app.db.read())
        .await?;
    Ok(found)
}

async fn rewrap(app: &App, tx: Tx, brand_id: Uuid) -> Result<u64> {
    let stale = member::Entity::find()
        .filter(member::Column::BrandId.eq(brand_id))
        .filter(member::Column::KeyId.ne(app.keyring.current_id()))
        .order_by_asc(member::Column::Id)
        .limit(BATCH);
    let mut moved = 0;
    for row in stale.all(tx.conn()).await? {
        let (Some(wrapped), Some(key_id)) = (row.data_key, row.key_id) else { continue };
        let rewrapped = app.keyring.rewrap_data_key(row.id, &key_id, &wrapped)?;
        // The old blob in the condition: a member shredded meanwhile must not get her key back.
        let done = member::Entity::update_many()
            .col_expr(member::Column::DataKey, Expr::value(Some(rewrapped)))
            .col_expr(member::Column::KeyId, Expr::value(Some(app.keyring.current_id().to_owned())))
            .filter(member::Column::BrandId.eq(brand_id))
            .filter(member::Column::Id.eq(row.id))
            .filter(member::Column::DataKey.eq(wrapped))
            .exec(tx.conn())
            .await?;
        moved += done.rows_affected;
    }
    Ok(moved)
}
