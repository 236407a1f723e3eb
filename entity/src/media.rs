//! A stored picture or video. Pictures are re-encoded, upright, without EXIF, in three sizes.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    #[sea_orm(string_value = "picture")]
    Picture,
    #[sea_orm(string_value = "video")]
    Video,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum MediaOwnerKind {
    #[sea_orm(string_value = "member")]
    Member,
    #[sea_orm(string_value = "staff")]
    Staff,
    #[sea_orm(string_value = "factory")]
    Factory,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "media")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: MediaKind,
    pub content_type: String,
    /// Of the largest stored rendition.
    pub bytes: i64,
    pub width: Option<i32>,
    pub height: Option<i32>,
    /// Hex, of the upload as it came.
    pub sha256: String,
    pub owner_kind: MediaOwnerKind,
    pub owner_id: Uuid,
    pub created_at: DateTimeUtc,
    /// Taken back by its owner: the files are gone, the row keeps what refers to it whole.
    pub erased_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
