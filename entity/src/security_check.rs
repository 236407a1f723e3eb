//! One question to WeChat's content security and its verdict.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum SecurityCheckVerdict {
    #[sea_orm(string_value = "pending")]
    Pending,
    #[sea_orm(string_value = "pass")]
    Pass,
    #[sea_orm(string_value = "review")]
    Review,
    #[sea_orm(string_value = "risky")]
    Risky,
    #[sea_orm(string_value = "error")]
    Error,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "security_check")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `tryon`, `nickname`.
    pub subject_kind: String,
    pub subject_id: Uuid,
    /// Which revision of the subject was asked about; 0 where it has none.
    pub revision: i32,
    /// Null for text.
    pub media_id: Option<Uuid>,
    pub trace_id: Option<String>,
    pub verdict: SecurityCheckVerdict,
    pub label: Option<i32>,
    pub attempts: i32,
    pub created_at: DateTimeUtc,
    pub decided_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
