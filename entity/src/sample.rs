//! A garment sent to a KOC to try on.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum SampleStatus {
    #[sea_orm(string_value = "requested")]
    Requested,
    #[sea_orm(string_value = "dispatched")]
    Dispatched,
    #[sea_orm(string_value = "received")]
    Received,
    #[sea_orm(string_value = "kept")]
    Kept,
    #[sea_orm(string_value = "returned")]
    Returned,
    #[sea_orm(string_value = "lost")]
    Lost,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sample")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub entry_id: Uuid,
    pub design_id: Uuid,
    pub design_version_id: Uuid,
    pub koc_member_id: Uuid,
    pub size: String,
    pub color: String,
    pub status: SampleStatus,
    pub carrier: Option<String>,
    pub tracking_no: Option<String>,
    pub dispatched_at: Option<DateTimeUtc>,
    pub received_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
