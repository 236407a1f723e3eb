//! What remained different between a day's bills and our rows after all that could be healed was.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    #[sea_orm(string_value = "payment_unknown")]
    PaymentUnknown,
    #[sea_orm(string_value = "payment_unbilled")]
    PaymentUnbilled,
    #[sea_orm(string_value = "payment_amount")]
    PaymentAmount,
    #[sea_orm(string_value = "payment_state")]
    PaymentState,
    #[sea_orm(string_value = "refund_unknown")]
    RefundUnknown,
    #[sea_orm(string_value = "refund_unbilled")]
    RefundUnbilled,
    #[sea_orm(string_value = "refund_amount")]
    RefundAmount,
    #[sea_orm(string_value = "refund_state")]
    RefundState,
    #[sea_orm(string_value = "fee")]
    Fee,
    #[sea_orm(string_value = "movement_unknown")]
    MovementUnknown,
    #[sea_orm(string_value = "movement_total")]
    MovementTotal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum DifferenceStatus {
    #[sea_orm(string_value = "open")]
    Open,
    #[sea_orm(string_value = "resolved")]
    Resolved,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reconciliation_difference")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub reconciliation_id: Uuid,
    pub kind: DifferenceKind,
    /// Ours where there is one, else WeChat's; empty for a total.
    pub number: String,
    /// WeChat's.
    pub provider_no: Option<String>,
    pub order_id: Option<Uuid>,
    /// Fen; null when the bill does not have it.
    pub bill_amount: Option<i64>,
    /// Fen; null when we do not have it.
    pub our_amount: Option<i64>,
    /// What else there is to say: the states of both sides, WeChat's words.
    pub detail: Option<String>,
    pub status: DifferenceStatus,
    pub created_at: DateTimeUtc,
    pub resolved_at: Option<DateTimeUtc>,
    pub resolved_by: Option<Uuid>,
    /// How a person settled it.
    pub note: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
