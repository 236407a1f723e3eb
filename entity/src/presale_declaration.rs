//! A payment whose goods come later than WeChat allows by itself, declared right after it was made.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum PresaleDeclarationStatus {
    #[sea_orm(string_value = "pending")]
    Pending,
    #[sea_orm(string_value = "declared")]
    Declared,
    #[sea_orm(string_value = "refused")]
    Refused,
    #[sea_orm(string_value = "refunded")]
    Refunded,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "presale_declaration")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt_id: Uuid,
    pub order_id: Uuid,
    /// The buyer is told this date.
    pub promised_at: DateTimeUtc,
    pub status: PresaleDeclarationStatus,
    /// Calls for this date.
    pub tries: i32,
    /// What was last said against it.
    pub last_error: Option<String>,
    pub declared_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
