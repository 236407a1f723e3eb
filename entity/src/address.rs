//! One entry of a member's address book.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "address")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub member_id: Uuid,
    /// Sealed JSON: recipient, phone, province, city, district, street.
    pub sealed: Vec<u8>,
    pub recipient_masked: String,
    pub phone_masked: String,
    /// Province, city, district; enough to recognise the entry.
    pub region: String,
    pub is_default: bool,
    pub deleted_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
