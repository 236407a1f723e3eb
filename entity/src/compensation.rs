//! What a brand owes a buyer beyond her money: a 定金 is returned double when the brand does not keep its word.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum CompensationStatus {
    #[sea_orm(string_value = "owed")]
    Owed,
    #[sea_orm(string_value = "paying")]
    Paying,
    #[sea_orm(string_value = "paid")]
    Paid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum CompensationReason {
    #[sea_orm(string_value = "deposit_doubled")]
    DepositDoubled,
    #[sea_orm(string_value = "late_interest")]
    LateInterest,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "compensation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub order_id: Uuid,
    pub reason: CompensationReason,
    /// The refund that came late; null for a deposit.
    pub refund_id: Option<Uuid>,
    /// Fen, besides the refund of what was paid.
    pub amount: i64,
    pub status: CompensationStatus,
    pub created_at: DateTimeUtc,
    pub paid_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
