//! A brand's mini-program and merchant account; secrets sealed with a key of the settings.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "brand_wechat")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    pub appid: String,
    pub mchid: String,
    /// Serial of the merchant API certificate, hex.
    pub merchant_serial: String,
    /// `PUB_KEY_ID_…` or a platform certificate serial.
    pub platform_key_id: String,
    /// PEM, public.
    pub platform_public_key: String,
    /// Subscribe-message template for an opened presale.
    pub presale_template_id: Option<String>,
    /// For a balance that is due.
    pub balance_template_id: Option<String>,
    /// For a later ship-by date.
    pub promise_template_id: Option<String>,
    /// For a transfer to be confirmed.
    pub transfer_template_id: Option<String>,
    /// Sealed JSON: app secret, merchant private key, APIv3 key, push token, push AES key.
    pub secrets: Vec<u8>,
    /// Which key of the settings sealed `secrets`.
    pub key_id: String,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
