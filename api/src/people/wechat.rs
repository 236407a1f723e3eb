//! A brand's WeChat account: public part in columns, secrets sealed with a key of the settings.

use entity::{brand, brand_wechat};
use sea_orm::EntityTrait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::query;
use crate::app::App;
use crate::base::crypto::Place;
use crate::error::{Error, Fault, Result};
use crate::wechat::{self, Account};

/// What `brand_wechat.secrets` holds, as sealed JSON. Field meanings and formats are those of
/// [`Account`]. No `Debug`: it must not reach a log.
#[derive(Serialize, Deserialize)]
pub struct Secrets {
    pub app_secret: String,
    pub merchant_key_pem: String,
    pub api_v3_key: String,
    pub push_token: String,
    pub push_aes_key: Option<String>,
}

pub(super) fn place(brand_id: Uuid) -> Place {
    Place::new("brand_wechat.secrets", brand_id)
}

/// The account of a brand. `UNAVAILABLE` for a brand that has none yet. Two statements.
pub async fn account(app: &App, brand_id: Uuid) -> Result<Account> {
    let brand = brand::Entity::find_by_id(brand_id).one(app.db.read()).await?;
    open(app, brand.ok_or_else(|| Error::not_found("brand"))?).await
}

/// The account of the active brand with this short name.
pub async fn account_by_slug(app: &App, slug: &str) -> Result<Account> {
    open(app, query::brand_by_slug(app.db.read(), slug).await?).await
}

async fn open(app: &App, brand: brand::Model) -> Result<Account> {
    let row = brand_wechat::Entity::find_by_id(brand.id).one(app.db.read()).await?;
    let row = row.ok_or_else(|| Fault::Unavailable(format!("brand {} has no WeChat account", brand.slug)))?;
    let secrets: Secrets = app.keyring.get(&row.key_id)?.open_json(&place(brand.id), &row.secrets)?;
    Ok(Account {
        brand_id: brand.id,
        slug: brand.slug,
        appid: row.appid,
        app_secret: secrets.app_secret.into(),
        mchid: row.mchid,
        merchant_serial: row.merchant_serial,
        merchant_key_pem: secrets.merchant_key_pem.into(),
        api_v3_key: secrets.api_v3_key.into(),
        platform_key_id: row.platform_key_id,
        platform_public_key_pem: row.platform_public_key,
        push_token: secrets.push_token.into(),
        push_aes_key: secrets.push_aes_key.map(Into::into),
    })
}

/// A failed call as the API says it: `UNAVAILABLE` when the same call may succeed later, else internal.
/// Codes that a use case can explain to its caller are matched before.
pub fn failed(error: wechat::Error) -> Error {
    if error.is_alarm() {
        tracing::error!(%error, "WeChat needs a person to look at the settings");
    }
    if error.is_transient() { Fault::Unavailable(error.to_string()).into() } else { anyhow::Error::from(error).into() }
}
