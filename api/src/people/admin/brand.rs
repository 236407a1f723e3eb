//! A new tenant and its first people.

use entity::brand::{self, BrandStatus};
use entity::brand_wechat;
use entity::subscribe_message::MessagePurpose;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, Set, SqlErr};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::base::text;
use crate::base::tx::{By, Tx};
use crate::error::{Error, Refusal, Result};
use crate::people::query;
use crate::people::team::{self, Checked, NewStaff};
use crate::people::wechat::{self, Secrets};
use crate::wechat::Account;

/// A community of WeChat's group-chat size, and the load one KOC can carry.
const COMMUNITY_CAP: i32 = 300;
const KOC_MAX_COMMUNITIES: i32 = 6;
const KOC_MAX_MEMBERS: i32 = 2000;
/// What the law leaves a seller who returns money, and what a year's delay costs: 3 %, a year's loan.
const REFUND_DAYS: i32 = 15;
const LATE_INTEREST_BP: i32 = 300;

pub struct NewBrand {
    /// `[a-z0-9-]{2,40}`, unique.
    pub slug: String,
    pub name: String,
    /// IANA name: `Asia/Shanghai`.
    pub time_zone: String,
    /// ISO 4217.
    pub currency: String,
    pub wechat: WechatCredentials,
}

/// The mini-program and the merchant account. Formats are those of [`Account`].
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WechatCredentials {
    pub appid: String,
    pub app_secret: String,
    pub mchid: String,
    pub merchant_serial: String,
    pub merchant_key_pem: String,
    pub api_v3_key: String,
    pub platform_key_id: String,
    pub platform_public_key_pem: String,
    pub push_token: String,
    pub push_aes_key: Option<String>,
    /// Subscribe-message template for an opened presale.
    pub presale_template_id: Option<String>,
    /// For a balance that is due.
    pub balance_template_id: Option<String>,
    /// For a later ship-by date.
    pub promise_template_id: Option<String>,
    /// For a transfer to be confirmed.
    pub transfer_template_id: Option<String>,
}

impl WechatCredentials {
    /// Those of an account, with a template for each purpose.
    pub fn of(account: &Account, template: impl Fn(MessagePurpose) -> Option<String>) -> Self {
        let shown = |secret: &SecretString| secret.expose_secret().to_owned();
        WechatCredentials {
            appid: account.appid.clone(),
            app_secret: shown(&account.app_secret),
            mchid: account.mchid.clone(),
            merchant_serial: account.merchant_serial.clone(),
            merchant_key_pem: shown(&account.merchant_key_pem),
            api_v3_key: shown(&account.api_v3_key),
            platform_key_id: account.platform_key_id.clone(),
            platform_public_key_pem: account.platform_public_key_pem.clone(),
            push_token: shown(&account.push_token),
            push_aes_key: account.push_aes_key.as_ref().map(shown),
            presale_template_id: template(MessagePurpose::Presale),
            balance_template_id: template(MessagePurpose::Balance),
            promise_template_id: template(MessagePurpose::Promise),
            transfer_template_id: template(MessagePurpose::Transfer),
        }
    }
}

/// Sets a brand up with its WeChat account; its id. Refused when the short name, app id or merchant
/// account is taken, or a value has the wrong shape.
pub async fn create_brand(app: &App, new: NewBrand) -> Result<Uuid> {
    let new = &new;
    check(new)?;
    let name = &text::required("name", &new.name, 40)?;
    let id = app.ids.next();
    app.write(id, |tx| async move {
        let row = brand::ActiveModel {
            id: Set(id),
            slug: Set(new.slug.clone()),
            name: Set(name.clone()),
            status: Set(BrandStatus::Active),
            time_zone: Set(new.time_zone.clone()),
            currency: Set(new.currency.clone()),
            community_cap: Set(COMMUNITY_CAP),
            koc_max_communities: Set(KOC_MAX_COMMUNITIES),
            koc_max_members: Set(KOC_MAX_MEMBERS),
            refund_days: Set(REFUND_DAYS),
            late_interest_bp: Set(LATE_INTEREST_BP),
            created_at: Set(tx.now()),
        };
        let written = brand::Entity::insert(row).exec_without_returning(tx.conn()).await;
        written.map_err(|error| taken(error, "slug", "This short name is taken.", "该短名称已被占用。"))?;
        connect(app, &tx, &new.wechat).await?;
        Ok(id)
    })
    .await
}

async fn connect(app: &App, tx: &Tx, wechat: &WechatCredentials) -> Result<()> {
    let secrets = Secrets {
        app_secret: wechat.app_secret.clone(),
        merchant_key_pem: wechat.merchant_key_pem.clone(),
        api_v3_key: wechat.api_v3_key.clone(),
        push_token: wechat.push_token.clone(),
        push_aes_key: wechat.push_aes_key.clone(),
    };
    let row = brand_wechat::ActiveModel {
        brand_id: Set(tx.brand_id()),
        appid: Set(wechat.appid.clone()),
        mchid: Set(wechat.mchid.clone()),
        merchant_serial: Set(wechat.merchant_serial.clone()),
        platform_key_id: Set(wechat.platform_key_id.clone()),
        platform_public_key: Set(wechat.platform_public_key_pem.clone()),
        presale_template_id: Set(wechat.presale_template_id.clone()),
        balance_template_id: Set(wechat.balance_template_id.clone()),
        promise_template_id: Set(wechat.promise_template_id.clone()),
        transfer_template_id: Set(wechat.transfer_template_id.clone()),
        secrets: Set(app.keyring.current().seal_json(&wechat::place(tx.brand_id()), &secrets)),
        key_id: Set(app.keyring.current_id().to_owned()),
        updated_at: Set(tx.now()),
    };
    let written = brand_wechat::Entity::insert(row).exec_without_returning(tx.conn()).await;
    written.map_err(|error| {
        let (en, zh) =
            ("This app id or merchant account belongs to another brand.", "该 appid 或商户号已属于其他品牌。");
        taken(error, "wechat", en, zh)
    })?;
    tx.emit("brand", tx.brand_id(), "connected", json!({})).await
}

fn taken(error: DbErr, field: &str, en: &'static str, zh: &'static str) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Refusal::invalid(field, en, zh).into(),
        _ => error.into(),
    }
}

fn check(new: &NewBrand) -> Result<(), Refusal> {
    if !query::is_slug(&new.slug) {
        return Err(Refusal::invalid(
            "slug",
            "A short name has 2 to 40 of a-z, 0-9 and -.",
            "短名称须为 2 至 40 个小写字母、数字或连字符。",
        ));
    }
    if new.time_zone.parse::<chrono_tz::Tz>().is_err() {
        return Err(Refusal::invalid(
            "time_zone",
            "This is not an IANA time zone such as Asia/Shanghai.",
            "时区须为 IANA 名称，例如 Asia/Shanghai。",
        ));
    }
    if new.currency.len() != 3 || !new.currency.bytes().all(|c| c.is_ascii_uppercase()) {
        return Err(Refusal::invalid(
            "currency",
            "A currency is three capital letters such as CNY.",
            "币种须为三个大写字母，例如 CNY。",
        ));
    }
    Ok(())
}

/// Lets a person into a brand's team, as the operator; her id.
pub async fn create_staff(app: &App, brand_id: Uuid, new: NewStaff) -> Result<Uuid> {
    let person = &Checked::of(&new).await?;
    app.write(brand_id, |tx| async move {
        let found = brand::Entity::find_by_id(brand_id).one(tx.conn()).await?;
        found.ok_or_else(|| Error::not_found("brand"))?;
        let id = tx.new_id();
        team::insert(&tx, id, person, By::SYSTEM).await?;
        Ok(id)
    })
    .await
}

/// Sets the template of a brand's subscribe messages for one purpose; `None` ends them.
pub async fn set_template(app: &App, brand_id: Uuid, purpose: MessagePurpose, template: Option<String>) -> Result<()> {
    let template = template.map(|id| text::required("template", &id, 64)).transpose()?;
    let column = match purpose {
        MessagePurpose::Presale => brand_wechat::Column::PresaleTemplateId,
        MessagePurpose::Balance => brand_wechat::Column::BalanceTemplateId,
        MessagePurpose::Promise => brand_wechat::Column::PromiseTemplateId,
        MessagePurpose::Transfer => brand_wechat::Column::TransferTemplateId,
    };
    let template = &template;
    app.write(brand_id, |tx| async move {
        let set = brand_wechat::Entity::update_many()
            .col_expr(column, Expr::value(template.clone()))
            .col_expr(brand_wechat::Column::UpdatedAt, Expr::value(tx.now()))
            .filter(brand_wechat::Column::BrandId.eq(brand_id));
        set.exec(tx.conn()).await?;
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(slug: &str, time_zone: &str, currency: &str) -> NewBrand {
        let wechat = WechatCredentials {
            appid: "wx0123456789abcdef".into(),
            app_secret: String::new(),
            mchid: "1900000001".into(),
            merchant_serial: String::new(),
            merchant_key_pem: String::new(),
            api_v3_key: String::new(),
            platform_key_id: String::new(),
            platform_public_key_pem: String::new(),
            push_token: String::new(),
            push_aes_key: None,
            presale_template_id: None,
            balance_template_id: None,
            promise_template_id: None,
            transfer_template_id: None,
        };
        NewBrand { slug: slug.into(), name: "N".into(), time_zone: time_zone.into(), currency: currency.into(), wechat }
    }

    #[test]
    fn a_brand_is_named_placed_and_priced_in_known_shapes() {
        assert!(check(&new("linen-house", "Asia/Shanghai", "CNY")).is_ok());
        for (slug, zone, currency) in [
            ("L", "Asia/Shanghai", "CNY"),
            ("Linen", "Asia/Shanghai", "CNY"),
            ("linen", "Mars/Base", "CNY"),
            ("linen", "UTC", "yuan"),
        ] {
            assert!(check(&new(slug, zone, currency)).is_err(), "{slug} {zone} {currency}");
        }
    }
}
