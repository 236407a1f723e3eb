//! What a KOC earned with one order.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum CommissionStatus {
    #[sea_orm(string_value = "frozen")]
    Frozen,
    #[sea_orm(string_value = "available")]
    Available,
    #[sea_orm(string_value = "paying")]
    Paying,
    #[sea_orm(string_value = "paid")]
    Paid,
    #[sea_orm(string_value = "owing")]
    Owing,
    #[sea_orm(string_value = "reversed")]
    Reversed,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "commission")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub order_id: Uuid,
    /// The KOC.
    pub member_id: Uuid,
    /// Fen of the order that were paid and not back with the buyer when it was earned.
    pub base: i64,
    /// The order's, hundredths of a percent.
    pub rate_bp: i32,
    /// Fen earned.
    pub amount: i64,
    /// Fen of it that refunds took back.
    pub reversed: i64,
    /// Fen on their way to her; negative while a payout is lessened by what was paid too much.
    pub paying: i64,
    /// Fen that reached her, less what later payouts were lessened by.
    pub paid: i64,
    pub currency: String,
    pub status: CommissionStatus,
    /// Rises with each change; what a change is checked against.
    pub version: i32,
    /// From when on it may be paid.
    pub available_at: DateTimeUtc,
    /// When it became so; null before.
    pub matured_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
