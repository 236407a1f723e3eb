//! A change of a promise as it was put to one buyer.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum PromiseQuestionStatus {
    #[sea_orm(string_value = "asked")]
    Asked,
    #[sea_orm(string_value = "accepted")]
    Accepted,
    #[sea_orm(string_value = "refused")]
    Refused,
    #[sea_orm(string_value = "overtaken")]
    Overtaken,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promise_question")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub change_id: Uuid,
    pub order_id: Uuid,
    pub status: PromiseQuestionStatus,
    /// When she was told a second time.
    pub reminded_at: Option<DateTimeUtc>,
    pub answered_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
