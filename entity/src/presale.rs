//! An offer to pay before making.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum PresaleStatus {
    #[sea_orm(string_value = "draft")]
    Draft,
    #[sea_orm(string_value = "scheduled")]
    Scheduled,
    #[sea_orm(string_value = "open")]
    Open,
    #[sea_orm(string_value = "closed")]
    Closed,
    #[sea_orm(string_value = "succeeded")]
    Succeeded,
    #[sea_orm(string_value = "failed")]
    Failed,
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum PresalePlan {
    #[sea_orm(string_value = "full")]
    Full,
    #[sea_orm(string_value = "deposit")]
    Deposit,
    #[sea_orm(string_value = "prepayment")]
    Prepayment,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "presale")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub title: String,
    /// The round entry whose design advanced.
    pub entry_id: Uuid,
    pub design_id: Uuid,
    pub design_version_id: Uuid,
    pub status: PresaleStatus,
    /// What is paid when, and what becomes of it if the rest is not.
    pub plan: PresalePlan,
    /// Fen per piece paid when ordering; 0 when all of it is.
    pub first_leg: i64,
    /// Days in which the balance is to be paid; 0 without one.
    pub balance_days: i32,
    /// Fen per piece below the first price tier.
    pub price: i64,
    pub currency: String,
    /// Pieces one member may hold or have paid.
    pub member_limit: i32,
    /// Pieces below which it fails and everyone is refunded.
    pub moq: i32,
    pub opens_at: DateTimeUtc,
    pub closes_at: DateTimeUtc,
    /// Ship-by date in the brand's time zone, copied onto each line.
    pub promise_date: Date,
    /// What a KOC earns of an order, hundredths of a percent.
    pub commission_bp: i32,
    /// Share of pickers not notified, to measure what notifying does.
    pub hold_out_percent: i32,
    pub opened_at: Option<DateTimeUtc>,
    pub closed_at: Option<DateTimeUtc>,
    /// Committed pieces when it succeeded: they decide the price tier. Null before.
    pub reached_pieces: Option<i32>,
    /// Set when it succeeded with a plan that has a balance.
    pub balance_opens_at: Option<DateTimeUtc>,
    pub balance_closes_at: Option<DateTimeUtc>,
    /// By when everyone must have the money back; set when it came to nothing.
    pub refund_due_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
