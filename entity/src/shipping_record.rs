//! The shipping record of a payment at WeChat: what it is to have, what it has, and when the money settles.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum ShippingRecordStatus {
    #[sea_orm(string_value = "pending")]
    Pending,
    #[sea_orm(string_value = "uploaded")]
    Uploaded,
    #[sea_orm(string_value = "stuck")]
    Stuck,
    #[sea_orm(string_value = "refunded")]
    Refunded,
    #[sea_orm(string_value = "settled")]
    Settled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum ShippingRecordProblem {
    #[sea_orm(string_value = "carrier_unknown")]
    CarrierUnknown,
    #[sea_orm(string_value = "correction_used")]
    CorrectionUsed,
    #[sea_orm(string_value = "rejected")]
    Rejected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum ShippingRecordConfirmedBy {
    #[sea_orm(string_value = "buyer")]
    Buyer,
    #[sea_orm(string_value = "time")]
    Time,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shipping_record")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt_id: Uuid,
    pub order_id: Uuid,
    pub status: ShippingRecordStatus,
    /// Why no repetition helps; set exactly while it is stuck.
    pub problem: Option<ShippingRecordProblem>,
    /// Rises with each content; 0 when WeChat told of it first.
    pub version: i32,
    /// Digest of what WeChat is to have: parcels, carriers, whether that is all.
    pub content: String,
    /// Digest of what WeChat has; null before the first upload.
    pub taken: Option<String>,
    /// In several parcels, told as they leave.
    pub is_split: bool,
    /// Whether all that is to come has left.
    pub is_complete: bool,
    /// Complete contents that WeChat took; the second is the one correction.
    pub completions: i32,
    /// A call was begun whose outcome nobody knows.
    pub in_doubt: bool,
    /// Failed tries of this version.
    pub tries: i32,
    pub last_error: Option<String>,
    /// WeChat's upload_time of this version, whole milliseconds; rises with each.
    pub content_at: DateTimeUtc,
    pub uploaded_at: Option<DateTimeUtc>,
    pub estimated_settlement_at: Option<DateTimeUtc>,
    /// When the buyer, or time, confirmed the receipt.
    pub confirmed_at: Option<DateTimeUtc>,
    /// Null when WeChat did not say.
    pub confirmed_by: Option<ShippingRecordConfirmedBy>,
    pub settled_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
