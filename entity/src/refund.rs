//! Money on its way back to the buyer, under its own out_refund_no, repeated with the same number until known.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum RefundReason {
    #[sea_orm(string_value = "presale_failed")]
    PresaleFailed,
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
    #[sea_orm(string_value = "late_payment")]
    LatePayment,
    #[sea_orm(string_value = "short_yield")]
    ShortYield,
    #[sea_orm(string_value = "price_tier")]
    PriceTier,
    #[sea_orm(string_value = "balance_unpaid")]
    BalanceUnpaid,
    #[sea_orm(string_value = "agreed")]
    Agreed,
    #[sea_orm(string_value = "after_sales")]
    AfterSales,
    #[sea_orm(string_value = "promise_refused")]
    PromiseRefused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    #[sea_orm(string_value = "pending")]
    Pending,
    #[sea_orm(string_value = "processing")]
    Processing,
    #[sea_orm(string_value = "succeeded")]
    Succeeded,
    #[sea_orm(string_value = "abnormal")]
    Abnormal,
    #[sea_orm(string_value = "closed")]
    Closed,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refund")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub order_id: Uuid,
    pub attempt_id: Uuid,
    pub out_refund_no: String,
    pub amount: i64,
    pub reason: RefundReason,
    pub status: RefundStatus,
    /// Words of the person who decided it; null when a rule did.
    pub note: Option<String>,
    /// By when the law wants it to be with the buyer; null when it sets no day.
    pub due_at: Option<DateTimeUtc>,
    /// Basis points of a year's interest after that, as they were when it was asked for.
    pub late_interest_bp: Option<i32>,
    /// Fen owed on top because it came later than that.
    pub interest: i64,
    pub refund_id: Option<String>,
    pub attempts: i32,
    pub last_error: Option<String>,
    /// The refund that WeChat closed and this one sends again.
    pub replaces: Option<Uuid>,
    pub created_at: DateTimeUtc,
    pub finished_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
