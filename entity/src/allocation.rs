//! Which batch makes which paid piece. Cancelling a batch ends its allocations and keeps them as history.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum AllocationStatus {
    #[sea_orm(string_value = "live")]
    Live,
    /// It is made, and its buyer has her money back: the piece stays with the brand.
    #[sea_orm(string_value = "surplus")]
    Surplus,
    #[sea_orm(string_value = "ended")]
    Ended,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "allocation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub order_line_id: Uuid,
    /// 1 … quantity of the line.
    pub piece_no: i32,
    pub batch_id: Uuid,
    pub sku_id: Uuid,
    pub status: AllocationStatus,
    pub created_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
