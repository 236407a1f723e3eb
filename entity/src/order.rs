//! A member's order in one presale.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::presale::PresalePlan;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    #[sea_orm(string_value = "pending_payment")]
    PendingPayment,
    #[sea_orm(string_value = "deposit_paid")]
    DepositPaid,
    #[sea_orm(string_value = "balance_due")]
    BalanceDue,
    #[sea_orm(string_value = "paid")]
    Paid,
    #[sea_orm(string_value = "in_batch")]
    InBatch,
    #[sea_orm(string_value = "shipped")]
    Shipped,
    #[sea_orm(string_value = "received")]
    Received,
    #[sea_orm(string_value = "completed")]
    Completed,
    #[sea_orm(string_value = "expired")]
    Expired,
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
    #[sea_orm(string_value = "forfeited")]
    Forfeited,
    #[sea_orm(string_value = "refund_pending")]
    RefundPending,
    #[sea_orm(string_value = "refunded")]
    Refunded,
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub brand_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// For people: date and random digits.
    pub order_no: String,
    pub presale_id: Uuid,
    pub member_id: Uuid,
    /// The community the buyer belonged to, for the funnel; null when none.
    pub community_id: Option<Uuid>,
    pub status: OrderStatus,
    /// Rises with each change; what a change is checked against.
    pub version: i32,
    pub pieces: i32,
    /// Fen for all of it, as shown at purchase; a price tier makes it less.
    pub amount: i64,
    /// As shown at purchase; never edited.
    pub plan: PresalePlan,
    /// Fen per piece, as shown at purchase; never edited.
    pub first_leg: i64,
    /// As shown at purchase; never edited.
    pub balance_days: i32,
    /// Pieces of the presale whose tier was applied to this order; null before.
    pub reached_pieces: Option<i32>,
    /// Until when its balance can be paid; null before it can.
    pub balance_due_at: Option<DateTimeUtc>,
    pub currency: String,
    /// As shown at purchase; never edited.
    pub promise_date: Date,
    /// A later date that the buyer accepted since; null when none.
    pub agreed_date: Option<Date>,
    /// Version of the purchase terms shown at purchase; never edited.
    pub terms_version: String,
    /// Sealed with the member's data key: a copy, so that editing the address book changes no order.
    pub address: Vec<u8>,
    pub recipient_masked: String,
    pub phone_masked: String,
    pub region: String,
    pub hold_expires_at: DateTimeUtc,
    pub paid_at: Option<DateTimeUtc>,
    pub shipped_at: Option<DateTimeUtc>,
    pub received_at: Option<DateTimeUtc>,
    /// When WeChat had settled all that was paid for it: until then it may take the money back.
    pub settled_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
