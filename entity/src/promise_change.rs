//! A later ship-by date of a presale, which each of its buyers accepts or does not.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// What it means when a buyer has not answered in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum PromiseSilence {
    #[sea_orm(string_value = "wait")]
    Wait,
    #[sea_orm(string_value = "refund")]
    Refund,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "promise_change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub presale_id: Uuid,
    /// What was promised until then; orders placed under it keep it.
    pub from_date: Date,
    pub promise_date: Date,
    /// What buyers read.
    pub reason: String,
    pub answer_by: DateTimeUtc,
    pub silence: PromiseSilence,
    pub created_by: Uuid,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
