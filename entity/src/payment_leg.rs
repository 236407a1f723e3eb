//! One amount due of an order; settled by one provider transaction.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum PaymentLegKind {
    #[sea_orm(string_value = "full")]
    Full,
    #[sea_orm(string_value = "deposit")]
    Deposit,
    #[sea_orm(string_value = "balance")]
    Balance,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum PaymentLegStatus {
    #[sea_orm(string_value = "due")]
    Due,
    #[sea_orm(string_value = "paid")]
    Paid,
    #[sea_orm(string_value = "void")]
    Void,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_leg")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub order_id: Uuid,
    pub kind: PaymentLegKind,
    /// Fen.
    pub amount: i64,
    pub status: PaymentLegStatus,
    pub paid_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
