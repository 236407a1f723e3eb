//! A person in one brand, known by openid.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum MemberGrade {
    #[sea_orm(string_value = "member")]
    Member,
    #[sea_orm(string_value = "koc")]
    Koc,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum MemberStatus {
    #[sea_orm(string_value = "active")]
    Active,
    #[sea_orm(string_value = "banned")]
    Banned,
    #[sea_orm(string_value = "deleted")]
    Deleted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum MemberNicknameVerdict {
    #[sea_orm(string_value = "pending")]
    Pending,
    #[sea_orm(string_value = "pass")]
    Pass,
    #[sea_orm(string_value = "review")]
    Review,
    #[sea_orm(string_value = "risky")]
    Risky,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "member")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub openid: String,
    pub unionid: Option<String>,
    pub grade: MemberGrade,
    pub status: MemberStatus,
    /// As the member typed it; shown to others only when `nickname_verdict` is pass.
    pub nickname: Option<String>,
    pub nickname_verdict: MemberNicknameVerdict,
    /// The member's own data key, wrapped; dropping it shreds all that is sealed with it.
    pub data_key: Option<Vec<u8>>,
    /// Which key of the settings wrapped `data_key`.
    pub key_id: Option<String>,
    /// WeChat session_key, sealed with the data key; never leaves the server.
    pub session_key: Option<Vec<u8>>,
    /// Sealed.
    pub phone: Option<Vec<u8>>,
    /// `138******78`: first three and last two digits.
    pub phone_masked: Option<String>,
    /// Last WeChat login; content security wants one within two hours.
    pub last_seen_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
