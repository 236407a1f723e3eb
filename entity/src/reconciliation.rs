//! A day of Beijing held against WeChat Pay's bills of it.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum ReconciliationStatus {
    #[sea_orm(string_value = "waiting")]
    Waiting,
    #[sea_orm(string_value = "balanced")]
    Balanced,
    #[sea_orm(string_value = "differing")]
    Differing,
    #[sea_orm(string_value = "resolved")]
    Resolved,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reconciliation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The day in Beijing.
    pub bill_date: Date,
    pub status: ReconciliationStatus,
    /// Times the bills were asked for in vain.
    pub attempts: i32,
    /// Why the bills could not be had, or not be believed; null once they were.
    pub last_error: Option<String>,
    /// Of the unpacked files; null on a day without movement and before they were read.
    pub trade_sha1: Option<String>,
    pub flow_sha1: Option<String>,
    pub bill_payments: i32,
    /// Fen, as all amounts.
    pub bill_paid: i64,
    pub bill_refunds: i32,
    pub bill_refunded: i64,
    pub bill_fees: i64,
    /// What the merchant's account gained, by the fund-flow bill.
    pub bill_movement: i64,
    /// What it held when the day was over; null when nothing moved.
    pub bill_balance: Option<i64>,
    pub our_payments: i32,
    pub our_paid: i64,
    pub our_refunds: i32,
    pub our_refunded: i64,
    pub our_fees: i64,
    /// What it should have gained, by our rows.
    pub our_movement: i64,
    /// Payments and refunds that only the bill told of.
    pub healed: i32,
    /// When the bills were last held against our rows; null before.
    pub checked_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
