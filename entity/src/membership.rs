//! A member in a community, with where she came from.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum MembershipStatus {
    #[sea_orm(string_value = "active")]
    Active,
    #[sea_orm(string_value = "left")]
    Left,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum MembershipSource {
    #[sea_orm(string_value = "invite_code")]
    InviteCode,
    #[sea_orm(string_value = "qr_code")]
    QrCode,
    #[sea_orm(string_value = "share_card")]
    ShareCard,
    #[sea_orm(string_value = "group")]
    Group,
    #[sea_orm(string_value = "moments")]
    Moments,
    #[sea_orm(string_value = "search")]
    Search,
    #[sea_orm(string_value = "other")]
    Other,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "membership")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub community_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: Uuid,
    pub status: MembershipStatus,
    pub source: MembershipSource,
    /// WeChat launch scene, when the client knows it.
    pub scene: Option<i32>,
    pub joined_at: DateTimeUtc,
    pub left_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
