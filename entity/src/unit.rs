//! One physical garment: made for one allocation, sent in one parcel.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum UnitStatus {
    #[sea_orm(string_value = "planned")]
    Planned,
    #[sea_orm(string_value = "made")]
    Made,
    #[sea_orm(string_value = "passed")]
    Passed,
    #[sea_orm(string_value = "rework")]
    Rework,
    #[sea_orm(string_value = "scrapped")]
    Scrapped,
    #[sea_orm(string_value = "packed")]
    Packed,
    #[sea_orm(string_value = "shipped")]
    Shipped,
    #[sea_orm(string_value = "void")]
    Void,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Short code on the per-unit label.
    pub code: String,
    pub allocation_id: Uuid,
    pub batch_id: Uuid,
    pub sku_id: Uuid,
    /// `void`: its allocation ended before it was made.
    pub status: UnitStatus,
    pub shipment_id: Option<Uuid>,
    pub parcel_id: Option<Uuid>,
}

impl ActiveModelBehavior for ActiveModel {}
