//! One buyer's parcel from a shipped batch.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum ParcelStatus {
    #[sea_orm(string_value = "packing")]
    Packing,
    #[sea_orm(string_value = "shipped")]
    Shipped,
    #[sea_orm(string_value = "received")]
    Received,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "parcel")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub order_id: Uuid,
    pub batch_id: Uuid,
    /// The ship notice its pieces came with.
    pub shipment_id: Uuid,
    pub status: ParcelStatus,
    pub carrier: Option<String>,
    pub tracking_no: Option<String>,
    pub pieces: i32,
    pub shipped_at: Option<DateTimeUtc>,
    pub received_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
