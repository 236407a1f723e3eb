//! One try at a leg with WeChat Pay, under its own out_trade_no.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum PaymentAttemptStatus {
    #[sea_orm(string_value = "created")]
    Created,
    #[sea_orm(string_value = "prepaid")]
    Prepaid,
    #[sea_orm(string_value = "paid")]
    Paid,
    #[sea_orm(string_value = "closed")]
    Closed,
    #[sea_orm(string_value = "failed")]
    Failed,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_attempt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub leg_id: Uuid,
    pub order_id: Uuid,
    pub out_trade_no: String,
    pub amount: i64,
    pub status: PaymentAttemptStatus,
    pub prepay_id: Option<String>,
    pub prepay_expires_at: Option<DateTimeUtc>,
    /// WeChat's time_expire; fixed, since a repeat must ask for the same.
    pub expires_at: DateTimeUtc,
    /// Fen given back or on their way back.
    pub refunded: i64,
    pub transaction_id: Option<String>,
    pub paid_at: Option<DateTimeUtc>,
    /// True for the one attempt that settled its leg; another paid attempt is surplus and refunded.
    pub settles: bool,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
